"""The filters of a convolution as pictures, as kernels with a sign, by norm, or as a matrix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.inside.colours import Colours, Numbers, Strip, brief_number, coloured, strip
from retinue.plotting.inside.sheet import MARGIN, Sheet, Tile, columns_for
from retinue.plotting.style import GREY, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 9.7  # inches
Captions = Sequence[Sequence[str]]


@styled()
def coloured_filters(
    weights: Numbers, captions: Captions, limit: float, *, title: str, notes: Sequence[str]
) -> "Figure":
    """Filters (n, 3, h, w) as pictures: a weight of 0 is mid-grey, of the limit full colour."""
    pictures = rgb(weights, limit)
    greys = np.repeat(np.linspace(0, 255, 256).round().astype(np.uint8)[:, None], 3, axis=1)
    low, high = brief_number(-limit), brief_number(limit)
    bar = Strip(
        greys,
        [(0.0, low), (0.5, "0"), (1.0, high)],
        "weight for red, green and blue each; mid-grey is zero; one scale for the layer",
    )
    return _sheet(list(pictures), captions, bar, title, notes)


@styled()
def kernels(
    weights: Numbers,
    captions: Captions,
    limit: float,
    *,
    title: str,
    notes: Sequence[str],
    columns: int | None = None,
) -> "Figure":
    """Kernels (n, h, w) in diverging colours: red adds, blue takes away."""
    bar = strip(limit, True, "weight; one scale for the layer")
    return _sheet(list(coloured(weights, limit, signed=True)), captions, bar, title, notes, columns)


@styled()
def filter_norms(
    norms: Numbers, captions: Captions, limit: float, *, title: str, notes: Sequence[str]
) -> "Figure":
    """Norms over the inputs (n, h, w), from 0 to the limit."""
    bar = strip(limit, False, "norm of the weights over the inputs; one scale for the layer")
    return _sheet(list(coloured(norms, limit, signed=False)), captions, bar, title, notes)


@styled()
def matrix(
    weights: Numbers, names: Sequence[str], limit: float, *, title: str, notes: Sequence[str]
) -> "Figure":
    """Weights (n, inputs) of 1x1 kernels: a row a filter under its name, a column an input."""
    sheet = Sheet(WIDTH)
    sheet.heading(title, notes)
    sheet.strip(strip(limit, True, "weight; a row is a filter, a column an input, from 0 on"))
    left = MARGIN + 0.4
    height = float(np.clip(6 / len(weights), 0.1, 0.3))
    for row, name in zip(coloured(weights, limit, signed=True), names, strict=True):
        sheet.write(name, size=6.5, down=height / 2)
        sheet.cells(row, left, WIDTH - left - MARGIN, height)
        sheet.y += height
    sheet.y += MARGIN
    return sheet.finish()


def rgb(weights: Numbers, limit: float) -> Colours:
    """Filters (n, 3, h, w) as pictures (n, h, w, 3): from -limit, black, to limit, full colour."""
    finite = np.isfinite(weights)
    share = np.clip(np.where(finite, weights, 0) / limit, -1, 1)
    pictures = np.asarray(np.round(127.5 * (share + 1)), np.uint8).transpose(0, 2, 3, 1)
    broken = ~finite.all(axis=1)
    pictures[broken] = int(GREY[1:3], 16)
    return pictures


def _sheet(
    pictures: Sequence[Colours],
    captions: Captions,
    bar: Strip,
    title: str,
    notes: Sequence[str],
    columns: int | None = None,
) -> "Figure":
    sheet = Sheet(WIDTH)
    sheet.heading(title, notes)
    sheet.strip(bar)
    tiles = [Tile(one, lines) for one, lines in zip(pictures, captions, strict=True)]
    sheet.grid(tiles, columns or columns_for(len(tiles)))
    return sheet.finish()
