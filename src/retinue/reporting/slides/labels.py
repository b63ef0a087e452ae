"""On which side of a dot its name stands, so that names cover one another as little as may be."""

from collections.abc import Sequence
from dataclasses import dataclass

DOT = 7.0  # points from the middle of a dot to its name

Rectangle = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True)
class Mark:
    """Where a dot is in the plot, from its lower left, and how wide its name is, in points.

    Its interval is a vertical line from `low` to `high`.
    """

    width: float
    x: float
    y: float
    low: float
    high: float


def positions(marks: Sequence[Mark], size: tuple[float, float], line: float) -> list[str]:
    """`r`, `l`, `t` or `b` for each dot: right, left, above, below.

    Args:
        marks: the dots.
        size: of the plot, in points.
        line: height of a name, in points.
    """
    taken: list[Rectangle] = [
        (mark.x - DOT, mark.y - DOT, mark.x + DOT, mark.y + DOT) for mark in marks
    ]
    taken += [(mark.x - 1, mark.low, mark.x + 1, mark.high) for mark in marks]
    frame = (0.0, 0.0, size[0], size[1] + line / 2)  # above there is room for half a name
    found = []
    for mark in marks:
        boxes = _around((mark.x, mark.y), mark.width, line)
        costs = {
            side: sum(_common(box, other) for other in taken) + _area(box) - _common(box, frame)
            for side, box in boxes.items()
        }
        best = min(costs, key=lambda side: costs[side])
        taken.append(boxes[best])
        found.append(best)
    return found


def _around(centre: tuple[float, float], width: float, line: float) -> dict[str, Rectangle]:
    x, y = centre
    half = line / 2
    return {
        "r": (x + DOT, y - half, x + DOT + width, y + half),
        "l": (x - DOT - width, y - half, x - DOT, y + half),
        "t": (x - width / 2, y + DOT, x + width / 2, y + DOT + line),
        "b": (x - width / 2, y - DOT - line, x + width / 2, y - DOT),
    }


def _area(box: Rectangle) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _common(one: Rectangle, two: Rectangle) -> float:
    """The area that two rectangles have in common."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(0.0, width) * max(0.0, height)
