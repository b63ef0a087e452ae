"""Two classes against scikit-learn, and one class against all others where some are missing."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sk

from retinue.evaluation.binary import measure_two_classes
from retinue.evaluation.scores import areas, class_scores, entry, share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EXACT = 1e-9


def _drawn(seed: int, n: int) -> tuple[Ints, Floats]:
    random = np.random.default_rng(seed)
    labels = random.integers(2, size=n)
    return labels, 1 / (1 + np.exp(-random.normal(size=n) * 1.4 - 2 * labels + 1))


def test_curves_and_scores_at_a_threshold() -> None:
    labels, scores = _drawn(4, 3000)
    binary = measure_two_classes(labels, scores, "yes", threshold=0.3)
    assert binary["positive"] == "yes"
    roc, curve, at = binary["roc"], binary["precision_recall"], binary["at_threshold"]
    assert 100 < len(roc["fpr"]) == len(roc["tpr"]) == len(roc["thresholds"]) <= 200
    assert (roc["fpr"][0], roc["tpr"][0], roc["thresholds"][0]) == (0, 0, None)
    assert (roc["fpr"][-1], roc["tpr"][-1]) == (1, 1)
    area = sk.auc(roc["fpr"], roc["tpr"])
    assert area == pytest.approx(sk.roc_auc_score(labels, scores), abs=2e-3)
    for recall, cut in zip(curve["recall"], curve["thresholds"], strict=True):
        expected = 0.0 if cut is None else np.mean(scores[labels == 1] >= cut)
        assert recall == pytest.approx(expected, abs=EXACT)
    assert len(curve["recall"]) <= 200
    predicted = scores >= 0.3
    assert at["threshold"] == 0.3
    assert at["accuracy"]["value"] == pytest.approx(np.mean(predicted == labels), abs=EXACT)
    assert at["precision"]["value"] == pytest.approx(labels[predicted].mean(), abs=EXACT)
    assert at["recall"]["value"] == pytest.approx(predicted[labels == 1].mean(), abs=EXACT)
    assert at["specificity"]["value"] == pytest.approx(1 - predicted[labels == 0].mean(), abs=EXACT)
    assert at["f1"]["value"] == pytest.approx(sk.f1_score(labels, predicted), abs=EXACT)


def test_a_class_without_pictures_has_no_curves() -> None:
    for label in (0, 1):
        found = measure_two_classes(np.full(4, label), np.full(4, 0.1), "b", None)
        assert found == {
            "positive": "b",
            "roc": None,
            "precision_recall": None,
            "at_threshold": None,
        }


def test_the_threshold_itself_counts_as_positive() -> None:
    found = measure_two_classes(np.array([0, 1, 1]), np.array([0.2, 0.5, 0.4]), "b", 0.5)
    at = found["at_threshold"]
    assert (at["recall"]["value"], at["specificity"]["value"], at["precision"]["n"]) == (0.5, 1, 1)


def test_scores_of_every_class_by_hand() -> None:
    scores = class_scores(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 3)
    values = [[one[name]["value"] for name in ("precision", "recall", "f1")] for one in scores]
    assert np.array(values) == pytest.approx(
        np.array([[1, 0.5, 2 / 3], [2 / 3, 1, 0.8], [0, 0, 0]]), abs=EXACT
    )
    assert [one["recall"]["n"] for one in scores] == [2, 2, 0]


def test_areas_by_hand_and_where_they_are_undefined() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    found = areas(np.array([False, False, True, True]), scores)
    assert found["roc_auc"]["value"] == pytest.approx(0.75, abs=EXACT)
    assert found["average_precision"]["value"] == pytest.approx((1 + 2 / 3) / 2, abs=EXACT)
    assert areas(np.zeros(4, dtype=bool), scores)["average_precision"]["value"] is None
    full = areas(np.ones(4, dtype=bool), scores)
    assert full["roc_auc"]["value"] is None
    assert full["average_precision"]["value"] == 1


def test_a_measured_number_says_what_is_behind_it() -> None:
    assert share(0, 0) == {"value": 0.0, "n": 0, "low": 0.0, "high": 1.0, "method": "wilson"}
    nothing = {"value": None, "n": 3, "low": None, "high": None, "method": "normal"}
    assert entry(None, 3, None, "normal") == nothing
