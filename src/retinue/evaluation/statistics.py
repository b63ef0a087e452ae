"""How far a measured number can be trusted: intervals for every metric of an evaluation.

All intervals are two-sided at 95 % unless told otherwise and speak of the draw of the test
pictures alone, not of other seeds or other training data. Bootstraps resample pictures, seeded
through `retinue.seeds`; equal input gives equal intervals, in whatever order the pictures come.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from retinue.evaluation.calibration import Bools, Floats, Ints, bin_index
from retinue.seeds import seed_for

Interval = tuple[float, float]

CHUNK = 250  # resamples held in memory at a time


def wilson(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """The interval of a share, `successes` out of `n` (Wilson 1927); (0, 1) where n is 0.

    Unlike value +- z * sd it stays within 0 and 1 and keeps a width at 0 % and 100 %. Fractions
    are allowed, for shares whose variance is that of a share of n without being counts.

    Raises:
        ValueError: `successes` does not lie between 0 and n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n} are impossible")
    if n == 0:
        return 0.0, 1.0
    z = _quantile(confidence)
    share, shrink = float(successes / n), 1 + z * z / float(n)
    centre = (share + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    # min and max with the share itself: at 0 and n, rounding must not leave it outside.
    return max(0.0, min(share, float(centre - half))), min(1.0, max(share, float(centre + half)))


def f1_interval(hits: int, misses_and_alarms: int, confidence: float = 0.95) -> Interval:
    """The interval of one class's F1; (0, 1) where the class neither occurs nor is predicted.

    F1 = 2 J / (1 + J) rises with J = hits / (hits + misses + false alarms), Jaccard's index, which
    is a share of counts: its Wilson interval, mapped, is one of F1.
    """
    low, high = wilson(hits, hits + misses_and_alarms, confidence)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def mean_interval(values: Floats, confidence: float = 0.95) -> Interval | None:
    """The interval of a mean of values (N,), by the normal approximation; None below two values."""
    if len(values) < 2:
        return None
    half = _quantile(confidence) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    mean = float(np.mean(values))
    return mean - half, mean + half


def auc_interval(auc: float, positives: int, negatives: int, confidence: float = 0.95) -> Interval:
    """The interval of an area under the ROC curve; (0, 1) where a side has no pictures.

    The variance is that of Hanley and McNeil 1982. As in Wilson's interval it is taken at the end
    sought, not at the estimate (Newcombe 2006): all areas that would not make the measured one
    surprising. So an area of 1 does not come with an interval of no width.
    """
    if positives == 0 or negatives == 0:
        return 0.0, 1.0
    z = _quantile(confidence)

    def surprise(area: float) -> float:
        return (area - auc) ** 2 - z * z * _auc_variance(area, positives, negatives)

    near = 1e-9  # at an estimate of exactly 0 or 1 the variance is 0, just beside it is not
    low = brentq(surprise, 0.0, auc - near) if auc > near else 0.0
    high = brentq(surprise, auc + near, 1.0) if auc < 1 - near else 1.0
    return float(low), float(high)


def macro_intervals(
    confusion: Ints, draws: int = 2000, seed: int = 0
) -> dict[str, dict[str, Interval]]:
    """Percentile-bootstrap intervals of macro and weighted precision, recall and F1.

    Resampling the pictures is a multinomial draw of the cells of the confusion matrix. In every
    resample the macro mean is over the classes that occur in it, true or predicted.

    Args:
        confusion: counts (K, K), rows true, columns predicted, at least one picture.
        draws: number of resamples.
        seed: seeds the draws; equal seeds give equal intervals.

    Returns:
        {"macro" | "weighted": {"precision" | "recall" | "f1": (low, high)}}. Without any mistake no
        resample would show one; then the lower ends are the Wilson interval's of the accuracy.
    """
    rows, columns = np.nonzero(confusion)
    classes = np.arange(len(confusion))
    true, predicted = (rows[:, None] == classes), (columns[:, None] == classes)
    membership = np.hstack([true, predicted, true & predicted]).astype(np.float64)
    counts = _resampled_sums(confusion[rows, columns], membership, draws, seed, "macro")
    scores = _averages(*np.split(counts, 3, axis=1))
    lows, highs = np.percentile(scores, [2.5, 97.5], axis=0)
    if np.array_equal(rows, columns):
        total = int(confusion.sum())
        lows[:] = wilson(total, total)[0]
    names = [(a, b) for a in ("macro", "weighted") for b in ("precision", "recall", "f1")]
    intervals: dict[str, dict[str, Interval]] = {"macro": {}, "weighted": {}}
    for (average, metric), low, high in zip(names, lows, highs, strict=True):
        intervals[average][metric] = (float(low), float(high))
    return intervals


def ece_interval(
    confidences: Floats, correct: Bools, bins: int = 15, draws: int = 2000, seed: int = 0
) -> Interval:
    """The bootstrap interval of the expected calibration error, over the pictures.

    The error is a sum of absolute values, so chance only adds to it, in each resample once more.
    Hence the basic bootstrap (Efron and Tibshirani 1993, 2 * value - quantile), which takes that
    surplus off again, widened where needed so as to hold the measured value.

    Args:
        confidences: the probability of the predicted class, (N,), N at least 1.
        correct: whether the prediction was right, (N,).
        bins: number of bins of equal width, as in `reliability_bins`.
        draws: number of resamples.
        seed: seeds the draws.
    """
    fine = 100  # resample hundredths of a bin, not pictures: the same to 1 / 1500, for any N
    cell = bin_index(confidences, bins * fine) * 2 + correct
    cells, place, counts = np.unique(cell, return_inverse=True, return_counts=True)
    gaps = np.bincount(place, weights=correct - confidences) / counts
    in_bin = cells[:, None] // (2 * fine) == np.arange(bins)
    sums = _resampled_sums(counts, in_bin * gaps[:, None], draws, seed, "ece")
    errors = np.abs(sums).sum(axis=1) / len(confidences)
    value = float(np.abs((counts * gaps) @ in_bin).sum() / len(confidences))
    low, high = np.percentile(errors, [2.5, 97.5])
    lower, upper = 2 * value - float(high), 2 * value - float(low)
    return max(0.0, min(value, lower)), min(1.0, max(value, upper))


def _quantile(confidence: float) -> float:
    """How many standard deviations a two-sided interval reaches: 1.96 for 0.95."""
    return float(ndtri(0.5 + confidence / 2))


def _auc_variance(auc: float, positives: int, negatives: int) -> float:
    """Hanley and McNeil 1982, equation 2, with Q1 - A^2 and Q2 - A^2 brought to products."""
    rest = 1 - auc
    two_positives = auc * rest * rest / (2 - auc)
    two_negatives = auc * auc * rest / (1 + auc)
    total = auc * rest + (positives - 1) * two_positives + (negatives - 1) * two_negatives
    return total / (positives * negatives)


def _resampled_sums(counts: Ints, weights: Floats, draws: int, seed: int, purpose: str) -> Floats:
    """Resample cells (M,) holding `counts` pictures; sums (draws, S) of their weights (M, S)."""
    random = np.random.default_rng(seed_for(seed, f"bootstrap-{purpose}"))
    total = int(counts.sum())
    shares = counts / total
    sizes = [min(CHUNK, draws - start) for start in range(0, draws, CHUNK)]
    return np.vstack([random.multinomial(total, shares, size=size) @ weights for size in sizes])


def _averages(true: Floats, predicted: Floats, hits: Floats) -> NDArray[np.float64]:
    """Macro, then weighted precision, recall and F1 (draws, 6) from counts a class (draws, K)."""
    either = true + predicted
    # Where a denominator is 0 so are the hits, and the score is 0 (zero_division=0).
    scores = [hits / np.maximum(true_or, 1) for true_or in (predicted, true, either / 2)]
    macro = [score.sum(axis=1) / (either > 0).sum(axis=1) for score in scores]
    weighted = [(score * true).sum(axis=1) / true.sum(axis=1) for score in scores]
    return np.stack(macro + weighted, axis=1)
