"""Confidence that can be believed: a temperature, when to abstain, where to cut two classes.

Everything here is chosen on the validation pictures. On the test pictures the choices are only
applied, so that the test still measures what was never fitted to it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TEMPERATURES = (0.05, 20.0)


def fit_temperature(logits: NDArray[np.floating], labels: Ints) -> float:
    """The temperature, 0.05 to 20, under which the log loss of these pictures is smallest.

    Above 1 the network was too sure of itself, below 1 too shy; the order of the classes, and so
    the accuracy, stays as it is. One scalar suffices: Guo et al. 2017, "On Calibration of Modern
    Neural Networks", section 4.2. The truth is taken as 1 - 1/(N + 2) certain (Platt 1999): without
    that, a few pictures that are all right would call for boundless confidence.

    Args:
        logits: the network's outputs before the softmax, (N, K).
        labels: the true classes, (N,), each 0 to K - 1.

    Returns:
        The temperature; 1.0, which changes nothing, where there are no pictures.
    """
    if len(labels) == 0:
        return 1.0
    exact = np.asarray(logits, dtype=np.float64)
    n, k = exact.shape
    truth = np.full((n, k), 1 / (n + 2) / (k - 1))
    truth[np.arange(n), labels] = 1 - 1 / (n + 2)

    def log_loss(log_temperature: float) -> float:
        return float(-(truth * log_softmax(exact / np.exp(log_temperature), axis=1)).sum() / n)

    # The loss is convex in 1 / T, so on a scale of log T it has a single valley.
    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(log_loss, bounds=(low, high), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(found.x))


def bin_index(confidences: Floats, bins: int) -> Ints:
    """The bin, 0 to bins - 1, of each confidence: bin b is (b / bins, (b + 1) / bins]."""
    edges = np.arange(1, bins) / bins
    return np.searchsorted(edges, confidences, side="left").astype(np.int64)


def reliability_bins(confidences: Floats, correct: Bools, bins: int = 15) -> list[dict[str, Any]]:
    """Compare what was claimed with what came true, in bins of equal width (Guo et al. 2017).

    Args:
        confidences: the probability of the predicted class, (N,).
        correct: whether the prediction was right, (N,).
        bins: how many equal parts of 0 to 1.

    Returns:
        For each bin {"low", "high", "n", "confidence", "accuracy"}; the last two are the means of
        its pictures, None in an empty bin.
    """
    index = bin_index(confidences, bins)
    counts = np.bincount(index, minlength=bins)
    claimed = np.bincount(index, weights=confidences, minlength=bins)
    right = np.bincount(index, weights=correct, minlength=bins)
    return [
        {
            "low": b / bins,
            "high": (b + 1) / bins,
            "n": int(n),
            "confidence": float(claimed[b] / n) if n else None,
            "accuracy": float(right[b] / n) if n else None,
        }
        for b, n in enumerate(counts)
    ]


def expected_calibration_error(bins: list[dict[str, Any]]) -> float:
    """Mean distance of confidence and accuracy over the pictures of `reliability_bins`, 0 to 1."""
    total = sum(b["n"] for b in bins)
    gaps = (b["n"] * abs(b["accuracy"] - b["confidence"]) for b in bins if b["n"])
    return float(sum(gaps) / total) if total else 0.0


def choose_abstention(
    probabilities: Floats, labels: Ints, target: float = 0.95, least: int = 20
) -> dict[str, Any]:
    """The lowest confidence below which to abstain, so that what is answered is right often enough.

    Selective classification: Geifman and El-Yaniv 2017. The promise holds for these pictures;
    how far it carries depends on `accepted`, which is therefore returned.

    Args:
        probabilities: (N, K).
        labels: the true classes, (N,).
        target: the share of answered pictures that must be right, 0 to 1.
        least: how many answered pictures it takes to believe that share.

    Returns:
        {"target", "threshold", "coverage", "accuracy", "accepted", "n"}. A picture is answered if
        its confidence reaches `threshold`: 0.0 where all may be answered, None where no threshold
        reaches the target (coverage 0, accuracy None). `n` counts the pictures, `accepted` those
        answered, `coverage` is their share.
    """
    n = len(labels)
    result = {"target": target, "threshold": None, "coverage": 0.0, "accuracy": None}
    result |= {"accepted": 0, "n": n}
    confidences = probabilities.max(axis=1)
    order = np.argsort(-confidences, kind="stable")
    falling = confidences[order]
    right = np.cumsum(probabilities.argmax(axis=1)[order] == labels[order])
    # Pictures of equal confidence are answered together: cuts lie only where it falls.
    cuts = np.flatnonzero(np.append(falling[:-1] > falling[1:], True)) if n else np.arange(0)
    good = cuts[(right[cuts] / (cuts + 1) >= target) & (cuts + 1 >= least)]
    if len(good) == 0:
        return result
    last = int(good[-1])
    threshold = 0.0 if last == n - 1 else _halfway(falling[last + 1], falling[last])
    answered = {"coverage": (last + 1) / n, "accuracy": float(right[last] / (last + 1))}
    return result | answered | {"threshold": threshold, "accepted": last + 1}


def choose_threshold(scores_of_positive: Floats, labels01: Ints) -> dict[str, Any]:
    """The cut between two classes at which recall and specificity are best together.

    Youden 1950: the largest J = recall + specificity - 1. A picture counts as positive if its
    score reaches the threshold, which lies halfway between two neighbouring scores; among equally
    good cuts the one nearest 0.5 is taken.

    Args:
        scores_of_positive: the probability of the positive class, (N,).
        labels01: 1 for the positive class, else 0, (N,).

    Returns:
        {"threshold", "youden_j", "n"}. Where a class has no picture (J is None) or no cut is better
        than chance (J is 0) the threshold is 0.5.
    """
    n = len(labels01)
    positives = int(np.sum(labels01))
    negatives = n - positives
    if positives == 0 or negatives == 0:
        return {"threshold": 0.5, "youden_j": None, "n": n}
    values, places = np.unique(scores_of_positive, return_inverse=True)
    hits = np.bincount(places, weights=labels01).astype(np.int64)
    alarms = np.bincount(places).astype(np.int64) - hits
    above_hits, above_alarms = positives - np.cumsum(hits), negatives - np.cumsum(alarms)
    # J times positives times negatives is a whole number, so that ties are exactly ties.
    gains = (above_hits * negatives - above_alarms * positives)[:-1]
    if len(gains) == 0 or gains.max() <= 0:
        return {"threshold": 0.5, "youden_j": 0.0, "n": n}
    best = np.flatnonzero(gains == gains.max())
    cuts = [_halfway(values[i], values[i + 1]) for i in best]
    threshold = min(cuts, key=lambda cut: abs(cut - 0.5))
    return {
        "threshold": threshold,
        "youden_j": float(gains.max() / (positives * negatives)),
        "n": n,
    }


def _halfway(below: float, above: float) -> float:
    """A cut that `above` reaches and `below` does not, even where they are neighbouring floats."""
    middle = float(below + (above - below) / 2)
    return middle if middle > below else float(above)
