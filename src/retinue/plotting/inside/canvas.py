"""One canvas measured in inches from its upper left corner, for texts, bars and pictures."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.grids import place
from retinue.plotting.style import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Canvas:
    """A figure of a fixed size on which everything is put where it is said, in inches."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure as New

        self.figure: Figure = New(figsize=(width, height))
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)

    def text(self, x: float, y: float, words: str, **how: Any) -> None:
        """Words whose middle is at height y; `how` is matplotlib's, such as ha, fontsize, color."""
        settings = {"va": "center", "fontsize": 8, "color": INK, **how}
        self._axes.text(x, y, words, **settings)

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle around height y, from x to the right."""
        from matplotlib.patches import Rectangle

        self._axes.add_patch(Rectangle((x, y - height / 2), width, height, color=colour, lw=0))

    def line(self, start: tuple[float, float], end: tuple[float, float], **how: Any) -> None:
        """A straight line from one (x, y) to another."""
        self._axes.plot([start[0], end[0]], [start[1], end[1]], **how)

    def arrow(self, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        """An arrow from one (x, y) to another."""
        style = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.2}
        self._axes.annotate("", end, start, arrowprops=style)

    def dot(self, x: float, y: float, colour: str, size: float = 4.0) -> None:
        """A filled circle."""
        self._axes.plot([x], [y], "o", color=colour, markersize=size)

    def picture(self, pixels: NDArray[np.uint8], x: float, y: float, side: float) -> None:
        """A picture (H, W, 1 or 3) in the middle of the square that begins at (x, y)."""
        place(self._axes, pixels, (x, y), side)
