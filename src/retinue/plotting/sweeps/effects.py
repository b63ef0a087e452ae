"""What each key did by itself: the accuracy of its levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import TYPE_CHECKING

from retinue.plotting.style import BLUE, GREY, VERMILION, percent, shorten, styled
from retinue.plotting.sweeps.panels import caption, key_panels, name_levels, scattered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Mean:
    """A level's mean accuracy with its interval, and `dots`, the accuracies of its settings.

    `mean` is None where no training finished, `low` and `high` where the interval is not known.
    """

    name: str
    mean: float | None
    low: float | None
    high: float | None
    dots: tuple[float, ...] = ()


@dataclass(frozen=True)
class Panel:
    """A key with its levels in order; `verdict` is a few words on whether it did anything."""

    title: str
    levels: tuple[Mean, ...]
    shown: bool
    ordered: bool
    verdict: str


@styled()
def effects(panels: Sequence[Panel]) -> "Figure":
    """Accuracy on test by level, a panel a key, all on one vertical axis.

    Args:
        panels: at least one. Keys whose effect is shown are blue, others grey; the means of ordered
            levels are joined by a line.
    """
    figure, places = key_panels([len(panel.levels) for panel in panels], 2.6)
    for axes, panel in zip(places, panels, strict=True):
        colour = BLUE if panel.shown else GREY
        for place, level in enumerate(panel.levels):
            _draw_level(axes, place, level, colour)
        if panel.ordered:
            known = [(n, one.mean) for n, one in enumerate(panel.levels) if one.mean is not None]
            axes.plot(*zip(*known, strict=True), color=colour, linewidth=1) if known else None
        axes.set_title(shorten(panel.title, 30), pad=18)
        axes.text(0, 1.03, panel.verdict, transform=axes.transAxes, fontsize=8, color=colour)
        name_levels(axes, [level.name for level in panel.levels])
    places[0].yaxis.set_major_formatter(percent)
    figure.supylabel("accuracy on test", fontsize=9)
    levels = [level for panel in panels for level in panel.levels]
    caption(figure, _explained(levels))
    return figure


def _draw_level(axes: "Axes", place: int, level: Mean, colour: str) -> None:
    dots = () if _says_nothing_more(level) else level.dots
    spots = scattered(place, len(dots))
    axes.plot(spots, dots, "o", color=GREY, alpha=0.4, markersize=3, markeredgewidth=0)
    if level.mean is None:
        axes.text(
            place, 0.02, "none\nfinished", transform=axes.get_xaxis_transform(), ha="center",
            fontsize=7, color=VERMILION,
        )  # fmt: skip
        return
    if level.low is not None and level.high is not None:
        axes.plot([place, place], [level.low, level.high], color=colour, linewidth=2.2)
    axes.plot(place, level.mean, "o", color=colour, markersize=7, markeredgecolor="white")


def _explained(levels: Sequence[Mean]) -> str:
    said = ["Large dots: mean of the level, with the other keys' values held equal"]
    if any(level.low is not None for level in levels):
        said.append("bars: its interval at 95 %")
    if any(level.dots and not _says_nothing_more(level) for level in levels):
        said.append("small dots: settings, each the mean of its seeds")
    return (
        "; ".join(said) + ". Blue: the effect is shown, grey: it is not; "
        "p is corrected for all that is tested in the sweep (Holm)."
    )


def _says_nothing_more(level: Mean) -> bool:
    """Whether its dots are a single one that is the mean itself."""
    return len(level.dots) == 1 and level.mean is not None and isclose(level.dots[0], level.mean)
