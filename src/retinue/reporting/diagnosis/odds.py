"""Is it more than chance? Tests of counts, one-sided, for rules that must not cry wolf."""

import numpy as np
from scipy.special import gammaln

from retinue.evaluation.calibration import Floats

SURELY = 0.001  # of runs in which nothing is wrong a rule may complain by chance


def p_of_fewer(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """How often the first share would be so much below the second by chance alone.

    Fisher's exact test of two shares, `hits` out of `n`, of different pictures.
    """
    total, everybody = hits + other_hits, n + other_n
    fewest = max(0, total - other_n)
    if not n or not other_n:
        return 1.0
    ways = np.arange(fewest, hits + 1, dtype=np.float64)
    logs = _choose(n, ways) + _choose(other_n, total - ways)
    return float(min(1.0, np.exp(logs - _choose(everybody, np.float64(total))).sum()))


def is_less(share: float, n: int, other: float, other_n: int, at_least: float) -> bool:
    """Whether a share is below another of different pictures, surely, and by `at_least` or more."""
    if other - share < at_least:
        return False
    return p_of_fewer(round(share * n), n, round(other * other_n), other_n) < SURELY


def above(share: float, by_chance: float) -> float:
    """A share of right answers on a scale on which guessing is 0 and perfection 1."""
    return (share - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0


def _choose(n: int, k: Floats | np.float64) -> Floats:
    """The logarithm of the number of ways to choose k of n."""
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
