"""Maps before and after a layer, in pairs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retinue.plotting.inside.colours import Numbers, coloured, strip
from retinue.plotting.inside.sheet import MARGIN, Sheet, Tile
from retinue.plotting.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAIRS = 4  # in a row


@styled()
def before_and_after(
    before: Numbers,
    after: Numbers,
    captions: Sequence[tuple[Sequence[str], Sequence[str]]],
    limits: tuple[float, float],
    signed: bool,
    *,
    title: str,
    notes: Sequence[str],
    beyond: bool,
) -> "Figure":
    """Maps (n, h, w) and what became of them (n, h', w'), side by side.

    Args:
        before: the maps that the layer is given.
        after: those that it gives.
        captions: lines over each map before, and over the same after.
        limits: where the colours end, before and after.
        signed: whether there are negative values on either side.
        title: above all.
        notes: sentences under it.
        beyond: whether values lie past the ends of the colours.
    """
    sheet = Sheet(9.7)
    sheet.heading(title, notes)
    _bars(sheet, limits, signed, beyond)
    tiles = []
    for first, second, (over_first, over_second) in zip(before, after, captions, strict=True):
        tiles.append(Tile(coloured(first, limits[0], signed), over_first))
        tiles.append(Tile(coloured(second, limits[1], signed), over_second))
    side = (sheet.width - MARGIN * PAIRS) / (2 * PAIRS) - MARGIN
    for start in range(0, len(tiles), 2 * PAIRS):
        sheet.row(tiles[start : start + 2 * PAIRS], side, group=2)
    return sheet.finish()


def _bars(sheet: Sheet, limits: tuple[float, float], signed: bool, beyond: bool) -> None:
    """The scale of both sides, or of each."""
    if limits[0] == limits[1]:
        sheet.strip(strip(limits[0], signed, "value, before and after", beyond))
        return
    for limit, side in zip(limits, ("before", "after"), strict=True):
        sheet.strip(strip(limit, signed, f"value {side}", beyond))
