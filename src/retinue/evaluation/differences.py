"""Whether one classifier is better than another: networks compared on the same pictures.

A recipe trained again with another seed is another network. Where there are several seeds, the
numbers speak of the recipe: of its expected accuracy over new pictures and new seeds. With a single
network each they speak of these networks, over new pictures alone.

The answers are then a table of seeds and pictures, and the variance of a mean is taken apart as in
studies of several readers judging the same cases (Obuchowski and Rockette 1995, Hillis 2007):
pictures + seeds, less the noise that both have in them. Counting every answer as one of its own, or
resampling three seeds, claims too much. `benchmarks/coverage.py` simulates how often these
intervals hold the truth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, ndtri, stdtrit

from retinue.evaluation.calibration import Bools, Floats, Ints
from retinue.evaluation.statistics import CHUNK, Interval, wilson
from retinue.seeds import seed_for

LEAST_P = 1e-100  # p-values of differences between recipes are not resolved below
ENDLESS = 1e6  # degrees of freedom from which on Student's t is the normal distribution
TINY = float(np.finfo(np.float64).tiny)  # instead of a division by 0
FLOOR = 0.5  # of the width for pictures alone; with all of it, seeds that do not vary cover 98 %
BOTH = "pictures and seeds"


@dataclass(frozen=True)
class McNemar:
    """The exact test of McNemar (1947) on two networks' answers to the same pictures."""

    only_first: int
    """Pictures that only the first network has right."""
    only_second: int
    p: float
    """Two-sided: the chance of a split at least so uneven among equally good networks."""


@dataclass(frozen=True)
class Estimate:
    """A value, 0 to 1 for an accuracy, and the interval around it."""

    value: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Difference:
    """The first's accuracy less the second's, -1 to 1, its interval, and the p-value of none."""

    value: float
    low: float
    high: float
    p: float
    method: str


@dataclass(frozen=True)
class Spread:
    """Where the variance of a mean, or of a difference of two, comes from.

    Arrays of one shape, () for a single mean: simulations have thousands.
    """

    pictures: Floats
    """The variance over new pictures, were these networks the only ones."""
    seeds: Floats
    """The variance over new seeds, were these pictures the only ones."""
    noise: Floats
    """What both have in them: a seed's own luck with each picture."""
    freedom: Floats
    """Degrees of freedom with which `seeds` is known."""


def mcnemar(first: Bools, second: Bools) -> McNemar:
    """Test whether two networks are equally accurate, by the pictures they disagree on.

    Args:
        first: whether the first network has each picture right, (N,).
        second: the same of the second, (N,).

    Raises:
        ValueError: they are not of one length.
    """
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"answers of shapes {first.shape} and {second.shape} are not to one set")
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    fewer, both = min(only_first, only_second), only_first + only_second
    return McNemar(only_first, only_second, min(1.0, 2 * float(bdtr(fewer, both, 0.5))))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number (Holm 1979), in the order given.

    Those at or below 0.05 then hold one false claim or more in at most 5 % of all studies,
    whatever the tests have to do with each other.

    Raises:
        ValueError: a p-value is not between 0 and 1.
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError(f"p-values lie between 0 and 1, unlike some of {list(p_values)}")
    rising = np.argsort(p_values, kind="stable")
    left = np.arange(len(rising), 0, -1)
    adjusted = np.empty(len(rising))
    adjusted[rising] = np.maximum.accumulate(left * np.asarray(p_values, dtype=float)[rising])
    return [float(p) for p in np.minimum(adjusted, 1.0)]


def accuracy_estimate(correct: Bools, confidence: float = 0.95) -> Estimate:
    """A recipe's accuracy, over new pictures and, given several seeds, over new seeds.

    With one seed this is Wilson's interval, and says nothing of other seeds.

    Args:
        correct: whether each of S seeds has each of N pictures right, (S, N).
        confidence: how often such intervals hold the truth, 0 to 1.

    Raises:
        ValueError: there are no pictures, or a single one and several seeds.
    """
    table = _table(correct)
    size, n = table.shape
    value = float(table.mean())
    if size == 1:
        return Estimate(value, *wilson(float(table.sum()), n, confidence), "Wilson")
    half = float(half_width(spread_of(*moments(table), (size,), n), (1 - confidence) / 2))
    return Estimate(value, *share_interval(value, half, n, confidence), BOTH)


def difference(first: Bools, second: Bools, confidence: float = 0.95) -> Difference:
    """How much more accurate the first recipe is, over new pictures and new seeds.

    The p-value is below 1 - confidence just where the interval leaves out 0. Not so with one
    network each: there the interval is Tango's (1998), over new pictures alone, and the p-value
    McNemar's exact one, which is the more careful of the two. A single network against several
    seeds of another recipe is taken to vary with its seed as those do.

    Args:
        first: whether each of S seeds has each of N pictures right, (S, N).
        second: the same of T seeds of the second recipe, on the same pictures, (T, N).
        confidence: how often such intervals hold the truth, 0 to 1.

    Raises:
        ValueError: the pictures are not as many for both, or none.
    """
    if np.shape(first)[-1:] != np.shape(second)[-1:]:
        raise ValueError(f"{np.shape(first)} and {np.shape(second)}: not the same pictures")
    one, other = _table(first), _table(second)
    n, value = one.shape[1], float(one.mean() - other.mean())
    if len(one) == len(other) == 1:
        test = mcnemar(one[0] > 0, other[0] > 0)
        low, high = tango(test.only_first, test.only_second, n, confidence)
        return Difference(value, low, high, test.p, "Tango, McNemar")
    answers = np.vstack([one, other])
    spread = spread_of(*moments(answers), (len(one), len(other)), n)
    half = _difference_half(spread, n, (1 - confidence) / 2)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Difference(value, low, high, _p_value(spread, n, abs(value)), BOTH)


def mean_estimate(
    values: NDArray[np.floating], confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> Estimate:
    """The mean of any number that each picture has, such as its log loss.

    The pictures are resampled (percentile bootstrap, Efron and Tibshirani 1993, chapter 13), which
    takes a lopsided distribution as it is. Few seeds cannot be resampled: they widen both sides by
    as much as they widen the interval of an accuracy.

    Args:
        values: (N,), or (S, N) of S seeds.
        confidence: how often such intervals hold the truth, 0 to 1.
        draws: number of resamples.
        seed: seeds the draws; equal seeds give equal intervals.

    Raises:
        ValueError: there are no pictures, or a single one and several seeds, or a value is not
            finite.
    """
    table = _table(values)
    size, n = table.shape
    means = np.sort(table.mean(axis=0))  # in whatever order the pictures come
    value = float(means.mean())
    random = np.random.default_rng(seed_for(seed, "bootstrap-mean"))
    sizes = [min(CHUNK, draws - start) for start in range(0, draws, CHUNK)]
    drawn = [bootstrap_means(means, random.integers(n, size=(count, n))) for count in sizes]
    tail = (1 - confidence) / 2
    low, high = np.percentile(np.concatenate(drawn), [100 * tail, 100 * (1 - tail)])
    below, above = max(0.0, value - float(low)), max(0.0, float(high) - value)
    if size == 1:
        return Estimate(value, value - below, value + above, "bootstrap over pictures")
    spread = spread_of(*moments(table), (size,), n)
    half = float(half_width(spread, tail))
    alone = -float(ndtri(tail)) * math.sqrt(float(spread.pictures))
    below, above = (below * half / alone, above * half / alone) if alone > 0 else (half, half)
    return Estimate(value, value - below, value + above, f"bootstrap over {BOTH}")


def bootstrap_means(values: NDArray[np.floating], indices: Ints) -> Floats:
    """The means (draws,) of resamples of `values` (N,), a row of `indices` (draws, N) each."""
    return np.asarray(np.asarray(values, dtype=np.float64)[indices].mean(axis=1))


def moments(answers: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Means (M,) of the answers (M, N) of M networks, and their covariance (M, M) over pictures.

    Raises:
        ValueError: there is only one picture.
    """
    if answers.shape[1] < 2:
        raise ValueError("one picture does not show how pictures vary")
    return answers.mean(axis=1), np.atleast_2d(np.cov(answers))


def spread_of(means: Floats, covariance: Floats, sizes: tuple[int, ...], n: int) -> Spread:
    """Take apart the variance of a recipe's mean, or of the difference of two recipes' means.

    Args:
        means: of each network over the pictures, (..., M), the first recipe's networks first.
        covariance: of the networks' answers over the pictures, (..., M, M).
        sizes: how many networks each recipe has, one or two recipes, not all with one network.
        n: the number of pictures.
    """
    weights = np.repeat([sign / size for sign, size in zip((1, -1), sizes, strict=False)], sizes)
    variance = np.einsum("...ij,i,j->...", covariance, weights, weights)
    rounding = 1e-12 * np.einsum("...ii,i->...", covariance, weights**2)
    pictures = np.where(variance > rounding, variance / n, 0.0)
    seeds, noise, squares = (np.zeros_like(pictures) for _ in range(3))
    alone = sizes.count(1)
    for start, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        if size == 1:
            continue
        share = 1 / size + alone  # a recipe of one network borrows the variance of the other's
        own = slice(start, start + size)
        varied = means[..., own].var(axis=-1, ddof=1) * share
        block = covariance[..., own, own]
        apart = np.trace(block, axis1=-2, axis2=-1) - block.sum(axis=(-2, -1)) / size
        seeds = seeds + varied
        noise = noise + apart / (size - 1) * share / n
        squares = squares + varied**2 / (size + 1)
    # Welch 1947: two recipes may vary unlike each other; the form with + 2 and - 2 has no bias.
    most = float(sum(sizes) - len(sizes))
    welch = seeds**2 / np.maximum(squares, TINY) - 2
    freedom = np.where(squares > 0, np.minimum(welch, most), most)
    return Spread(pictures, seeds, noise, freedom)


def half_width(spread: Spread, tail: float = 0.025) -> Floats:
    """Half the width of the interval of a mean, which lies beyond each end with chance `tail`.

    Where pictures and three seeds weigh alike, an interval by Satterthwaite's (1946) degrees of
    freedom covers 92 %, and one that adds the two squared half-widths (Howe 1974) 98 %. From three
    seeds on, a mean of their squares, the first weighing more the fewer they are, keeps within 93
    to 97 %.
    """
    z = -ndtri(tail)
    pictures = np.maximum(spread.pictures - spread.noise, 0.0)
    total = pictures + spread.seeds
    parts = total / np.maximum(spread.seeds, np.maximum(total / ENDLESS, TINY))
    satterthwaite = _student(spread.freedom * np.maximum(parts, 1.0) ** 2, tail) ** 2 * total
    howe = z**2 * pictures + _student(spread.freedom, tail) ** 2 * spread.seeds
    squared = (3 * satterthwaite + spread.freedom * howe) / (3 + spread.freedom)
    return np.asarray(np.sqrt(np.maximum(squared, (FLOOR * z) ** 2 * spread.pictures)))


def share_interval(value: float, half: float, n: int, confidence: float = 0.95) -> Interval:
    """Bend value +- half to the shape of Wilson's interval, which stays within 0 and 1.

    It is Wilson's of as many pictures as would make it so wide; of `n` where `half` is 0.
    """
    surprise = float(ndtri((1 - confidence) / 2)) ** 2
    size = value * (1 - value) * surprise / half**2 if half > 0 and 0 < value < 1 else float(n)
    return wilson(min(value * size, size), size, confidence)


def tango(only_first: int, only_second: int, n: int, confidence: float = 0.95) -> Interval:
    """The score interval of a difference of two shares of the same `n` pictures (Tango 1998).

    It holds all differences that would not make the observed one surprising, and has a width
    without a single disagreement.
    """
    z2 = float(ndtri((1 - confidence) / 2)) ** 2
    value = (only_first - only_second) / n

    def surprise(delta: float) -> float:
        b = (2 * n - only_first + only_second) * delta - only_first - only_second
        c = -only_second * delta * (1 - delta)
        share = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)  # only second right
        variance = (2 * share + delta * (1 - delta)) / n
        return (value - delta) ** 2 - z2 * variance

    near = 1e-9  # without a disagreement the variance is 0 at the estimate, just beside it is not
    low = brentq(surprise, -1.0, value - near) if value > near - 1 else -1.0
    high = brentq(surprise, value + near, 1.0) if value < 1 - near else 1.0
    return float(low), float(high)


def _student(freedom: Floats, tail: float) -> Floats:
    """The point that Student's t exceeds with chance `tail`."""
    student = -stdtrit(np.minimum(freedom, ENDLESS), tail)
    return np.asarray(np.where(freedom < ENDLESS, student, -ndtri(tail)))


def _difference_half(spread: Spread, n: int, tail: float) -> float:
    """Half the width of a difference's interval."""
    half = float(half_width(spread, tail))
    # Where no picture tells the recipes apart a next one still may: as wide as Tango's is then.
    z2 = float(ndtri(tail)) ** 2
    return half if spread.pictures > 0 else max(half, z2 / (n + z2))


def _p_value(spread: Spread, n: int, distance: float) -> float:
    """The p at which an interval of confidence 1 - p ends `distance` from its middle."""

    def beyond(log_p: float) -> float:
        return _difference_half(spread, n, math.exp(log_p) / 2) - distance

    least = math.log(LEAST_P)
    if distance == 0:
        return 1.0
    return math.exp(brentq(beyond, least, 0.0)) if beyond(least) > 0 else LEAST_P


def _table(values: NDArray[np.bool_] | NDArray[np.floating]) -> Floats:
    """Numbers (S, N), a lone network's (N,) being (1, N)."""
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"seeds times pictures are needed, not an array of shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("a value is not finite")
    return table
