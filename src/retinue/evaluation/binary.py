"""One class against all others: its scores, its areas, and for two classes curves and a threshold.

Below `retinue.evaluation.metrics`, which puts these numbers together for all classes.
"""

from typing import Any

import numpy as np
from sklearn import metrics as sk

from retinue.evaluation.calibration import Bools, Floats, Ints
from retinue.evaluation.statistics import Interval, auc_interval, f1_interval, wilson

CURVE_POINTS = 200

Result = dict[str, Any]


def measure_two_classes(
    labels: Ints, scores: Floats, positive: str, threshold: float | None
) -> Result:
    """What is asked of two classes only: the two curves, and the scores at a chosen threshold.

    Args:
        labels: 1 for the positive class, else 0, (N,).
        scores: the probability of the positive class, (N,).
        positive: its name.
        threshold: the score from which a picture counts as positive, or None.

    Returns:
        {"positive", "roc", "precision_recall", "at_threshold"}. The curves, of at most
        `CURVE_POINTS` points, are None where either class has no picture; `at_threshold` is None
        without a threshold.
    """
    result: Result = {"positive": positive, "roc": None, "precision_recall": None}
    if 0 < labels.sum() < len(labels):
        fpr, tpr, cuts = sk.roc_curve(labels, scores)
        result["roc"] = _thinned(fpr=fpr, tpr=tpr, thresholds=cuts)
        precision, recall, cuts = sk.precision_recall_curve(labels, scores)
        cuts = np.append(cuts, np.inf)  # the last point is that of no prediction at all
        result["precision_recall"] = _thinned(precision=precision, recall=recall, thresholds=cuts)
    result["at_threshold"] = None
    if threshold is not None:
        predicted = (scores >= threshold).astype(np.int64)
        accuracy = share(int(np.sum(predicted == labels)), len(labels))
        negative, scores_of_positive = class_scores(labels, predicted, 2)
        result["at_threshold"] = {
            "threshold": float(threshold),
            "accuracy": accuracy,
            "specificity": negative["recall"],
            **scores_of_positive,
        }
    return result


def _thinned(thresholds: Floats, **axes: Floats) -> dict[str, list[float | None]]:
    """At most `CURVE_POINTS` points of a curve, spread evenly along its length, both ends kept.

    A threshold of infinity, above every score, becomes None.
    """
    keep = np.arange(len(thresholds))
    if len(keep) > CURVE_POINTS:
        steps = sum(np.abs(np.diff(values)) for values in axes.values())
        length = np.concatenate([[0.0], np.cumsum(steps)])
        places = np.searchsorted(length, np.linspace(0, length[-1], CURVE_POINTS - 1))
        keep = np.unique(np.append(places, len(length) - 1))
    curve: dict[str, list[float | None]] = {k: v[keep].tolist() for k, v in axes.items()}
    return curve | {"thresholds": [float(t) if np.isfinite(t) else None for t in thresholds[keep]]}


def class_scores(labels: Ints, predicted: Ints, k: int) -> list[Result]:
    """Precision, recall and F1 of every class."""
    every = np.arange(k)
    confusion = sk.confusion_matrix(labels, predicted, labels=every)
    values = sk.precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    hits, true, claimed = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        {
            "precision": entry(values[0][i], claimed[i], wilson(hits[i], claimed[i]), "wilson"),
            "recall": entry(values[1][i], true[i], wilson(hits[i], true[i]), "wilson"),
            "f1": entry(
                values[2][i],
                true[i],
                f1_interval(hits[i], true[i] + claimed[i] - 2 * hits[i]),
                "wilson of Jaccard's index",
            ),
        }
        for i in every
    ]


def areas(positive: Bools, scores: Floats) -> Result:
    """Areas under the ROC and the precision-recall curve of one class, None where undefined.

    The average precision has the variance of a share of the positives (Boyd, Eng and Page 2013).
    """
    positives, negatives = int(positive.sum()), int((~positive).sum())
    n = len(positive)
    methods = ("hanley-mcneil", "wilson of the positives")
    roc, precision = entry(None, n, None, methods[0]), entry(None, positives, None, methods[1])
    if positives and negatives:
        area = float(sk.roc_auc_score(positive, scores))
        roc = entry(area, n, auc_interval(area, positives, negatives), methods[0])
    if positives:
        # Summing the steps may overshoot 1 in the last digit.
        area = min(1.0, float(sk.average_precision_score(positive, scores)))
        precision = entry(area, positives, wilson(area * positives, positives), methods[1])
    return {"roc_auc": roc, "average_precision": precision}


def share(hits: int, n: int) -> Result:
    """A measured share, `hits` out of `n`; 0 where n is 0."""
    return entry(hits / n if n else 0.0, n, wilson(hits, n), "wilson")


def entry(value: float | None, n: int, interval: Interval | None, method: str) -> Result:
    """One measured number as it stands in metrics.json."""
    low, high = interval or (None, None)
    return {
        "value": None if value is None else float(value),
        "n": int(n),
        "low": low,
        "high": high,
        "method": method,
    }
