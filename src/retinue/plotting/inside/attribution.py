"""A map of what speaks for a class, laid over the picture, beside that of a network unlearned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.inside.colours import (
    Colours,
    Numbers,
    Strip,
    as_colour,
    brief_number,
    brightness,
    rgb,
)
from retinue.plotting.inside.sheet import MARGIN, Sheet, Tile
from retinue.plotting.style import BLUE, VERMILION, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 8.4  # inches
PICTURES = 3  # that the width has room for
WARMTH = "inferno"  # even in lightness
COVER = 0.62  # how much of the picture a map without signs hides, whatever its values
STRONGEST = 0.9  # how much of it the ends of a map with signs hide; its zero hides nothing
MIDDLE = 155  # grey under the bar of colours


@dataclass(frozen=True)
class Heat:
    """A map (H, W) and the lines above it."""

    values: Numbers
    lines: Sequence[str]


@styled()
def attribution(
    picture: Colours,
    heats: Sequence[Heat],
    *,
    signed: bool,
    lines: Sequence[str],
    title: str,
    notes: Sequence[str],
) -> "Figure":
    """The picture as it is, then under each map, with a bar of that map's own colours.

    Args:
        picture: (H, W, 1 or 3).
        heats: one or two.
        signed: whether below zero is what speaks against the class.
        lines: above the picture.
        title: above all.
        notes: sentences under it.
    """
    sheet = Sheet(WIDTH)
    sheet.heading(title, notes)
    side = (WIDTH - MARGIN) / PICTURES - MARGIN
    under = pale(picture)
    limits = [limit_of(heat.values, signed) for heat in heats]
    tiles = [
        Tile(veiled(under, veil(heat.values, limit, signed)), heat.lines)
        for heat, limit in zip(heats, limits, strict=True)
    ]
    sheet.row([Tile(as_colour(picture), lines), *tiles], side)
    top = sheet.y - MARGIN / 2
    for number, (heat, limit) in enumerate(zip(heats, limits, strict=True), 1):
        sheet.y = top
        sheet.strip(_strip(heat.values, limit, signed), MARGIN + number * (side + MARGIN), side)
    return sheet.finish()


def limit_of(values: Numbers, signed: bool) -> float:
    """Where the colours of a map end: at its largest value; 1 where it is zero everywhere.

    With signs at the 99th percentile of the magnitudes, for a few pixels often have most of it.
    """
    sizes = np.abs(np.nan_to_num(values))
    common = float(np.percentile(sizes, 99)) if signed else 0.0
    return common or float(sizes.max()) or 1.0


def veil(values: Numbers, limit: float, signed: bool) -> Colours:
    """Values of any shape as colours with their opacity, (..., 4): red, green, blue, alpha.

    Without signs the colour says how large a value is. With signs vermilion speaks for the class
    and blue against it, the more opaque the more.
    """
    share = np.clip(np.nan_to_num(values) / limit, -1 if signed else 0, 1)
    if signed:
        inks = np.where(share[..., None] > 0, rgb(VERMILION), rgb(BLUE))
        opacity = STRONGEST * np.abs(share)
    else:
        from matplotlib import colormaps

        inks = colormaps[WARMTH](share)[..., :3]
        opacity = np.full(share.shape, COVER)
    return _bytes(255 * np.concatenate([inks, opacity[..., None]], axis=-1))


def veiled(grey: Colours, over: Colours) -> Colours:
    """What is seen of grey pixels (H, W) under a veil (H, W, 4): (H, W, 3)."""
    opacity = over[..., 3:] / 255
    return _bytes((1 - opacity) * grey[..., None] + opacity * over[..., :3])


def pale(picture: Colours) -> Colours:
    """A picture (H, W, 1 or 3) in pale grey, (H, W), so that colours on it are seen."""
    return _bytes(60 + 0.75 * brightness(picture))


def scale(limit: float, signed: bool, steps: int = 256) -> Colours:
    """The colours from the lowest to the highest value that a map can show, (steps, 4)."""
    return veil(np.linspace(-limit if signed else 0, limit, steps), limit, signed)


def ends(values: Numbers, limit: float, signed: bool) -> tuple[str, str]:
    """The numbers at the ends of the scale; those that values go beyond have a sign for it."""
    low, high = brief_number(-limit if signed else 0), brief_number(limit)
    below, above = bool((values < -limit).any()), bool((values > limit).any())
    return (f"≤ {low}" if signed and below else low), (f"≥ {high}" if above else high)


def _strip(values: Numbers, limit: float, signed: bool) -> Strip:
    colours = scale(limit, signed)
    low, high = ends(values, limit, signed)
    middle = [(0.5, "0")] if signed else []
    under = np.full((1, len(colours)), MIDDLE, np.uint8)
    return Strip(veiled(under, colours[None])[0], [(0.0, low), *middle, (1.0, high)], "")


def _bytes(values: Numbers) -> Colours:
    return np.asarray(np.round(values), np.uint8)
