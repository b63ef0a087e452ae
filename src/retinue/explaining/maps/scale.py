"""Where a scale of colours ends, and which channels are shown."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]

# A few values far from all others would leave those without colour; they get that of the end.
WITHIN = 0.995


def limit_of(values: Numbers) -> float:
    """The magnitude that all but the largest 0.5 % of the values other than 0 stay within.

    1 where there are none, so that it can always be divided by.
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.quantile(sizes, WITHIN)) if sizes.size else 1.0


def limits_of_each(maps: Numbers) -> NDArray[np.float64]:
    """The largest magnitude of each of some maps (C, H, W); 1 where all of a map is 0."""
    largest = np.abs(np.where(np.isfinite(maps), maps, 0)).max(axis=(1, 2)).astype(np.float64)
    return np.where(largest > 0, largest, 1.0)


def strength_of(maps: Numbers) -> NDArray[np.float64]:
    """How strong each of some maps (C, H, W) is: the root of the mean of its squared values.

    So few large values count for more than many small ones, such as those just below zero that
    Hardswish and GELU leave of what they suppress.
    """
    values = np.where(np.isfinite(maps), maps, 0).astype(np.float64)
    return np.asarray(np.sqrt((values**2).mean(axis=(1, 2))))


def strongest(strengths: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """The numbers of at most so many channels, the strongest first; among equals the first."""
    return np.argsort(-strengths, kind="stable")[:most].astype(np.int64)


def number(value: float) -> float | None:
    """A number as JSON has it: nothing where it is not finite."""
    return float(value) if np.isfinite(value) else None
