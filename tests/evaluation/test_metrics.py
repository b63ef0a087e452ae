"""Every number against scikit-learn and against a computation by hand."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from retinue.evaluation.binary import measure_two_classes
from retinue.evaluation.metrics import measure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EXACT = 1e-9


def _drawn(seed: int, n: int, k: int) -> tuple[Ints, Floats, list[str]]:
    random = np.random.default_rng(seed)
    labels = random.integers(k, size=n)
    logits = random.normal(size=(n, k))
    logits[np.arange(n), labels] += 1.0
    rows = np.exp(logits)
    return labels, rows / rows.sum(axis=1, keepdims=True), [f"class {i}" for i in range(k)]


def _area_by_hand(positive: NDArray[np.bool_], scores: Floats) -> float:
    """The share of pairs in the right order, ties as halves (Mann and Whitney)."""
    differences = scores[positive][:, None] - scores[~positive][None, :]
    return float(np.mean((differences > 0) + 0.5 * (differences == 0)))


def _average_precision_by_hand(positive: NDArray[np.bool_], scores: Floats) -> float:
    """The mean, over the positives, of the precision at the score of each."""
    return float(np.mean([positive[scores >= s].mean() for s in scores[positive]]))


@pytest.mark.parametrize(("n", "k"), [(200, 2), (300, 5), (400, 8)])
def test_values_by_hand(n: int, k: int) -> None:
    labels, rows, classes = _drawn(k, n, k)
    found = measure(labels, rows, classes)
    predicted = rows.argmax(axis=1)
    assert found["accuracy"]["value"] == pytest.approx(np.mean(predicted == labels), abs=EXACT)
    loss = -sum(np.log(rows[i, labels[i]]) for i in range(n)) / n
    assert found["log_loss"]["value"] == pytest.approx(loss, abs=EXACT)
    f1s, shares = [], []
    for i, entry in enumerate(found["per_class"]):
        hits = sum((labels == i) & (predicted == i))
        true, claimed = sum(labels == i), sum(predicted == i)
        f1s.append(2 * hits / (true + claimed))
        shares.append(true / n)
        assert (entry["class"], entry["n"], entry["predicted"]) == (classes[i], true, claimed)
        assert entry["precision"]["value"] == pytest.approx(hits / claimed, abs=EXACT)
        assert entry["recall"]["value"] == pytest.approx(hits / true, abs=EXACT)
        assert entry["f1"]["value"] == pytest.approx(f1s[-1], abs=EXACT)
        area = _area_by_hand(labels == i, rows[:, i])
        assert entry["roc_auc"]["value"] == pytest.approx(area, abs=EXACT)
        precision = _average_precision_by_hand(labels == i, rows[:, i])
        assert entry["average_precision"]["value"] == pytest.approx(precision, abs=EXACT)
    assert found["macro"]["f1"]["value"] == pytest.approx(np.mean(f1s), abs=EXACT)
    assert found["weighted"]["f1"]["value"] == pytest.approx(np.dot(f1s, shares), abs=EXACT)


def test_values_against_scikit_learn() -> None:
    labels, rows, classes = _drawn(1, 500, 7)
    predicted = rows.argmax(axis=1)
    found = measure(labels, rows, classes)
    assert found["accuracy"]["value"] == pytest.approx(
        sk.accuracy_score(labels, predicted), abs=EXACT
    )
    assert found["confusion"] == sk.confusion_matrix(labels, predicted).tolist()
    top5 = sk.top_k_accuracy_score(labels, rows, k=5)
    assert found["top5"]["value"] == pytest.approx(top5, abs=EXACT)
    for average in ("macro", "weighted"):
        expected = sk.precision_recall_fscore_support(labels, predicted, average=average)[:3]
        values = [found[average][m]["value"] for m in ("precision", "recall", "f1")]
        assert values == pytest.approx(list(expected), abs=EXACT)
    assert found["log_loss"]["value"] == pytest.approx(sk.log_loss(labels, rows), abs=EXACT)
    area = sk.roc_auc_score(labels, rows, multi_class="ovr", average="macro")
    assert found["roc_auc_macro"]["value"] == pytest.approx(area, abs=EXACT)
    one_hot = np.eye(7)[labels]
    precision = sk.average_precision_score(one_hot, rows, average="macro")
    assert found["average_precision_macro"]["value"] == pytest.approx(precision, abs=EXACT)
    bins = found["calibration_bins"]
    ece = sum(b["n"] * abs(b["accuracy"] - b["confidence"]) for b in bins if b["n"]) / 500
    assert found["ece"]["value"] == pytest.approx(ece, abs=EXACT)
    assert found["ece"]["bins"] == len(bins) == 15


def _entries(value: Any) -> list[dict[str, Any]]:
    """Every measured number anywhere in a result."""
    if isinstance(value, dict):
        below = [entry for child in value.values() for entry in _entries(child)]
        return [value, *below] if {"value", "low", "high"} <= set(value) else below
    return [e for child in value for e in _entries(child)] if isinstance(value, list) else []


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), k=st.integers(2, 7))
@settings(deadline=None, max_examples=40)
def test_every_result_is_json_with_intervals_that_hold(seed: int, n: int, k: int) -> None:
    labels, rows, classes = _drawn(seed, n, k)
    found = measure(labels, rows, classes, threshold=0.4)
    json.dumps(found, allow_nan=False)
    confusion = np.array(found["confusion"])
    assert confusion.sum() == n
    assert [c["n"] for c in found["per_class"]] == confusion.sum(axis=1).tolist()
    assert [c["predicted"] for c in found["per_class"]] == confusion.sum(axis=0).tolist()
    assert np.trace(confusion) == round(found["accuracy"]["value"] * n)
    assert sum(b["n"] for b in found["calibration_bins"]) == n
    for entry in _entries(found):
        if entry["low"] is not None:
            assert type(entry["low"]) is type(entry["high"]) is float
            assert 0 <= entry["low"] <= entry["high"]
            if entry["method"] != "bootstrap" and entry["n"]:
                assert entry["low"] - 1e-12 <= entry["value"] <= entry["high"] + 1e-12


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_the_order_of_pictures_does_not_matter(seed: int) -> None:
    labels, rows, classes = _drawn(seed, 50, 3)
    order = np.random.default_rng(seed).permutation(50)
    first = _entries(measure(labels, rows, classes))
    second = _entries(measure(labels[order], rows[order], classes))
    for one, other in zip(first, second, strict=True):
        for key in ("value", "n", "low", "high"):
            assert other[key] == pytest.approx(one[key], abs=1e-9)


def test_absent_classes() -> None:
    rows = np.array([[0.8, 0.1, 0.1, 0.0], [0.3, 0.6, 0.1, 0.0], [0.7, 0.2, 0.1, 0.0]])
    found = measure(np.array([0, 1, 1]), rows, ["a", "b", "c", "d"])
    absent = found["per_class"][2]
    assert absent["roc_auc"]["value"] is None
    assert absent["average_precision"]["value"] is None
    assert (absent["recall"]["value"], absent["recall"]["n"]) == (0.0, 0)
    assert (absent["recall"]["low"], absent["recall"]["high"]) == (0.0, 1.0)
    assert found["macro"]["recall"]["value"] == pytest.approx((1 + 0.5) / 2)
    assert found["most_confused"] == [{"true": "b", "predicted": "a", "n": 1, "share": 0.5}]
    assert found["top5"] is None


def test_most_confused_is_sorted_and_short() -> None:
    labels, rows, classes = _drawn(3, 400, 6)
    found = measure(labels, rows, classes)
    counts = [pair["n"] for pair in found["most_confused"]]
    confusion = np.array(found["confusion"])
    np.fill_diagonal(confusion, 0)
    assert counts == sorted(confusion.ravel(), reverse=True)[:10]
    first = found["most_confused"][0]
    row = classes.index(first["true"])
    assert first["n"] == confusion[row, classes.index(first["predicted"])]
    assert first["share"] == pytest.approx(first["n"] / np.sum(labels == row))


def test_two_classes_have_a_part_of_their_own() -> None:
    labels, rows, classes = _drawn(4, 300, 2)
    expected = measure_two_classes(labels, rows[:, 1], classes[1], 0.3)
    assert measure(labels, rows, classes, threshold=0.3)["binary"] == expected
    assert "binary" not in measure(*_drawn(0, 10, 3))


def test_two_classes_of_which_one_is_missing() -> None:
    found = measure(np.zeros(4, dtype=np.int64), np.tile([0.9, 0.1], (4, 1)), ["a", "b"])
    assert found["binary"]["roc"] is None
    assert found["roc_auc_macro"]["value"] is None


def test_certain_mistakes_cost_a_finite_loss() -> None:
    found = measure(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]), ["a", "b"])
    assert found["log_loss"]["value"] == pytest.approx(-np.log(np.finfo(float).eps) / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("labels", "rows", "match"),
    [
        ([0, 1], [[0.5, 0.5]], "not"),
        ([], np.zeros((0, 2)), "N > 0"),
        ([0], [[0.5, 0.4]], "sum to 1"),
        ([0], [[np.nan, 1.0]], "finite"),
        ([0], [[1.5, -0.5]], "negative"),
        ([2], [[0.5, 0.5]], "from 0 to 1"),
        ([-1], [[0.5, 0.5]], "from 0 to 1"),
        ([0.0], [[0.5, 0.5]], "whole"),
    ],
)
def test_what_cannot_be_measured(labels: Any, rows: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        measure(np.array(labels), np.array(rows), ["a", "b"])


def test_one_class_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="two classes"):
        measure(np.array([0]), np.array([[1.0]]), ["only"])


def test_rounded_probabilities_are_accepted() -> None:
    rows = np.array([[0.33333, 0.66666], [0.7, 0.30005]])
    assert measure(np.array([1, 0]), rows, ["a", "b"])["accuracy"]["value"] == 1.0
