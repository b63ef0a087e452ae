"""Names beside dots, placed so that they cover nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import INK, SKY, shorten_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

# Where a label may stand: so many points from its dot, in so many directions.
_DISTANCES, _DIRECTIONS = (7, 14, 24, 36, 52, 72, 96), 24
_OF_A_LINE = 0.1  # how bad it is to cover a line, beside a dot or a name


@dataclass(frozen=True)
class Mark:
    """A dot with its name, and the vertical bar through it from `low` to `high`."""

    name: str
    x: float
    y: float
    low: float
    high: float


def label_marks(
    figure: "Figure", axes: "Axes", marks: Sequence[Mark], stairs: Sequence[tuple[float, float]]
) -> None:
    """Write each name near its dot, where it covers no dot, line or other name.

    Args:
        figure: with all else that is to be in it, for the layout must be known.
        axes: where the marks are drawn already.
        marks: in data coordinates.
        stairs: the corners of a line that goes right, then up, from each to the next.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    taken = _taken(axes, marks, stairs)
    for mark, name in zip(marks, shorten_all([mark.name for mark in marks], 32), strict=True):
        text = axes.text(mark.x, mark.y, name, fontsize=8)
        size = np.array(text.get_window_extent(renderer).size)
        text.remove()
        centre = np.asarray(axes.transData.transform((mark.x, mark.y)))
        offset, box = _free_place(centre, size, taken, axes.bbox, figure.dpi / 72)
        taken.append((box, 1.0))
        across, up = (offset * 72 / figure.dpi).tolist()
        far = np.hypot(*offset) > _DISTANCES[1] + size[0] / 2
        axes.annotate(
            name, (mark.x, mark.y), (across, up), textcoords="offset points",
            ha="center", va="center", fontsize=8, color=INK, annotation_clip=False,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.5},
            arrowprops={"arrowstyle": "-", "color": SKY, "linewidth": 0.8} if far else None,
        ).set_in_layout(False)  # fmt: skip


def _taken(
    axes: "Axes", marks: Sequence[Mark], stairs: Sequence[tuple[float, float]]
) -> list[tuple["Bbox", float]]:
    """Boxes, in pixels, that are drawn on already, and how bad it is to cover each."""
    from matplotlib.transforms import Bbox

    taken = []
    for mark in marks:
        (_, low), (x, y), (_, high) = axes.transData.transform(
            [(mark.x, mark.low), (mark.x, mark.y), (mark.x, mark.high)]
        )
        taken.append((Bbox([(x - 9, y - 9), (x + 9, y + 9)]), 1.0))
        taken.append((Bbox([(x - 2, low), (x + 2, high)]), _OF_A_LINE))
    for (x0, y0), (x1, y1) in pairwise(axes.transData.transform(stairs)):
        taken.append((Bbox([(x0, y0 - 2), (x1, y0 + 2)]), _OF_A_LINE))
        taken.append((Bbox([(x1 - 2, y0), (x1 + 2, y1)]), _OF_A_LINE))
    return taken


def _free_place(
    centre: NDArray[np.float64],
    size: NDArray[np.float64],
    taken: Sequence[tuple["Bbox", float]],
    frame: "Bbox",
    scale: float,
) -> tuple[NDArray[np.float64], "Bbox"]:
    """The nearest offset, in pixels, at which a text of a size covers least; and its box."""
    from matplotlib.transforms import Bbox

    best: tuple[float, NDArray[np.float64], Bbox] | None = None
    for distance in _DISTANCES:
        for step in range(_DIRECTIONS):
            angle = 2 * pi * step / _DIRECTIONS
            offset = np.array([cos(angle), sin(angle)]) * (distance * scale + size / 2)
            corner = centre + offset - size / 2
            box = Bbox([corner, corner + size])
            covered = sum(weight * _common(box, other) for other, weight in taken)
            covered += size[0] * size[1] - _common(box, frame)
            if best is None or covered < best[0] - 1e-6:
                best = covered, offset, box
        if best is not None and best[0] < 1e-6:
            break
    assert best is not None  # noqa: S101  there is at least one distance
    return best[1], best[2]


def _common(one: "Bbox", two: "Bbox") -> float:
    """The area that two boxes have in common."""
    width = min(one.x1, two.x1) - max(one.x0, two.x0)
    height = min(one.y1, two.y1) - max(one.y0, two.y0)
    return float(max(0.0, width) * max(0.0, height))
