"""Least squares on columns that say which level of each key a setting has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Term = tuple[int, ...]  # () the common mean, (a,) what key a does, (a, b) how both work together

SMALL = 1e-9  # relative; a combination of columns that is off by less is one that can be estimated
ROUNDING = 1e-12  # accuracies that differ by less are the same


@dataclass(frozen=True)
class Fit:
    """A model fitted to the means of settings.

    `columns` are scaled by the roots of the weights. `squares` is the weighted sum of squares that
    is left, `rank` the number of parameters that the settings determine; more columns than that do
    no harm.
    """

    columns: Floats
    inverse: Floats
    parameters: Floats
    squares: float
    rank: int

    @property
    def projection(self) -> Floats:
        """What makes the fitted values of the scaled means, (settings, settings)."""
        return self.columns @ self.inverse

    def estimate(self, combination: Floats) -> tuple[float, Floats] | None:
        """A combination of the parameters, and the weights (settings,) of the scaled means in it.

        The scaled means vary as single trainings do. None if the settings do not determine it.
        """
        onto = combination @ self.inverse
        if np.abs(onto @ self.columns - combination).max() > SMALL * np.abs(combination).max():
            return None
        return float(combination @ self.parameters), onto


def fit(columns: Floats, weights: Floats, means: Floats) -> Fit:
    """Weighted least squares.

    Args:
        columns: (settings, parameters), of any rank.
        weights: how many trainings each mean is of, (settings,).
        means: (settings,).
    """
    root = np.sqrt(weights)
    scaled = columns * root[:, None]
    left, values, right = np.linalg.svd(scaled, full_matrices=False)
    kept = values > SMALL * values.max()
    inverse = (right[kept].T / values[kept]) @ left[:, kept].T
    parameters = inverse @ (means * root)
    residual = means * root - scaled @ parameters
    squares = float(residual @ residual)
    return Fit(scaled, inverse, parameters, squares, int(kept.sum()))


def columns_of(places: Ints, sizes: Sequence[int], terms: Sequence[Term]) -> Floats:
    """The columns of all terms for settings whose levels are `places` (settings, keys).

    A key's first level is the one without a column; `sizes` are the numbers of levels.
    """
    single = [
        (places[:, key, None] == np.arange(1, size)).astype(np.float64)
        for key, size in enumerate(sizes)
    ]
    parts = []
    for term in terms:
        part = np.ones((len(places), 1))
        for key in term:
            part = (part[:, :, None] * single[key][:, None, :]).reshape(len(places), -1)
        parts.append(part)
    return np.concatenate(parts, axis=1)


def averaged(
    places: Ints, sizes: Sequence[int], terms: Sequence[Term], held: Mapping[int, int]
) -> Floats:
    """The combination of parameters that is the mean with some keys held at one level each.

    It is over all combinations of the other keys that were trained, each counted once.
    """
    others = [key for key in range(len(sizes)) if key not in held]
    distinct = np.unique(places[:, others], axis=0) if others else places[:1, others]
    rows = np.empty((len(distinct), len(sizes)), dtype=np.int64)
    rows[:, others] = distinct
    for key, place in held.items():
        rows[:, key] = place
    return np.asarray(columns_of(rows, sizes, terms).mean(axis=0))
