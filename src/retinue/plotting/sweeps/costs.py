"""What accuracy costs, over hundreds of settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

from retinue.plotting.labels import Mark, label_marks
from retinue.plotting.style import (
    BLUE,
    GREY,
    VERMILION,
    new_figure,
    percent,
    styled,
)
from retinue.plotting.sweeps.panels import caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = 24  # of text beside the panels


@dataclass(frozen=True)
class Spot:
    """A setting: its number, its values as a text, its accuracy on test with the interval if known.

    `costs`, above 0, and whether it is `efficient` are by the name of a panel.
    """

    number: int
    text: str
    accuracy: float
    low: float | None
    high: float | None
    costs: Mapping[str, float]
    efficient: frozenset[str] = frozenset()
    chosen: bool = False


@styled()
def costs(spots: Sequence[Spot], panels: Sequence[str]) -> "Figure":
    """Accuracy on test against what it costs; only efficient settings are numbered, and joined.

    Args:
        spots: at least one for each panel; those without a cost are not in that panel.
        panels: the names of the costs, at least one.
    """
    figure = new_figure(4.2 * len(panels) + 3.0, 4.3)
    places = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(places, panels, strict=True):
        shown = [spot for spot in spots if panel in spot.costs]
        front = sorted((s for s in shown if panel in s.efficient), key=lambda s: s.costs[panel])
        rest = [spot for spot in shown if spot not in front]
        style = {"alpha": 0.5, "markersize": 4, "markeredgewidth": 0}
        xs, ys = [spot.costs[panel] for spot in rest], [spot.accuracy for spot in rest]
        axes.plot(xs, ys, "o", color=GREY, **style)
        xs, ys = [spot.costs[panel] for spot in front], [spot.accuracy for spot in front]
        axes.plot(xs, ys, color=BLUE, linewidth=1, linestyle="--")
        for spot in [*front, *(one for one in rest if one.chosen)]:
            _draw(axes, spot, spot.costs[panel])
        _scale(axes, panel)
    places[0].yaxis.set_major_formatter(percent)
    places[0].set_ylabel("accuracy on test")
    _name(figure, spots)
    caption(
        figure,
        f"Dots: settings, each the mean of its seeds (n = {len(spots):,}). Numbered: efficient, no "
        "other setting is both more accurate on val and cheaper. Bars: intervals at 95 %.",
    )
    for axes, panel in zip(places, panels, strict=True):
        label_marks(figure, axes, [_mark(s, panel) for s in spots if panel in s.efficient], [])
    return figure


def _mark(spot: Spot, panel: str) -> Mark:
    """Where the number of a setting belongs."""
    y = spot.accuracy
    bar = (y, y) if spot.low is None or spot.high is None else (spot.low, spot.high)
    return Mark(str(spot.number), spot.costs[panel], y, *bar)


def _draw(axes: "Axes", spot: Spot, cost: float) -> None:
    colour = VERMILION if spot.chosen else BLUE
    if spot.low is not None and spot.high is not None:
        axes.plot([cost, cost], [spot.low, spot.high], color=colour, linewidth=1.4, alpha=0.5)
    axes.plot(cost, spot.accuracy, "o", color=colour, markersize=6, markeredgecolor="white")


def _scale(axes: "Axes", panel: str) -> None:
    """Make the axis logarithmic, with round numbers on it however far it reaches."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.1)
    low, high = axes.get_xlim()
    subs = (1.0, 2.0, 5.0) if high < 500 * low else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs) if high > 8 * low else MaxNLocator(4))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(panel)


def _name(figure: "Figure", spots: Sequence[Spot]) -> None:
    """List at the right what the numbers stand for."""
    from matplotlib.lines import Line2D

    named = [spot for spot in spots if spot.efficient or spot.chosen]
    # The chosen one first, then by accuracy: that is what is looked for.
    named.sort(key=lambda spot: (not spot.chosen, -spot.accuracy))
    handles: list[Line2D] = []
    lines = 0
    for spot in named:
        chosen = " (chosen on val)" if spot.chosen else ""
        text = fill(f"{spot.number}{chosen}: {spot.text}", 46, max_lines=3, placeholder=" …")
        lines += text.count("\n") + 1
        if lines > LINES:
            break
        colour = VERMILION if spot.chosen else BLUE
        handles.append(Line2D([], [], color=colour, marker="o", linestyle="none", label=text))
    legend = figure.legend(handles=handles, loc="outside right upper", fontsize=7.5, handlelength=1)
    if len(named) > len(handles):
        legend.set_title(f"the {len(handles)} most accurate of {len(named)}")
