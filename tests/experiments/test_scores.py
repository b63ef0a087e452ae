"""Scores as means over pictures are scikit-learn's scores."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, precision_recall_fscore_support

from retinue.evaluation.calibration import expected_calibration_error, reliability_bins
from retinue.evaluation.metrics import BINS
from retinue.evaluation.statistics import macro_intervals
from retinue.experiments.scores import calibration_terms, loss_terms, macro_terms


@pytest.mark.parametrize(("k", "shown"), [(2, 2), (5, 5), (7, 4)])
def test_macro_scores(k: int, shown: int) -> None:
    random = np.random.default_rng(k)
    truth, predicted = random.integers(shown, size=300), random.integers(shown, size=300)
    predicted[:150] = truth[:150]
    found = macro_terms(truth, predicted, k)
    expected = precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)
    for name, value in zip(("precision", "recall", "f1"), expected[:3], strict=True):
        assert found[name].shape == (300,)
        assert found[name].mean() == pytest.approx(value, abs=1e-12)


def test_a_class_that_is_never_said_and_one_that_never_occurs() -> None:
    truth, predicted = np.array([0, 0, 1, 1, 2]), np.array([0, 3, 1, 1, 1])
    found = macro_terms(truth, predicted, 5)
    expected = precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)
    for name, value in zip(("precision", "recall", "f1"), expected[:3], strict=True):
        assert found[name].mean() == pytest.approx(value, abs=1e-12)


def test_their_spread_is_that_of_the_bootstrap() -> None:
    random = np.random.default_rng(1)
    truth = random.integers(4, size=2000)
    predicted = np.where(random.random(2000) < 0.7, truth, random.integers(4, size=2000))
    confusion = np.zeros((4, 4), np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    intervals = macro_intervals(confusion)["macro"]
    for name, terms in macro_terms(truth, predicted, 4).items():
        half = 1.96 * terms.std() / np.sqrt(2000)
        low, high = intervals[name]
        assert half == pytest.approx((high - low) / 2, rel=0.08)


def test_log_loss_and_calibration_error() -> None:
    random = np.random.default_rng(2)
    truth = random.integers(3, size=500)
    probabilities = random.dirichlet([1.0, 1.0, 1.0], size=500)
    assert loss_terms(truth, probabilities).mean() == pytest.approx(
        log_loss(truth, probabilities, labels=[0, 1, 2]), abs=1e-12
    )
    confidences, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    error = expected_calibration_error(reliability_bins(confidences, correct, BINS))
    assert calibration_terms(confidences, correct).mean() == pytest.approx(error, abs=1e-12)


def test_a_certain_mistake_costs_36_nats() -> None:
    assert loss_terms(np.array([1]), np.array([[1.0, 0.0]]))[0] == pytest.approx(36.04, abs=0.01)
