"""A figure of pictures as points in a plane, coloured by their class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_figure,
    shorten_all,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = NDArray[np.float64]  # (N, 2)

# Up to ten classes are told apart by colour alone; of more, colours repeat, and numbers tell.
PALETTE = (
    BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, "#8C6D00", "#5E3C99", INK, GREY,
)  # fmt: skip
LINES = 25  # of a column of the legend
COLUMN = 1.95  # inches
LISTED = 100  # classes in the legend


@styled()
def embedding(
    points: Points,
    labels: NDArray[np.int64],
    wrong: NDArray[np.bool_],
    classes: Sequence[str],
    title: str,
    axes: tuple[str, str],
) -> "Figure":
    """Points by class: a dot where the network is right, a cross where not.

    A class is named where most of its points lie: up to ten by name, more by their number, which
    the list beside it explains. Of more than 100 those with the most points are listed.

    Args:
        points: (N, 2).
        labels: of each point the number of its class.
        wrong: which points, (N,), are taken for another class.
        classes: their names.
        title: above all; of any number of lines.
        axes: what lies along each axis; an empty one is not written.
    """
    present, counts = np.unique(labels, return_counts=True)
    listed = np.sort(present[np.argsort(-counts, kind="stable")[:LISTED]]).tolist()
    names = dict(zip(listed, shorten_all([classes[label] for label in listed], 22), strict=True))
    few = len(present) <= len(PALETTE)
    columns = max(1, -(-len(listed) // LINES))
    figure = new_figure(6.6 + COLUMN * columns, 6.6)
    plane, side = figure.subplots(1, 2, width_ratios=(6.6, COLUMN * columns))
    colours = np.array(PALETTE)[np.searchsorted(present, labels) % len(PALETTE)]
    _scatter(plane, points, wrong, colours)
    plane.set(xlabel=axes[0], ylabel=axes[1], xticks=[], yticks=[])
    plane.spines[:].set_visible(True)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    colour_of = dict(zip(labels.tolist(), colours.tolist(), strict=True))
    of_each = dict(zip(present.tolist(), counts.tolist(), strict=True))
    lines = [
        (colour_of[label], f"{'' if few else f'{label}  '}{name} ({of_each[label]:,})")
        for label, name in names.items()
    ]
    _list(side, lines, columns, len(present) - len(listed), int(wrong.sum()))
    marks = {label: name if few else str(label) for label, name in names.items()}
    _name_groups(figure, plane, points, labels, marks, colour_of)
    return figure


def _scatter(
    axes: "Axes", points: Points, wrong: NDArray[np.bool_], colours: NDArray[np.str_]
) -> None:
    """Draw the points in a mixed order, so that no class hides another."""
    order = np.random.default_rng(0).permutation(len(points))
    size = float(np.clip(12_000 / max(1, len(points)), 7, 34))
    for mask, marker, line in ((~wrong, "o", 0.0), (wrong, "x", 1.1)):
        some = order[mask[order]]
        style: dict[str, Any] = {"edgecolors": "none"} if marker == "o" else {}
        axes.scatter(
            points[some, 0], points[some, 1], s=size if marker == "o" else 1.3 * size,
            c=colours[some].tolist(), marker=marker, linewidths=line, alpha=0.75, **style,
        )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(visible=False)


def _list(
    axes: "Axes", lines: Sequence[tuple[str, str]], columns: int, left_out: int, wrong: int
) -> None:
    """The classes in columns, each behind its colour, and what a cross means."""
    axes.set_axis_off()
    axes.set(xlim=(0, columns), ylim=(LINES + 3, -1))
    for number, (colour, text) in enumerate(lines):
        column, line = divmod(number, LINES)
        axes.plot(column + 0.04, line, "o", color=colour, markersize=5)
        axes.text(column + 0.1, line, text, fontsize=7.5, va="center")
    bottom = min(len(lines), LINES) + 0.7
    axes.plot(0.04, bottom, "x", color=INK, markersize=5)
    axes.text(0.1, bottom, f"taken for another class ({wrong:,})", fontsize=7.5, va="center")
    if left_out:
        text = f"and {left_out:,} classes with fewer points"
        axes.text(0.1, bottom + 1, text, fontsize=7.5, va="center")


def _name_groups(
    figure: "Figure",
    axes: "Axes",
    points: Points,
    labels: NDArray[np.int64],
    marks: dict[int, str],
    colours: dict[int, str],
) -> None:
    """Write each class's mark at the median of its points, or beside it where another stands."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    medians = np.array([np.median(points[labels == label], axis=0) for label in marks])
    texts = [
        axes.text(
            middle[0], middle[1], text, ha="center", va="center", fontsize=7, color=INK, zorder=4,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": colours[label], "pad": 1.2,
                  "linewidth": 0.8},
        )
        for middle, (label, text) in zip(medians, marks.items(), strict=True)
    ]  # fmt: skip
    sizes = np.array([text.get_window_extent(renderer).size for text in texts]) + 7
    frame = axes.bbox
    corners = np.array(frame.min), np.array(frame.max)
    places = apart(axes.transData.transform(medians), sizes, corners)
    moved = axes.transData.inverted().transform(places)
    for text, middle, place in zip(texts, medians, moved, strict=True):
        text.set_position(place)
        text.set_in_layout(False)
        if not np.allclose(middle, place):
            style: dict[str, Any] = {"color": INK, "linewidth": 0.5, "zorder": 3}
            axes.plot(*zip(middle, place, strict=True), scalex=False, scaley=False, **style)


def apart(centres: Points, sizes: Points, frame: tuple[Points, Points]) -> Points:
    """Centres (K, 2) of boxes, moved little, so that the boxes do not overlap, if there is room.

    Args:
        centres: where they would stand.
        sizes: (K, 2), widths and heights.
        frame: the lowest and the highest corner, (2,) each, between which boxes stay.
    """
    places = centres.astype(np.float64)
    first = np.subtract.outer(np.arange(len(places)), np.arange(len(places)))
    for _ in range(400):
        gaps = places[:, None] - places[None]
        over = (sizes[:, None] + sizes[None]) / 2 - np.abs(gaps)
        hit = (over > 0).all(axis=-1) & (first != 0)
        if not hit.any():
            break
        # Along the axis that needs less; of boxes at one place the later one goes up or right.
        ways = np.where(gaps == 0, np.sign(first)[..., None], np.sign(gaps))
        least = over.argmin(axis=-1)
        # Half the way for each of two, and a little more, so that it comes to an end.
        move = 0.5 * (over + 1) * ways
        step = np.where(hit[..., None] & (np.arange(2) == least[..., None]), move, 0)
        places = places + step.sum(axis=1)
        places = np.clip(places, frame[0] + sizes / 2, frame[1] - sizes / 2)
    return places
