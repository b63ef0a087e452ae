"""Many differences judged at once: the range of means (Tukey 1953, Kramer 1956)."""

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, stdtr, stdtrit

from retinue.experiments.sweeps.model import Floats

LEVEL = 0.05
LEAST_P = 1e-12  # below, the sums are not exact
ENDLESS = 1e5  # degrees of freedom from which on the deviation is as good as known
MIDDLES, STEP = np.arange(-8.0, 8.01, 0.2), 0.2  # of the greatest mean
DEVIATIONS = 400  # measured ones, in even steps of their logarithm


def range_p(distance: float, count: int, degrees: float) -> float:
    """How probable it is that some two of `count` equal means lie so far apart.

    It is the upper tail of the studentized range, summed over the greatest mean and the measured
    deviation in even steps; of `scipy.stats` it takes twenty times as long.

    Args:
        distance: between two means, in standard errors of their difference.
        count: how many means are compared with each other.
        degrees: of freedom of the standard error.
    """
    if distance == 0:
        return 1.0
    if count == 2:
        return float(2 * stdtr(degrees, -distance))
    wide = 2**0.5 * distance
    if degrees >= ENDLESS:
        return _bounded(float(_beyond(np.array([wide]), count)[0]))
    near = 9 / (2 * degrees) ** 0.5
    logs = np.linspace(-max(36 / degrees, near), min(near, 2.3), DEVIATIONS)
    weights = np.exp(degrees * (logs + 0.5 - np.exp(2 * logs) / 2))
    return _bounded(float((weights * _beyond(wide * np.exp(logs), count)).sum() / weights.sum()))


def range_width(count: int, degrees: float) -> float:
    """Half the width, in standard errors, of intervals that hold all differences in 95 %."""
    return _range_width(count, round(degrees, 6))


@lru_cache(maxsize=1000)
def _range_width(count: int, degrees: float) -> float:
    if count == 2:
        return float(stdtrit(degrees, 1 - LEVEL / 2))
    return float(brentq(lambda width: range_p(width, count, degrees) - LEVEL, 0.1, 1000.0))


def _beyond(widths: Floats, count: int) -> Floats:
    """How probable it is that `count` standard normal numbers span more than each width."""
    density = np.exp(-(MIDDLES**2) / 2) / np.sqrt(2 * np.pi)
    others = ndtr(MIDDLES) - ndtr(MIDDLES - widths[:, None])
    return np.asarray(1 - count * STEP * (density * others ** (count - 1)).sum(axis=1))


def _bounded(p: float) -> float:
    return min(1.0, max(LEAST_P, p))
