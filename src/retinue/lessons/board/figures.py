"""The figures of a board: accuracies beside what was promised, and who is shown to be better."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from retinue.lessons.board.standing import Standing, on_new
from retinue.plotting.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    VERMILION,
    new_figure,
    percent,
    shorten_all,
    styled,
)
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 40  # runs in a figure
LIGHT = "#EDEDED"


def draw(standing: Standing) -> "Iterator[tuple[str, Figure]]":
    """Names and figures."""
    yield "accuracy", accuracies(standing)
    if len(standing.judged) > 1:
        yield "pairs", who_beats_whom(standing)


@styled()
def accuracies(standing: Standing) -> "Figure":
    """Each run's accuracy on pictures new to it, its interval, its ranks, and what it promised."""
    runs = standing.judged[:MOST]
    figure = new_figure(5.6, 1.5 + 0.3 * len(runs))
    axes = figure.subplots()
    for row, one in enumerate(runs):
        found, promise = on_new(one), standing.promises[one.name]
        leads = one.name in standing.leaders
        colour = BLUE if leads else GREY
        axes.plot([found["low"], found["high"]], [row, row], color=colour, linewidth=2.4, alpha=0.6)
        axes.plot(found["value"], row, "o", color=colour, markersize=6)
        if promise.said is not None:
            edge = VERMILION if promise.verdict in ("more", "forged") else INK
            axes.plot(promise.said, row, "D", color="none", markeredgecolor=edge, markersize=5)
        axes.annotate(
            standing.places[one.name].told, (1.01, row), xycoords=("axes fraction", "data"),
            va="center", fontsize=8, annotation_clip=False,
        )  # fmt: skip
    axes.annotate(
        "rank", (1.01, -0.9), xycoords=("axes fraction", "data"), va="center", fontsize=8,
        color=GREY, annotation_clip=False,
    )  # fmt: skip
    axes.set_yticks(range(len(runs)), shorten_all([printable(one.name) for one in runs], 20))
    axes.set_ylim(len(runs) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.06)
    axes.xaxis.set_major_formatter(percent)
    axes.set_xlabel("accuracy on the hidden pictures; bars: intervals at 95 %")
    _explain(figure)
    return figure


@styled()
def who_beats_whom(standing: Standing) -> "Figure":
    """For every two runs, whether the one in the row is shown to be better than that above."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    names = [one.name for one in standing.judged[:MOST]]
    row_of = {name: row for row, name in enumerate(names)}
    shown = np.zeros((len(names), len(names)))
    for pair in standing.pairs:
        if pair.is_shown and pair.first in row_of and pair.second in row_of:
            first, second = row_of[pair.first], row_of[pair.second]
            sign = 1 if pair.value > 0 else -1
            shown[first, second], shown[second, first] = sign, -sign
    side = max(2.4, 0.24 * len(names))
    figure = new_figure(side + 2.2, side + 2.2)
    axes = figure.subplots()
    drawn = np.ma.masked_array(shown, np.eye(len(names), dtype=bool))
    axes.imshow(drawn, cmap=ListedColormap([ORANGE, LIGHT, BLUE]), vmin=-1.5, vmax=1.5)
    short = shorten_all([printable(name) for name in names], 20)
    axes.set_xticks(range(len(names)), short, rotation=90)
    axes.set_yticks(range(len(names)), short)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    for place in np.arange(0.5, len(names) - 1):
        axes.axhline(place, color="white", linewidth=1.5)
        axes.axvline(place, color="white", linewidth=1.5)
    patches = [
        Patch(color=BLUE, label="row better than column"),
        Patch(color=ORANGE, label="row worse than column"),
        Patch(color=LIGHT, label="not told apart"),
    ]
    figure.legend(handles=patches, loc="outside lower left", ncols=1)
    return figure


def _explain(figure: "Figure") -> None:
    """The legend of the accuracies."""
    from matplotlib.lines import Line2D

    def mark(marker: str, colour: str, edge: str, label: str) -> Line2D:
        return Line2D(
            [], [], marker=marker, color=colour, markeredgecolor=edge, linestyle="", label=label
        )

    marks = [
        mark("o", BLUE, BLUE, "nobody is shown to be better"),
        mark("o", GREY, GREY, "somebody is"),
        mark("D", "none", INK, "said by its own test"),
        mark("D", "none", VERMILION, "said, and not held"),
    ]
    figure.legend(handles=marks, loc="outside upper left", ncols=2)
