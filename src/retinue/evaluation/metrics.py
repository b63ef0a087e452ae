"""Every number of an evaluation, each with the number of pictures behind it and an interval.

The values are scikit-learn's, the intervals those of `retinue.evaluation.statistics`. The result
is plain JSON: what cannot be said (an area under a curve without positives) is None, never NaN.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import metrics as sk

from retinue.evaluation.binary import measure_two_classes
from retinue.evaluation.calibration import (
    Floats,
    Ints,
    expected_calibration_error,
    reliability_bins,
)
from retinue.evaluation.scores import Result, areas, class_scores, entry, share
from retinue.evaluation.statistics import (
    ece_interval,
    macro_intervals,
    mean_interval,
)

BINS = 15  # of the calibration error, as in Guo et al. 2017
SCORES = ("precision", "recall", "f1")


def measure(
    labels: Ints, probabilities: Floats, classes: Sequence[str], threshold: float | None = None
) -> Result:
    """Measure predictions against the truth; the prediction is the most probable class.

    Macro scores are means over the classes that occur, true or predicted (scikit-learn's default);
    `roc_auc_macro` and `average_precision_macro` are means over the classes that have one. A
    precision without a prediction or a recall without a picture is 0, with n = 0 beside it.

    Args:
        labels: the true classes, (N,), each 0 to K - 1.
        probabilities: (N, K), rows summing to 1.
        classes: the K names.
        threshold: for two classes, the score from which a picture counts as the second class;
            adds `binary.at_threshold`.

    Returns:
        A JSON-able mapping. Measured numbers stand as {"value", "n", "low", "high", "method"},
        where `n` counts the pictures the value is a share or mean of, low to high is the interval
        at 95 %, and `method` says how it was found.

    Raises:
        ValueError: no pictures, fewer than two classes, shapes that do not fit together, labels
            out of range, or rows that are not probabilities.
    """
    labels, probabilities = _checked(labels, probabilities, len(classes))
    predicted = probabilities.argmax(axis=1)
    confusion = sk.confusion_matrix(labels, predicted, labels=np.arange(len(classes)))
    per_class = _per_class(labels, predicted, probabilities, classes)
    result = {
        "n": len(labels),
        "accuracy": share(int(np.trace(confusion)), len(labels)),
        "top5": _top5(labels, probabilities),
        **_averages(labels, predicted, confusion),
        **_quality_of_probabilities(labels, predicted, probabilities),
        "per_class": per_class,
        "roc_auc_macro": _mean_over_classes(per_class, "roc_auc", len(labels)),
        "average_precision_macro": _mean_over_classes(per_class, "average_precision", len(labels)),
        "confusion": confusion.tolist(),
        "most_confused": _most_confused(confusion, classes),
    }
    if len(classes) == 2:
        result["binary"] = measure_two_classes(labels, probabilities[:, 1], classes[1], threshold)
    return result


def _checked(labels: ArrayLike, probabilities: ArrayLike, k: int) -> tuple[Ints, Floats]:
    """Both arrays in their types, or a ValueError that says what is wrong with them."""
    truth, rows = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if k < 2:
        raise ValueError(f"measuring needs two classes or more, not {k}")
    if truth.ndim != 1 or len(truth) == 0 or rows.shape != (len(truth), k):
        raise ValueError(
            f"labels {truth.shape} and probabilities {rows.shape} are not (N,) and (N, {k}), N > 0"
        )
    if truth.dtype.kind not in "iu" or truth.min() < 0 or truth.max() >= k:
        raise ValueError(f"labels are whole numbers from 0 to {k - 1}")
    if not np.isfinite(rows).all() or rows.min() < 0 or (abs(rows.sum(axis=1) - 1) > 1e-4).any():
        raise ValueError("rows of probabilities are finite, not negative and sum to 1")
    return truth.astype(np.int64), rows


def _top5(labels: Ints, probabilities: Floats) -> Result | None:
    """How often the truth is among the five most probable classes; None up to five classes."""
    k = probabilities.shape[1]
    if k <= 5:
        return None
    hits = sk.top_k_accuracy_score(labels, probabilities, k=5, labels=np.arange(k), normalize=False)
    return share(int(hits), len(labels))


def _averages(labels: Ints, predicted: Ints, confusion: Ints) -> Result:
    """Macro and weighted precision, recall and F1 with bootstrap intervals."""
    intervals = macro_intervals(confusion)
    result: Result = {}
    for average in ("macro", "weighted"):
        values = sk.precision_recall_fscore_support(
            labels, predicted, average=average, zero_division=0
        )
        result[average] = {
            name: entry(value, len(labels), intervals[average][name], "bootstrap")
            for name, value in zip(SCORES, values[:3], strict=True)
        }
    return result


def _quality_of_probabilities(labels: Ints, predicted: Ints, probabilities: Floats) -> Result:
    """Log loss (nats a picture) and calibration: do the probabilities mean what they say?"""
    n, k = probabilities.shape
    exact = probabilities / probabilities.sum(axis=1, keepdims=True)
    loss = sk.log_loss(labels, exact, labels=np.arange(k))
    # scikit-learn clips at this value too, so that a certain mistake costs 36 and not infinity.
    losses = -np.log(np.maximum(exact[np.arange(n), labels], np.finfo(np.float64).eps))
    around = mean_interval(losses)
    confidences, correct = probabilities.max(axis=1), predicted == labels
    bins = reliability_bins(confidences, correct, BINS)
    error = expected_calibration_error(bins)
    near = ece_interval(confidences, correct, BINS)
    return {
        "log_loss": entry(loss, n, around and (max(0.0, around[0]), around[1]), "normal"),
        "ece": entry(error, n, near, "basic bootstrap") | {"bins": BINS},
        "calibration_bins": bins,
    }


def _per_class(
    labels: Ints, predicted: Ints, probabilities: Floats, classes: Sequence[str]
) -> list[Result]:
    """Each class against all others."""
    counts = np.bincount(predicted, minlength=len(classes))
    scores = class_scores(labels, predicted, len(classes))
    return [
        {
            "class": name,
            "n": int(np.sum(labels == i)),
            "predicted": int(counts[i]),
            **scores[i],
            **areas(labels == i, probabilities[:, i]),
        }
        for i, name in enumerate(classes)
    ]


def _mean_over_classes(per_class: Sequence[Mapping[str, Any]], score: str, n: int) -> Result:
    """The mean of a score over the classes that have it.

    The mean of the ends is no narrower than the interval of the mean, however the classes hang
    together: standard deviations never add up to less than that of the sum.
    """
    method = "mean of the classes' intervals"
    entries = [c[score] for c in per_class if c[score]["value"] is not None]
    if not entries:
        return entry(None, n, None, method)
    value, low, high = (
        float(np.mean([e[key] for e in entries])) for key in ("value", "low", "high")
    )
    return entry(value, n, (low, high), method)


def _most_confused(confusion: Ints, classes: Sequence[str], limit: int = 10) -> list[Result]:
    """The largest cells off the diagonal, with their share of the pictures of the true class."""
    mistakes = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:limit]
    rows, columns = np.unravel_index(order, mistakes.shape)
    return [
        {
            "true": classes[row],
            "predicted": classes[column],
            "n": int(mistakes[row, column]),
            "share": float(mistakes[row, column] / confusion[row].sum()),
        }
        for row, column in zip(rows, columns, strict=True)
        if mistakes[row, column]
    ]
