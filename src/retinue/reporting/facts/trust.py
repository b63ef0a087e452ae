"""What the probabilities are worth: how errors fall as less sure answers are left out."""

import numpy as np
from numpy.typing import NDArray

from retinue.runs import Predictions

Floats = NDArray[np.float64]


def risk_coverage(predictions: Predictions) -> tuple[Floats, Floats]:
    """The share of wrong answers among the surest, for every share that can be answered.

    Pictures of one confidence are answered together, for nothing tells them apart (Geifman and
    El-Yaniv 2017). Both arrays end at coverage 1, where the error is that of all answers; they are
    empty without predictions.
    """
    n = len(predictions.true)
    confidences = predictions.probabilities.max(axis=1) if n else np.empty(0)
    wrong = np.array([a != b for a, b in zip(predictions.true, predictions.predicted, strict=True)])
    order = np.argsort(-confidences, kind="stable")
    falling = confidences[order]
    answered = np.arange(1, n + 1)
    errors = np.cumsum(wrong[order]) / answered
    ends = np.append(falling[:-1] > falling[1:], True) if n else np.empty(0, dtype=bool)
    return answered[ends] / max(n, 1), errors[ends].astype(np.float64)


def area_under(coverage: Floats, error: Floats) -> float | None:
    """The mean error over all coverages, each step as high as its end; None without points."""
    if not len(coverage):
        return None
    return float(np.sum(np.diff(coverage, prepend=0.0) * error))
