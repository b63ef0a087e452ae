"""Charts that set several classifiers beside one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.labels import Mark, label_marks
from retinue.plotting.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    at_most_99,
    new_figure,
    percent,
    shorten_all,
    styled,
)
from retinue.wording import percent as measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

COLUMNS = 3  # matrices in a row
NUMBERED = 12  # classes up to which cells carry numbers


@dataclass(frozen=True)
class Dot:
    """A classifier's accuracy with its interval; `seeds` are the accuracies of its runs."""

    name: str
    value: float
    low: float
    high: float
    seeds: tuple[float, ...] = ()


@styled()
def accuracies(dots: Sequence[Dot], chosen: str | None = None) -> "Figure":
    """Accuracy with its interval, a line a classifier, the most accurate on top.

    Args:
        dots: in any order.
        chosen: the name of the one that was chosen on val; it is marked.
    """
    rows = sorted(dots, key=lambda dot: -dot.value)
    figure = new_figure(7.5, 1.2 + 0.34 * len(rows))
    axes = figure.subplots()
    for place, dot in enumerate(rows):
        colour = VERMILION if dot.name == chosen else BLUE
        axes.plot([dot.low, dot.high], [place, place], color=colour, linewidth=2.2, alpha=0.55)
        if len(dot.seeds) > 1:
            places = [place] * len(dot.seeds)
            axes.plot(dot.seeds, places, "|", color=colour, markersize=9, markeredgewidth=1)
        axes.plot(dot.value, place, "o", color=colour, markersize=6)
        axes.annotate(
            measured(dot.value), (dot.high, place), (5, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), shorten_all([dot.name for dot in rows], 40))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.08)
    axes.xaxis.set_major_formatter(percent)
    ticks = ", ticks: runs of one seed each" if any(len(dot.seeds) > 1 for dot in dots) else ""
    axes.set_xlabel(f"accuracy on test; bars: intervals at 95 %{ticks}")
    if chosen is not None:
        axes.plot([], [], "o", color=VERMILION, label="chosen on val")
        figure.legend(loc="outside upper right")
    return figure


@styled()
def pareto(
    dots: Sequence[Dot], costs: Mapping[str, Mapping[str, float]], chosen: str | None = None
) -> "Figure":
    """Accuracy against what it costs; the line joins those that nobody beats in both.

    Args:
        dots: a dot a classifier.
        costs: for each panel, under the name of its axis, the cost by the classifier's name, above
            0; classifiers without one are not in that panel.
        chosen: the name of the one that was chosen on val; it is marked.
    """
    from matplotlib.ticker import NullFormatter

    figure = new_figure(5.6 * len(costs) + 0.6, 4.4)
    panels = figure.subplots(1, len(costs), sharey=True, squeeze=False)[0]
    for axes, (label, cost) in zip(panels, costs.items(), strict=True):
        shown = [dot for dot in dots if dot.name in cost]
        points = [(cost[dot.name], dot.value) for dot in shown]
        axes.set_xscale("log")
        axes.step(*_front(points), where="post", color=GREY, linewidth=1, linestyle="--")
        for dot, (x, y) in zip(shown, points, strict=True):
            colour = VERMILION if dot.name == chosen else BLUE
            axes.plot([x, x], [dot.low, dot.high], color=colour, linewidth=1.4, alpha=0.5)
            axes.plot(x, y, "o", color=colour, markersize=6)
        axes.margins(x=0.18, y=0.1)
        axes.xaxis.set_major_locator(_ticks(*axes.get_xlim()))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(percent)
        axes.set_xlabel(label)
    panels[0].set_ylabel("accuracy on test")
    for axes, cost in zip(panels, costs.values(), strict=True):
        shown = [dot for dot in dots if dot.name in cost]
        marks = [Mark(dot.name, cost[dot.name], dot.value, dot.low, dot.high) for dot in shown]
        front = _front([(mark.x, mark.y) for mark in marks])
        label_marks(figure, axes, marks, list(zip(*front, strict=True)))
    return figure


@styled()
def confusions(matrices: Mapping[str, NDArray[np.int64]], classes: Sequence[str]) -> "Figure":
    """What each classifier took for what, side by side, on one scale.

    Args:
        matrices: counts (K, K) by the classifier's name; rows are the true classes.
        classes: the K names. Up to 12 the cells carry percentages of their row; above 40 no names
            are drawn.
    """
    k, columns = len(classes), min(COLUMNS, len(matrices))
    rows = -(-len(matrices) // columns)
    side = float(np.clip(1.2 + 0.26 * k, 2.4, 4.4))
    figure = new_figure(columns * side + 1.9, rows * (side + 0.3) + 1.0)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    shares = {name: _shares(matrix) for name, matrix in matrices.items()}
    top = max(float(_mistakes(one).max()) for one in shares.values()) or 1.0
    titles = shorten_all(list(matrices), 32)
    for axes, title, values in zip(panels.flat, titles, shares.values(), strict=False):
        axes.imshow(np.eye(k), cmap="Greys", vmin=0, vmax=8)
        drawn = np.ma.masked_array(_mistakes(values), np.eye(k, dtype=bool))
        image = axes.imshow(drawn, cmap="Oranges", vmin=0, vmax=top)
        axes.set_title(title)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, labelsize=7)
        axes.tick_params(axis="x", labelrotation=90)
        if k <= NUMBERED:
            _percentages(axes, values, top)
    for axes in panels.flat[len(matrices) :]:
        axes.set_visible(False)
    names = shorten_all(classes, 16) if k <= 40 else [""] * k
    panels[0, 0].set_xticks(range(k), names)
    panels[0, 0].set_yticks(range(k), names)
    for place in range(columns):  # the lowest panel of each column has the names
        lowest = [row for row in range(rows) if row * columns + place < len(matrices)][-1]
        panels[lowest, place].tick_params(labelbottom=True)
    bar = figure.colorbar(image, ax=panels, shrink=0.6, format=percent)
    bar.set_label("taken for another class, share of the true class")
    bar.outline.set_visible(False)
    figure.supxlabel("predicted", fontsize=9)
    figure.supylabel("true", fontsize=9)
    return figure


def _front(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The points that no other beats in both, by rising cost."""
    front: list[tuple[float, float]] = []
    for x, y in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or y > front[-1][1]:
            front.append((x, y))
    return [x for x, _ in front], [y for _, y in front]


def _shares(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each row as shares of it."""
    return np.asarray(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))


def _mistakes(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without what was right."""
    return np.asarray(shares * (1 - np.eye(len(shares))))


def _percentages(axes: "Axes", values: NDArray[np.float64], top: float) -> None:
    """Write whole percentages into the cells; mistakes below half a percent stay empty."""
    for (row, column), value in np.ndenumerate(values):
        whole = round(100 * float(value))
        if whole == 0 and row != column:
            continue
        dark = row != column and value > 0.6 * top
        axes.text(
            column, row, str(at_most_99(whole, float(value))), ha="center", va="center",
            fontsize=6.5, color="white" if dark else INK,
        )  # fmt: skip


def _ticks(low: float, high: float) -> "Locator":
    """Where numbers stand on a logarithmic axis: round ones, and so many that it can be read."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    for subs in ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
        found = LogLocator(subs=subs)
        if sum(low <= tick <= high for tick in found.tick_values(low, high)) > 2:
            return found
    return MaxNLocator(4)
