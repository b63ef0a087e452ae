"""Grids of numbers as coloured cells, and what is marked on them."""

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.inside.colours import SIGNED
from retinue.plotting.style import GREY, INK, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

Values = NDArray[np.float64]  # (H, W); NaN is drawn as nothing
Places = NDArray[np.int64]

MOST_LINED = 40  # cells a side, beyond which no lines are drawn between them
LARGE = 64  # cells a side, beyond which they are smoothed and frames drawn thinner
TINY = 0.04  # of the longer side; a smaller frame would be hard to find
SMALLEST = 4.5  # points of a number that can be read
PADDING, TINT = "#FFF1B8", 0.85  # a colour of no scale, and how much of padding it covers
LETTER, HEIGHT = 0.62, 0.7  # how wide and tall a letter is drawn, in sizes of the font


@dataclass(frozen=True)
class Scale:
    """Which values get the first and the last colour, and whether colours run from blue to red."""

    low: float
    high: float
    signed: bool

    @property
    def colours(self) -> "Colormap":
        """Black to white; of signed values blue to red, with white for 0."""
        from matplotlib import colormaps

        return colormaps[SIGNED if self.signed else "gray"]

    def ink(self, value: float) -> str:
        """The colour of a number that is written on its value's colour."""
        red, green, blue, _ = self.colours((value - self.low) / (self.high - self.low))
        return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def scale_of(values: NDArray[np.float64], signed: bool = False) -> Scale:
    """The scale for values, from 0 on; even around 0 where some are negative, or if so wished."""
    finite = values[np.isfinite(values)]
    most = float(np.abs(finite).max(initial=0.0)) or 1.0
    signed = signed or bool((finite < 0).any())
    return Scale(-most if signed else 0.0, most, signed)


def number(value: float) -> str:
    """A number with the three digits that matter: `3`, `-0.25`, `1234`, `0.00012`."""
    if not isfinite(value):
        return str(value)
    if abs(value) < 1e6 and (value == round(value) or abs(value) >= 100):
        return str(round(value))
    return f"{value:.3g}"


def draw_cells(
    axes: "Axes",
    values: Values,
    scale: Scale,
    inches: float,
    padding: NDArray[np.bool_] | None = None,
) -> bool:
    """Draw a cell for each value, with its number where that can be read.

    Args:
        axes: empty.
        values: (H, W).
        scale: of the colours.
        inches: about how long the grid's longer side becomes.
        padding: which cells, (H, W), are padding: tinted.

    Returns:
        Whether numbers are written.
    """
    from matplotlib.colors import to_rgba

    height, width = values.shape
    axes.imshow(
        values,
        cmap=scale.colours,
        vmin=scale.low,
        vmax=scale.high,
        interpolation="nearest" if max(height, width) < LARGE else None,
    )
    if padding is not None:
        tint = np.zeros((*values.shape, 4))
        tint[padding] = to_rgba(PADDING, TINT)
        axes.imshow(tint, interpolation="nearest")
    axes.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    if max(height, width) <= MOST_LINED:
        lines: dict[str, Any] = {"color": GREY, "linewidth": 0.4}
        axes.hlines(np.arange(0.5, height - 1), -0.5, width - 0.5, **lines)
        axes.vlines(np.arange(0.5, width - 1), -0.5, height - 0.5, **lines)
    side = 72 * inches / max(height, width)
    size = _size_of_numbers(values, side)
    if size < SMALLEST:
        return False
    for place, value in np.ndenumerate(values):
        tinted = padding is not None and padding[place]
        colour = INK if tinted else scale.ink(float(value))
        row, column = place
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": size, "color": colour}
        if text := _brief(float(value)):
            axes.text(column, row, text, **style)
    return True


def _size_of_numbers(values: Values, side: float) -> float:
    """Points at which every number fits into its cell of `side` points; 0 where none would."""
    if HEIGHT * side < SMALLEST:
        return 0.0
    longest = max(len(_brief(value)) for value in values.ravel().tolist())
    return min(9.0, 0.9 * side / (LETTER * max(1, longest)), HEIGHT * side)


def _brief(value: float) -> str:
    """A number with two digits that matter if three take much room; of NaN nothing."""
    if np.isnan(value):
        return ""
    text = number(value)
    return text if len(text) <= 4 or abs(value) >= 10 else f"{value:.2g}"


def hatch(axes: "Axes", shape: tuple[int, int], border: tuple[int, int]) -> None:
    """Hatch so many rows at the bottom and columns at the right of a grid."""
    from matplotlib.patches import Rectangle

    (height, width), (rows, columns) = shape, border
    style: dict[str, Any] = {
        "fill": False,
        "hatch": "/////",
        "edgecolor": GREY,
        "linewidth": 0,
    }
    if rows:
        axes.add_patch(Rectangle((-0.5, height - rows - 0.5), width, rows, **style))
    if columns:
        corner = (width - columns - 0.5, -0.5)
        axes.add_patch(Rectangle(corner, columns, height - rows, **style))


def outline(
    axes: "Axes", rows: Places, columns: Places, shape: tuple[int, int], colour: str = VERMILION
) -> None:
    """Frame the cells in those rows and columns: as one where they touch, else each of them.

    Lines across the grid lead to a frame that is tiny.
    """
    from matplotlib.patches import Rectangle

    def frame(top: int, left: int, height: int, width: int, line: float, dashes: str) -> None:
        axes.add_patch(
            Rectangle(
                (left - 0.5, top - 0.5), width, height, fill=False, edgecolor=colour,
                linewidth=line, linestyle=dashes, clip_on=False, zorder=3,
            )
        )  # fmt: skip

    height, width = (int(places[-1] - places[0]) + 1 for places in (rows, columns))
    touching = (height, width) == (len(rows), len(columns))
    thick = 2.0 if max(shape) <= LARGE else 1.2
    frame(int(rows[0]), int(columns[0]), height, width, thick if touching else 0.8, "solid")
    if not touching:
        for row in rows.tolist():
            for column in columns.tolist():
                frame(row, column, 1, 1, thick, "solid")
    if max(shape) > LARGE and max(height, width) < TINY * max(shape):
        style: dict[str, Any] = {"color": colour, "linewidth": 0.5, "alpha": 0.7}
        axes.axhline((rows[0] + rows[-1]) / 2, **style)
        axes.axvline((columns[0] + columns[-1]) / 2, **style)
