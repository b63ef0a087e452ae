"""Maps, (channels, rows, columns) of numbers, as convolutions take and give them."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import UsageError

Maps = NDArray[np.float64]  # (C, H, W)


def maps_of(pixels: Any) -> Maps:
    """A picture (H, W) or (H, W, C) as maps (C, H, W): channels first, as networks have them."""
    values = np.asarray(pixels, dtype=np.float64)
    return np.ascontiguousarray(np.moveaxis(np.atleast_3d(values), 2, 0))


def as_maps(values: Any) -> Maps:
    """Maps (C, H, W), or one map (H, W), as float64 (C, H, W).

    Raises:
        UsageError: it is no such array.
    """
    maps = as_numbers(values, "a picture")
    maps = maps[None] if maps.ndim == 2 else maps
    if maps.ndim != 3 or not maps.size:
        raise UsageError(
            f"a picture is an array (C, H, W) or (H, W) of numbers, not one of shape {maps.shape}"
        )
    return maps


def as_numbers(values: Any, what: str) -> Maps:
    """An array of float64 of any shape, of whatever array or list of numbers.

    Raises:
        UsageError: it is something else.
    """
    if hasattr(values, "detach"):  # a tensor, such as the weight of a layer
        values = values.detach().cpu()
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{what} is an array of numbers") from None


def cell_of(cell: Sequence[Any], shape: Sequence[int]) -> tuple[int, int, int]:
    """An output cell (channel, row, column), counted from 0, of an output of that shape.

    Raises:
        UsageError: there is no such cell.
    """
    found = tuple(cell)
    if len(found) != 3 or not all(
        isinstance(at, Integral) and 0 <= int(at) < most
        for at, most in zip(found, shape, strict=True)
    ):
        channels, height, width = shape
        raise UsageError(
            f"cell {found}: should be (channel, row, column), counted from 0; the output has "
            f"{channels} x {height} x {width}"
        )
    return int(found[0]), int(found[1]), int(found[2])
