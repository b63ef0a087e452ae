"""The way of a picture through a network: a row of maps a layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.inside.colours import Numbers, as_colour, coloured
from retinue.plotting.inside.sheet import LETTERS, MARGIN, Sheet, Tile
from retinue.plotting.style import shorten, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORDS = 2.7  # inches for what is said of a layer
SIDE = 0.86  # inches a map is wide
CELLS = 0.3  # inches a row of units is high


@dataclass(frozen=True)
class Row:
    """A layer: some lines, the first its name, and maps (n, H, W) under the n captions.

    Without captions the maps are units (n, 1, 1), drawn as one row of cells; `top` are the names
    and values of the largest.
    """

    words: Sequence[str]
    maps: Numbers
    captions: Sequence[str]
    limit: float
    signed: bool
    top: Sequence[tuple[str, str]] = ()


@styled()
def layer_overview(
    picture: NDArray[np.uint8], rows: Sequence[Row], *, name: str, title: str, notes: Sequence[str]
) -> "Figure":
    """A picture (H, W, 1 or 3) under its name, then a row a layer.

    Args:
        picture: what goes in.
        rows: the layers, in order.
        name: of the picture.
        title: above all.
        notes: sentences under it.
    """
    most = max([len(row.captions) for row in rows] + [5])
    sheet = Sheet(MARGIN + WORDS + most * (SIDE + MARGIN))
    sheet.heading(title, notes)
    top = sheet.y
    sheet.row([Tile(as_colour(picture))], SIDE, WORDS)
    _words(sheet, [name, f"{picture.shape[1]} x {picture.shape[0]} pixels"], top)
    for row in rows:
        _draw(sheet, row)
    return sheet.finish()


def _draw(sheet: Sheet, row: Row) -> None:
    top = sheet.y
    if row.captions:
        tiles = [
            Tile(coloured(values, row.limit, row.signed), [caption])
            for values, caption in zip(row.maps, row.captions, strict=True)
        ]
        sheet.row(tiles, SIDE, WORDS)
    else:
        length = sheet.width - WORDS - MARGIN
        colours = coloured(row.maps[:, 0, 0], row.limit, row.signed)
        sheet.cells(colours, WORDS, length, CELLS)
        named = ", ".join(f"{shorten(name, 18)}: {value}" for name, value in row.top)
        text = shorten(f"{len(row.maps)} units, the largest: {named}", int(length * LETTERS))
        sheet.write(text, WORDS, 6.8, down=CELLS + 0.1)
        sheet.y += max(CELLS + 0.3, 0.16 * len(row.words) + 0.1)
    _words(sheet, row.words, top)


def _words(sheet: Sheet, words: Sequence[str], top: float) -> None:
    """Lines at the left, from `top` on, the first larger."""
    for number, text in enumerate(words):
        size, limit = (8, 34) if number == 0 and len(text) <= 34 else (6.8, 44)
        sheet.write(shorten(text, limit), size=size, down=top - sheet.y + 0.1 + 0.15 * number)
    sheet.rule(top)
