"""Scores of several runs, each brought to a mean over pictures, so that it gets an interval.

A macro score is no mean over pictures, but close to its value it moves like one: the value plus
each picture's influence on it (its linearisation, Hampel 1974). Their mean is the score exactly,
and their spread over pictures and seeds is that of the score.
"""

import numpy as np

from retinue.evaluation.calibration import Bools, Floats, Ints, bin_index
from retinue.evaluation.metrics import BINS


def macro_terms(truth: Ints, predicted: Ints, k: int) -> dict[str, Floats]:
    """Macro precision, recall and F1 as means over pictures: {name: (N,)}.

    Classes that are neither true nor predicted do not count, as in scikit-learn.
    """
    n = len(truth)
    true = np.bincount(truth, minlength=k)
    said = np.bincount(predicted, minlength=k)
    hits = np.bincount(truth[truth == predicted], minlength=k)
    present = np.count_nonzero(true + said)
    correct = (truth == predicted).astype(np.float64)

    def terms(counts: Ints, *members: Ints) -> Floats:
        """Of `len(members) * hits / counts`, where a picture counts once in each of `members`."""
        score = len(members) * hits / np.maximum(counts, 1)
        weight = n / (np.maximum(counts, 1) * present)
        moved = len(members) * correct * weight[truth]
        for member in members:
            moved -= score[member] * weight[member]
        return np.asarray(score.sum() / present + moved)

    return {
        "precision": terms(said, predicted),
        "recall": terms(true, truth),
        "f1": terms(true + said, truth, predicted),
    }


def loss_terms(truth: Ints, probabilities: Floats) -> Floats:
    """The loss of each picture, (N,), in nats; their mean is the log loss of metrics.json."""
    exact = probabilities / probabilities.sum(axis=1, keepdims=True)
    of_truth = exact[np.arange(len(truth)), truth]
    return np.asarray(-np.log(np.maximum(of_truth, np.finfo(np.float64).eps)))


def calibration_terms(confidences: Floats, correct: Bools) -> Floats:
    """The expected calibration error as a mean over pictures, (N,): what each adds to its bin."""
    gaps = correct - confidences
    cells = bin_index(confidences, BINS)
    signs = np.sign(np.bincount(cells, weights=gaps, minlength=BINS))
    return np.asarray(signs[cells] * gaps)
