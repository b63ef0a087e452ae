"""What a layer makes of one picture: its maps in a grid, one map on the picture, units as bars."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.inside.colours import Numbers, as_colour, coloured, laid_over, strip
from retinue.plotting.inside.sheet import MARGIN, Sheet, Tile, columns_for
from retinue.plotting.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    new_figure,
    shorten,
    shorten_all,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 9.7  # inches
OVERLAY = 1.72  # inches a picture is wide in the row above the grid


@styled()
def feature_maps(
    picture: NDArray[np.uint8],
    maps: Numbers,
    captions: Sequence[Sequence[str]],
    limits: Sequence[float],
    signed: bool,
    *,
    dead: Sequence[bool],
    overlays: Sequence[tuple[str, Numbers, float]],
    name: str,
    title: str,
    notes: Sequence[str],
    scale: str,
    end: float,
    beyond: bool,
) -> "Figure":
    """The picture, the strongest maps laid over it, and all maps in reading order.

    Args:
        picture: (H, W, 1 or 3).
        maps: (n, h, w).
        captions: some lines a map.
        limits: where each map's colours end.
        signed: whether there are negative values.
        dead: which maps are marked.
        overlays: a caption, a map enlarged to (H, W) and its limit, each.
        name: of the picture.
        title: above all.
        notes: sentences under it.
        scale: what the bar of colours shows.
        end: the number at its end.
        beyond: whether values lie past the ends of the bar.
    """
    sheet = Sheet(WIDTH)
    sheet.heading(title, notes)
    first = [Tile(as_colour(picture), [name])]
    laid = [Tile(laid_over(picture, heat, limit), [caption]) for caption, heat, limit in overlays]
    sheet.row([*first, *laid], OVERLAY)
    sheet.strip(strip(end, signed, scale, beyond))
    tiles = [
        Tile(coloured(values, limit, signed), lines, marked)
        for values, lines, limit, marked in zip(maps, captions, limits, dead, strict=True)
    ]
    sheet.grid(tiles, columns_for(len(tiles)))
    return sheet.finish()


@styled()
def one_map(
    picture: NDArray[np.uint8],
    values: Numbers,
    enlarged: Numbers,
    limit: float,
    signed: bool,
    *,
    title: str,
    notes: Sequence[str],
    beyond: bool,
) -> "Figure":
    """A picture (H, W, 1 or 3), one map (h, w) of it, and the map laid over it, large."""
    sheet = Sheet(8.4)
    sheet.heading(title, notes)
    side = (sheet.width - MARGIN) / 3 - MARGIN
    size = f"{values.shape[0]}x{values.shape[1]}"
    sheet.row(
        [
            Tile(as_colour(picture), ["the picture"]),
            Tile(coloured(values, limit, signed), [f"the map, {size}"]),
            Tile(laid_over(picture, enlarged, limit), ["the map enlarged, on the picture"]),
        ],
        side,
    )
    sheet.strip(strip(limit, signed, "value of the map", beyond))
    return sheet.finish()


@styled()
def units(
    picture: NDArray[np.uint8],
    values: Numbers,
    names: Sequence[str],
    *,
    name: str,
    title: str,
    notes: Sequence[str],
) -> "Figure":
    """A picture (H, W, 1 or 3) beside bars of values (n,), the first on top.

    Negative ones are blue. `names` are those of the bars, `name` is the picture's.
    """
    height = max(2.6, 1.2 + 0.2 * len(notes) + 0.21 * len(values))
    figure = new_figure(8.4, height)
    left, axes = figure.subplots(1, 2, width_ratios=(1, 2.6))
    left.imshow(as_colour(picture), interpolation="nearest" if len(picture) < 64 else None)
    left.set_axis_off()
    left.set_anchor("N")
    left.set_title(shorten(name, 24), fontsize=8)
    rows = np.arange(len(values))
    colours = [VERMILION if value > 0 else BLUE for value in values]
    axes.barh(rows, np.nan_to_num(values), 0.7, color=colours)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(rows, shorten_all(names, 24))
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("value")
    words = [shorten(title, 100), *(line for note in notes for line in wrap(note, 110))]
    figure.suptitle("\n".join(words), x=0.01, ha="left", fontsize=9, color=INK)
    return figure
