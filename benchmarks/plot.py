"""Accuracy against seconds of training, for everything that was measured."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.contests import CONTESTS, RETINUE
from benchmarks.results import Measurement
from benchmarks.table import Found
from retinue.plotting.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILION,
    new_figure,
    percent,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {"cifar10": "CIFAR-10", "fashion-mnist": "Fashion-MNIST"}
COLOURS = {"Keras, lesson": ORANGE, "airbench94": VERMILION, "fastai, resnet18": GREEN}
TICKS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h"}
Point = tuple[float, float]  # seconds, accuracy from 0 to 1


@styled()
def accuracy_against_seconds(found: Mapping[str, Found]) -> "Figure":
    """A panel a data set, seconds on a logarithmic scale.

    A peer is drawn as it learns, epoch by epoch. Retinue is drawn as the ends of whole trainings,
    each with a schedule made for its length.
    """
    curves, ends = _peers(found), _ends(found)
    panels = [data for data in TITLES if data in curves or data in ends]
    figure = new_figure(4.8 * max(1, len(panels)), 3.8)
    row = figure.subplots(1, max(1, len(panels)), squeeze=False)[0]
    for axes, data in zip(row, panels, strict=False):
        for name, curve in curves.get(data, {}).items():
            _draw_peer(axes, curve, name)
        if data in ends:
            _draw_ours(axes, sorted(ends[data]))
        axes.set(title=TITLES[data], xlabel="time of training", xscale="log")
        _make_room(axes)
        if data in curves:
            axes.legend(loc="lower left", frameon=False, labelcolor="linecolor", fontsize=8)
        axes.yaxis.set_major_formatter(percent)
    row[0].set_ylabel("test accuracy")
    return figure


def _draw_peer(axes: "Axes", curve: Sequence[Point], name: str) -> None:
    """A line epoch by epoch, with where it ends in the legend."""
    colour, text = COLOURS.get(name, PURPLE), f"{name}: {_numbers(curve[-1])}"
    axes.plot(*zip(*curve, strict=True), marker="o", markersize=3, color=colour, label=text)


def _draw_ours(axes: "Axes", ends: Sequence[Point]) -> None:
    """The ends of trainings, each with its numbers above it."""
    axes.plot(*zip(*ends, strict=True), ":", marker="o", markersize=6, color=BLUE)
    for end in ends:
        name = "Retinue\n" if end == ends[-1] else ""
        # On a light ground of its own, for another line may pass there.
        axes.annotate(
            name + _numbers(end),
            end,
            xytext=(-5, 4),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=BLUE,
            fontsize=8,
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
        )


def _make_room(axes: "Axes") -> None:
    """Space for the words around the lines, and ticks that read as times."""
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    left, right, margin = left / 7, right * 4, 0.08 * (top - bottom)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom - margin, top + margin)
    shown = [tick for tick in TICKS if left <= tick <= right]
    axes.set_xticks(shown, [TICKS[tick] for tick in shown])
    axes.minorticks_off()


def _numbers(point: Point) -> str:
    seconds, accuracy = point
    time = f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{100 * accuracy:.1f} %, {time if seconds < 100 else f'{seconds / 60:.1f} min'}"


def _ends(found: Mapping[str, Found]) -> dict[str, list[Point]]:
    """Where our trainings ended, by data set."""
    ends: dict[str, list[Point]] = {}
    for figure, sides in found.items():
        contest = CONTESTS[figure]
        for side in contest.ours:
            measured = sides.get(side.name, ())
            if measured and not contest.speed and side.program == RETINUE:
                ends.setdefault(contest.data, []).append(_mean_point(measured))
    return ends


def _peers(found: Mapping[str, Found]) -> dict[str, dict[str, list[Point]]]:
    """The mean curve of every peer, by data set; its last point is what it ends with."""
    curves: dict[str, dict[str, list[Point]]] = {}
    for figure, sides in found.items():
        contest = CONTESTS[figure]
        measured = sides.get(contest.peer.name, ()) if contest.peer else ()
        if measured and contest.peer and not contest.speed:
            # Of some, no more than their end is known.
            most = max(len(one.curve) for one in measured)
            whole = (one.curve[:-1] for one in measured if len(one.curve) == most)
            columns = zip(*whole, strict=True)
            means = [_mean(column) for column in columns]
            peers = curves.setdefault(contest.data, {})
            peers[contest.peer.name] = [*means, _mean_point(measured)]
    return curves


def _mean_point(measured: Sequence[Measurement]) -> Point:
    return _mean([(one.seconds, one.accuracy) for one in measured])


def _mean(points: Sequence[Point]) -> Point:
    seconds, accuracy = zip(*points, strict=True)
    return statistics.mean(seconds), statistics.mean(accuracy)
