"""Which levels are unstable: how far seeds lie apart, and how many trainings diverged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retinue.plotting.style import BLUE, GREY, SKY, VERMILION, percent, shorten, styled
from retinue.plotting.sweeps.panels import caption, key_panels, name_levels, scattered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Steadiness:
    """A level's finished trainings, each as its accuracy less the mean of its setting.

    `deviations` are empty with one seed. `spread` is their standard deviation within settings, None
    where it is not known; `diverged` of `trainings` diverged.
    """

    name: str
    deviations: tuple[float, ...]
    spread: float | None
    diverged: int
    trainings: int


@styled()
def stability(panels: Sequence[tuple[str, Sequence[Steadiness]]]) -> "Figure":
    """How far seeds lie apart by level, a panel a key; with one seed the share that diverged.

    Args:
        panels: each key's title and its levels in order; at least one key.
    """
    figure, places = key_panels([len(levels) for _, levels in panels], 2.3)
    seeds = any(level.deviations for _, levels in panels for level in levels)
    for axes, (title, levels) in zip(places, panels, strict=True):
        for place, level in enumerate(levels):
            (_spread if seeds else _share)(axes, place, level)
        axes.set_title(shorten(title, 30), pad=20 if seeds else 6)
        name_levels(axes, [level.name for level in levels])
    if seeds:
        every = [level for _, levels in panels for level in levels]
        ends = [abs(one) for level in every for one in (*level.deviations, level.spread or 0.0)]
        most = 1.12 * max(ends) + 1e-3
        places[0].set_ylim(-most, most)
        places[0].yaxis.set_major_formatter(lambda value, _: f"{100 * value:+.3g}".lstrip("+"))
        figure.supylabel("accuracy on test less its\nsetting's mean, in points", fontsize=9)
    else:
        places[0].set_ylim(0, 1.12)
        places[0].yaxis.set_major_formatter(percent)
        figure.supylabel("trainings that diverged", fontsize=9)
    caption(figure, _explained(seeds))
    return figure


def _spread(axes: "Axes", place: int, level: Steadiness) -> None:
    """Draw a dot a training over a bar as long as the spread, under what diverged."""
    if level.spread is not None:
        axes.bar(
            place, 2 * level.spread, 0.7, bottom=-level.spread, color=SKY, alpha=0.35, linewidth=0
        )
    spots = scattered(place, len(level.deviations), 0.26)
    axes.plot(spots, level.deviations, "o", color=BLUE, alpha=0.6, markersize=3, markeredgewidth=0)
    _count(axes, place, level, 1.02)


def _share(axes: "Axes", place: int, level: Steadiness) -> None:
    share = level.diverged / level.trainings if level.trainings else 0.0
    axes.bar(place, share, 0.7, color=VERMILION)
    _count(axes, place, level, share / 1.12 + 0.01)


def _count(axes: "Axes", place: int, level: Steadiness, height: float) -> None:
    """Write how many diverged, at a share of the panel's height."""
    axes.text(
        place, height, f"{level.diverged}/{level.trainings}", ha="center", va="bottom",
        transform=axes.get_xaxis_transform(), fontsize=6.5,
        color=VERMILION if level.diverged else GREY,
        fontweight="bold" if level.diverged else "normal",
    )  # fmt: skip


def _explained(seeds: bool) -> str:
    diverged = "how many of the trainings diverged"
    if not seeds:
        return f"Above each bar: {diverged}."
    return (
        "Dots: one training each; bars: one standard deviation over seeds, up and down; "
        f"above: {diverged}."
    )
