"""What is asked of two classes only: two curves, and the scores at a chosen threshold."""

import numpy as np
from sklearn import metrics as sk

from retinue.evaluation.calibration import Floats, Ints
from retinue.evaluation.scores import Result, class_scores, share

CURVE_POINTS = 200


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
