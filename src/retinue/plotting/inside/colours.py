"""From numbers to colours: scales with and without a sign, and maps laid over a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import BLUE, GREY, VERMILION

Numbers = NDArray[np.floating[Any]]
Colours = NDArray[np.uint8]  # (..., 3)

SIGNED, UNSIGNED = "RdBu_r", "viridis"  # both even in lightness, for colour-blind eyes too
LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
STRONGEST = 0.85  # how much of a picture the largest value of a map covers


@dataclass(frozen=True)
class Strip:
    """A bar of colours (n, 3) uint8, the texts at places from 0 to 1 along it, and what it is."""

    colours: Colours
    ticks: Sequence[tuple[float, str]]
    label: str


def coloured(values: Numbers, limit: float, signed: bool) -> Colours:
    """Values of any shape as colours (..., 3): from 0 to the limit, or from -limit to limit.

    What lies beyond has the colour of the end; what is no finite number is grey.
    """
    from matplotlib import colormaps

    finite = np.isfinite(values)
    share = np.clip(np.where(finite, values, 0) / limit, -1 if signed else 0, 1)
    found = colormaps[SIGNED if signed else UNSIGNED]((share + 1) / 2 if signed else share)
    found[~finite] = [*rgb(GREY), 1]
    return np.asarray(np.round(255 * found[..., :3]), np.uint8)


def strip(limit: float, signed: bool, label: str, beyond: bool = False) -> Strip:
    """The bar that explains `coloured`; `beyond` says whether there are values past its ends."""
    values = np.linspace(-limit if signed else 0, limit, 256)
    low, high = brief_number(-limit if signed else 0), brief_number(limit)
    if beyond:
        low, high = f"≤ {low}" if signed else low, f"≥ {high}"
    middle = [(0.5, "0")] if signed else []
    return Strip(coloured(values, limit, signed), [(0.0, low), *middle, (1.0, high)], label)


def laid_over(picture: Colours, values: Numbers, limit: float) -> Colours:
    """A picture (H, W, 1 or 3) in pale grey under the values (H, W): (H, W, 3).

    Positive values are vermilion and negative ones blue, the more so the larger they are.
    """
    grey = 70 + 0.72 * brightness(picture)[..., None]
    share = np.clip(np.nan_to_num(values, posinf=limit, neginf=-limit) / limit, -1, 1)[..., None]
    ink = np.where(share > 0, 255 * rgb(VERMILION), 255 * rgb(BLUE))
    cover = STRONGEST * np.abs(share)
    return np.asarray(np.round((1 - cover) * grey + cover * ink), np.uint8)


def brief_number(value: float) -> str:
    """A number in two digits or three, as `0.31`, `−125` or `4.1e6`."""
    if not isfinite(value):
        return "not finite"
    text = f"{value:.0f}" if 10 <= abs(value) < 9999.5 else f"{value:.2g}"
    if "e" in text:
        digits, _, exponent = text.partition("e")
        text = f"{digits}e{int(exponent)}"
    return "0" if text in ("0", "-0") else text.replace("-", "−")


def as_colour(picture: Colours) -> Colours:
    """A picture (H, W, 1 or 3) as (H, W, 3)."""
    return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture


def brightness(picture: Colours) -> NDArray[np.float64]:
    """How bright each pixel of a picture (H, W, 1 or 3) is, (H, W) from 0 to 255."""
    return np.asarray(picture @ (LUMINANCE if picture.shape[2] == 3 else np.ones(1)))


def rgb(name: str) -> NDArray[np.float64]:
    """A colour of the style as numbers from 0 to 1."""
    return np.array([int(name[start : start + 2], 16) / 255 for start in (1, 3, 5)])
