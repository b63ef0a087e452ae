"""What differences are judged by: how much trainings, or settings, vary by chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retinue.experiments.sweeps.cells import Cell, pool, pooled
from retinue.experiments.sweeps.model import Floats

SEEDS, SETTINGS, NOTHING = "seeds", "settings", "nothing"
MANY_DEGREES = 24  # from which on each setting's own variance is used
LEAST_FREEDOM = 1.0


@dataclass(frozen=True)
class Error:
    """A variance with its degrees of freedom, of one training or setting.

    `of` is "seeds" where it is between seeds within settings, "settings" where it is between
    settings beyond the sum of what their values do. It is never below `floor`. `own` are the
    settings' own variances, with the degrees of each, where there are enough of them to allow for
    values that make the outcome less steady; None where all are taken to vary alike. `share` is
    what a training weighs in each.
    """

    of: str
    variance: float
    degrees: float
    floor: float
    own: Floats | None = None
    own_degrees: Floats | None = None
    share: Floats | None = None

    def of_sum(self, weights: Floats) -> tuple[float, float]:
        """The variance of a weighted sum over settings, and its degrees of freedom.

        With settings' own variances the degrees are Satterthwaite's (1946), in Welch's form (1947)
        that is not too few on average.
        """
        if self.own is None or self.own_degrees is None or self.share is None:
            return float(weights @ weights) * self.variance, self.degrees
        parts = weights**2 * self.own
        whole = float(parts.sum())
        squares = float((parts**2 / (self.own_degrees + 2 * self.share)).sum())
        freedom = whole**2 / squares - 2 if squares > 0 else self.degrees
        return whole, min(self.degrees, max(LEAST_FREEDOM, freedom))

    def of_squares(self, projection: Floats) -> tuple[float, float, float]:
        """What a sum of squares is expected to be by chance, and both degrees of freedom of its F.

        With settings' own variances this is Box's approximation (1954; Brunner, Dette and Munk
        1997), else the usual F test.

        Args:
            projection: the matrix of the sum of squares, (settings, settings).
        """
        diagonal = np.diag(projection)
        if self.own is None or self.own_degrees is None or self.share is None:
            rank = round(float(diagonal.sum()))
            return rank * self.variance, rank, self.degrees
        roots = np.sqrt(np.maximum(diagonal, 0.0))
        expected, freedom = self.of_sum(roots)
        unbiased = self.own_degrees / (self.own_degrees + 2 * self.share)
        both = projection**2 * np.outer(self.own, self.own)
        np.fill_diagonal(both, np.diag(both) * unbiased)
        return expected, expected**2 / float(both.sum()), freedom


def by_seeds(cells: Sequence[Cell], floor: float) -> Error:
    """The error between seeds within these settings, some of which have several."""
    seeds = pooled(cells)
    variance = max(seeds.variance, floor)
    if seeds.degrees < MANY_DEGREES:
        return Error(SEEDS, variance, seeds.degrees, floor)
    singly = [pool([(cell.accuracies, cell.weights)]) for cell in cells]
    # A setting with one seed is taken to vary as all do.
    own = [max(one.variance, floor) if one.degrees else variance for one in singly]
    degrees = [one.degrees or seeds.degrees for one in singly]
    shares = [math.fsum(cell.weights) / len(cell.weights) for cell in cells]
    return Error(
        SEEDS, variance, seeds.degrees, floor, np.array(own), np.array(degrees), np.array(shares)
    )
