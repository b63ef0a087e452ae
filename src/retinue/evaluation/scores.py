"""The scores of a class against all others, each measured number with its interval."""

from typing import Any

import numpy as np
from sklearn import metrics as sk

from retinue.evaluation.calibration import Bools, Floats, Ints
from retinue.evaluation.statistics import Interval, auc_interval, f1_interval, wilson

Result = dict[str, Any]


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
