"""All settings at once: a vertical axis a key, and a line a setting through its values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.style import GREY, INK, VERMILION, new_figure, percent, shorten, styled
from retinue.plotting.sweeps.panels import caption, scattered
from retinue.plotting.sweeps.scale import Scale, lightness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDS = {"diverged": VERMILION, "failed": VERMILION, "stopped early": GREY, "impossible": GREY}
FANNED = 0.34  # share of the way to the next level over which lines through a level are spread
STEP = 0.075  # between the marks of settings without an accuracy
MOST_NAMED = 14  # levels of an axis
BESIDE = 0.03  # from an axis to what is written at it


@dataclass(frozen=True)
class Trial:
    """A setting: its value on each scale, and its accuracy on val.

    Without an accuracy, `end` says why: "diverged", "failed", "stopped early" or "impossible".
    """

    places: tuple[float, ...]
    accuracy: float | None
    end: str = ""


@styled()
def parallel(trials: Sequence[Trial], scales: Sequence[Scale]) -> "Figure":
    """A line a setting from axis to axis, the last one its accuracy on val.

    Lines are coloured by that accuracy, the best on top; at a level they are fanned out by it, so
    that they do not cover each other. Settings without an accuracy end in a mark below.

    Args:
        trials: at least one with an accuracy.
        scales: of the keys, as many as a trial has places.
    """
    known = sorted((t.accuracy, t.places) for t in trials if t.accuracy is not None)
    goal = Scale("accuracy on val", low=known[0][0], high=known[-1][0])
    width = float(np.clip(2.2 + 1.7 * len(scales), 6, 13))
    figure = new_figure(width, 4.6)
    axes = figure.subplots()
    ends = [end for end in ENDS if any(trial.end == end for trial in trials)]
    marks = {end: -0.1 - STEP * number for number, end in enumerate(ends)}
    _draw_unknown(axes, trials, scales, marks)
    colours, last = lightness(), len(scales)
    faint = float(np.clip(30 / len(known), 0.3, 0.85))
    for accuracy, places in known:
        share = goal.share(accuracy)
        pairs = zip(scales, places, strict=True)
        heights = [_height(scale, place, share) for scale, place in pairs]
        best = accuracy == known[-1][0]
        axes.plot(
            range(last + 1), [*heights, share], color=colours(share), linewidth=3 if best else 1,
            alpha=1 if best else faint, solid_joinstyle="round",
        )  # fmt: skip
    for place, scale in enumerate([*scales, goal]):
        _draw_axis(axes, place, scale, last)
        title = shorten(scale.title, int(11 * width / (last + 1)))
        axes.text(place, 1.06, title, ha="center", fontsize=9, zorder=6)
    axes.set_axis_off()
    axes.set(xlim=(-0.35, last + 0.65), ylim=(min(marks.values(), default=0) - 0.06, 1.14))
    caption(figure, _explained(len(trials), len(known), bool(ends)))
    return figure


def _height(scale: Scale, value: float, accuracy: float) -> float:
    """Where a line crosses an axis; at a level higher the better it is, from 0 to 1."""
    if not scale.levels:
        return scale.share(value)
    count = len(scale.levels)
    return (value + 0.5 + FANNED * 2 * (accuracy - 0.5)) / count


def _draw_unknown(
    axes: "Axes", trials: Sequence[Trial], scales: Sequence[Scale], marks: dict[str, float]
) -> None:
    ended = [trial for trial in trials if trial.end in marks]
    for trial, share in zip(ended, scattered(0.5, len(ended), 0.2), strict=True):
        pairs = zip(scales, trial.places, strict=True)
        heights = [_height(scale, place, share) for scale, place in pairs]
        axes.plot(
            range(len(scales) + 1), [*heights, marks[trial.end]], color=ENDS[trial.end],
            linewidth=0.7, linestyle=(0, (4, 3)), alpha=0.6,
        )  # fmt: skip
    for end, height in marks.items():
        count = sum(trial.end == end for trial in trials)
        place, colour = len(scales), ENDS[end]
        axes.plot(place, height, "X", color=colour, markersize=7, markeredgecolor="white")
        axes.text(place + 2 * BESIDE, height, f"{end}: {count:,}", va="center", fontsize=8)


def _draw_axis(axes: "Axes", place: int, scale: Scale, last: int) -> None:
    """Draw a vertical line with its values beside it."""
    axes.plot([place, place], [0, 1], color=INK, linewidth=1, zorder=5)
    side, align = (BESIDE, "left") if place == last else (-BESIDE, "right")
    for height, text in _ticks(scale, percents=place == last):
        axes.plot([place, place + side * 0.5], [height, height], color=INK, linewidth=1, zorder=5)
        axes.text(
            place + side, height, text, ha=align, va="center", fontsize=7.5, zorder=6,
            bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip


def _ticks(scale: Scale, percents: bool) -> list[tuple[float, str]]:
    """Heights from 0 to 1 and what is written there."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    if scale.levels:
        count = len(scale.levels)
        thinned = range(0, count, -(-count // MOST_NAMED))
        return [((one + 0.5) / count, shorten(scale.levels[one], 14)) for one in thinned]
    wide = scale.log and scale.high > 30 * scale.low
    locator = LogLocator() if wide else MaxNLocator(5, steps=[1, 2, 5, 10])
    inside = [
        float(one)
        for one in locator.tick_values(scale.low, scale.high)
        if scale.low * (1 - 1e-9) <= one <= scale.high * (1 + 1e-9)
    ]
    return [(scale.share(one), percent(one) if percents else f"{one:g}") for one in inside]


def _explained(trials: int, known: int, ends: bool) -> str:
    said = (
        f"Lines: settings, each the mean of its seeds (n = {trials:,}), coloured by accuracy on "
        "val, the best thick. At a level the better ones pass higher."
    )
    return said + (f" Dashed: the {trials - known:,} without an accuracy." if ends else "")
