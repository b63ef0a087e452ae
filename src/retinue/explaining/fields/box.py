"""A rectangle of pixels, which may stick out of its picture."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Box:
    """The pixels from row `top` and column `left` on, so many rows and columns of them.

    Rows and columns count from 0; those before 0 and beyond the picture's last are padding.
    """

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        """The first row below."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """The first column to the right."""
        return self.left + self.width

    @property
    def pixels(self) -> int:
        """How many there are; 0 for a box of nothing."""
        return self.height * self.width

    def inside(self, size: tuple[int, int]) -> "Box":
        """The part that lies in a picture of (height, width); a box of nothing where none does."""
        top, left = max(self.top, 0), max(self.left, 0)
        height = max(min(self.bottom, size[0]) - top, 0)
        width = max(min(self.right, size[1]) - left, 0)
        return Box(top, left, height, width) if height and width else NOTHING

    def outside(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """How many rows above, rows below, columns left and columns right lie in the padding."""
        return (
            max(-self.top, 0),
            max(self.bottom - size[0], 0),
            max(-self.left, 0),
            max(self.right - size[1], 0),
        )

    def cut(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The part of an array (H, W, ...) that lies in the box; a view."""
        rows = slice(max(self.top, 0), max(self.bottom, 0))
        columns = slice(max(self.left, 0), max(self.right, 0))
        return values[rows, columns]

    def shrunk(self, rows: int, columns: int) -> "Box":
        """With so many rows fewer above and below, and columns left and right."""
        return Box(
            self.top + rows,
            self.left + columns,
            self.height - 2 * rows,
            self.width - 2 * columns,
        )

    def as_dict(self) -> dict[str, Any]:
        """The four numbers, as JSON has them."""
        return asdict(self)


NOTHING = Box(0, 0, 0, 0)


def around(values: NDArray[np.float64]) -> Box:
    """The smallest box with every value of an array (H, W) that is not 0."""
    rows, columns = np.nonzero(values)
    if not rows.size:
        return NOTHING
    top, left = int(rows.min()), int(columns.min())
    return Box(top, left, int(rows.max()) + 1 - top, int(columns.max()) + 1 - left)
