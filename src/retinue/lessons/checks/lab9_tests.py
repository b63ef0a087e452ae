"""Checks of lab 9 about differences: intervals over seeds, McNemar's test, Holm's correction."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from retinue.evaluation.differences import holm
from retinue.lessons.comparing import compare

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ends = tuple[float, float, float]  # middle, low, high


def check_difference_interval(answer: Any) -> None:
    """The mean difference of two recipes over seeds, and its 95 % interval by Student's t."""
    compare(
        answer,
        _accuracies(),
        _interval(),
        {
            "normal_for_t": _interval(quantile=lambda n: stats.norm.ppf(0.975)),
            "spread_for_error": _interval(divisor=lambda n: 1),
            "unpaired": _unpaired,
            "divided_by_n": _interval(ddof=0),
            "freedom_of_n": _interval(quantile=lambda n: stats.t.ppf(0.975, n)),
            "one_side": _interval(quantile=lambda n: stats.t.ppf(0.95, n - 1)),
            "turned_round": lambda one, two: _interval()(two, one),
            "margin_returned": _margin,
        },
    )


def check_mcnemar(answer: Any) -> None:
    """The exact two-sided p-value of McNemar's test."""
    compare(
        answer,
        _answers(),
        _exact,
        {
            "all_pictures": lambda one, two: stats.binomtest(_split(one, two)[0], len(one)).pvalue,
            "one_sided": lambda one, two: _exact(one, two, "greater"),
            "chi_squared": lambda one, two: _chi_squared(one, two, 0),
            "chi_squared_corrected": lambda one, two: _chi_squared(one, two, 1),
            "unpaired": _fisher,
            "above_one": _doubled,
            "both_right_counted": _all_right,
            "equal_split_only": _point,
        },
        words=_told,
    )


def check_holm(answer: Any) -> None:
    """P-values corrected for their number, in the order given."""
    compare(
        answer,
        [(one.tolist(),) for one in _p_values()],
        holm,
        {
            "bonferroni": lambda some: np.minimum(1, len(some) * np.array(some)),
            "not_monotone": lambda some: np.minimum(1, _times(some)),
            "order_lost": lambda some: sorted(holm(some)),
            "above_one": lambda some: _in_order(some, np.maximum.accumulate(_sorted_times(some))),
            "benjamini_hochberg": stats.false_discovery_control,
            "hochberg": lambda some: _in_order(
                some, np.minimum.accumulate(_sorted_times(some)[::-1])[::-1]
            ),
            "uncorrected": np.array,
            "largest_first": lambda some: np.minimum(
                1, np.array(some) * stats.rankdata(some, method="ordinal")
            ),
        },
    )


def _accuracies() -> list[tuple[Floats, Floats]]:
    """Accuracies of two recipes with the same seeds, which have something in common."""
    draw = np.random.default_rng(0)
    cases = []
    for n in (3, 3, 4, 5, 8, 12):
        common = draw.normal(0.7, 0.05, n)
        better, worse = (common + draw.normal(mean, 0.02, n) for mean in (0.03, 0.0))
        cases.append((better, worse))
    return cases


def _interval(
    ddof: int = 1,
    divisor: Callable[[int], float] = math.sqrt,
    quantile: Callable[[int], float] = lambda n: float(stats.t.ppf(0.975, n - 1)),
) -> Callable[[Floats, Floats], Ends]:
    def interval(one: Floats, two: Floats) -> Ends:
        differences = one - two
        n, middle = len(differences), float(differences.mean())
        half = float(quantile(n) * differences.std(ddof=ddof) / divisor(n))
        return middle, middle - half, middle + half

    return interval


def _unpaired(one: Floats, two: Floats) -> Ends:
    ends = stats.ttest_ind(one, two).confidence_interval()
    return float(one.mean() - two.mean()), float(ends.low), float(ends.high)


def _margin(one: Floats, two: Floats) -> Ends:
    middle, low, high = _interval()(one, two)
    return middle, low - middle, high - middle


def _answers() -> list[tuple[Bools, Bools]]:
    """Whether two networks have some pictures right: few disagreements, none, equally many."""
    draw = np.random.default_rng(0)
    cases = [_of_counts(9, 3, 0, 4), _of_counts(12, 5, 5, 3), _of_counts(7, 0, 0, 3)]
    for _ in range(12):
        cases.append(_of_counts(*draw.integers(0, 25, 4).tolist()))
    return [
        (one[order], two[order]) for one, two in cases for order in [draw.permutation(len(one))]
    ]


def _of_counts(both: int, first: int, second: int, none: int) -> tuple[Bools, Bools]:
    counts = [both, first, second, none + 1]
    return np.repeat([True, True, False, False], counts), np.repeat(
        [True, False, True, False], counts
    )


def _split(one: Bools, two: Bools) -> tuple[int, int]:
    return int((one & ~two).sum()), int((two & ~one).sum())


def _exact(one: Bools, two: Bools, alternative: str = "two-sided") -> float:
    counts = _split(one, two)
    more = max(counts) if alternative == "greater" else counts[0]
    if not sum(counts):
        return 1.0
    return float(stats.binomtest(more, sum(counts), 0.5, alternative).pvalue)


def _chi_squared(one: Bools, two: Bools, correction: int) -> float:
    first, second = _split(one, two)
    if not first + second:
        return 1.0
    distance = max(0, abs(first - second) - correction)
    return float(stats.chi2.sf(distance**2 / (first + second), 1))


def _fisher(one: Bools, two: Bools) -> float:
    table = [[int(some.sum()), int((~some).sum())] for some in (one, two)]
    return float(stats.fisher_exact(table).pvalue)


def _doubled(one: Bools, two: Bools) -> float:
    counts = _split(one, two)
    return 2 * float(stats.binom.cdf(min(counts), sum(counts), 0.5))


def _all_right(one: Bools, two: Bools) -> float:
    right = int(one.sum()), int(two.sum())
    return float(stats.binomtest(right[0], sum(right)).pvalue) if sum(right) else 1.0


def _point(one: Bools, two: Bools) -> float:
    counts = _split(one, two)
    return float(stats.binom.pmf(min(counts), sum(counts), 0.5))


def _told(one: Bools, two: Bools) -> str:
    first, second = _split(one, two)
    return (
        f"for {len(one)} pictures, {int((one & two).sum())} right for both, {first} for the first "
        f"alone, {second} for the second alone"
    )


def _p_values() -> list[Floats]:
    """P-values in any order; large ones, near ones, equal ones."""
    draw = np.random.default_rng(0)
    fixed = [[0.01, 0.011, 0.5], [0.5, 0.01], [0.04, 0.03, 0.02, 0.01], [0.2, 0.7, 0.9], [0.03]]
    drawn = [draw.uniform(0, 1, int(draw.integers(2, 9))) ** 3 for _ in range(10)]
    return [np.array(one) for one in fixed] + drawn


def _times(some: Sequence[float]) -> Floats:
    """Each p times how many are not smaller, in the order given."""
    return _in_order(some, _sorted_times(some))


def _sorted_times(some: Sequence[float]) -> Floats:
    return np.sort(some) * np.arange(len(some), 0, -1)


def _in_order(some: Sequence[float], rising: Floats) -> Floats:
    """Values of the sorted p-values brought back to the order given."""
    found = np.empty(len(some))
    found[np.argsort(some, kind="stable")] = rising
    return found
