"""Temperatures against a grid, abstention and threshold against trying every cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retinue.evaluation import calibration

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SEEDS = st.integers(0, 2**32 - 1)


def _overconfident(seed: int, n: int = 400, k: int = 4) -> tuple[Floats, Ints]:
    """Logits three times too large for labels that are drawn from their softmax."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, k)) * 1.5
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(k, p=row) for row in chances])
    return 3 * logits, labels


def _log_loss(logits: Floats, labels: Ints, temperature: float) -> float:
    """The log loss against truth that is 1 - 1/(N + 2) certain."""
    rows = np.exp(logits / temperature)
    rows /= rows.sum(axis=1, keepdims=True)
    n, k = logits.shape
    right = np.log(rows[np.arange(n), labels])
    doubt = 1 / (n + 2)
    wrong = (np.log(rows).sum(axis=1) - right) / (k - 1)
    return float(-((1 - doubt) * right + doubt * wrong).mean())


def test_temperature_is_the_best_of_a_grid_and_near_the_truth() -> None:
    logits, labels = _overconfident(0)
    found = calibration.fit_temperature(logits, labels)
    grid = np.exp(np.linspace(np.log(0.05), np.log(20), 6001))
    losses = [_log_loss(logits, labels, t) for t in grid]
    assert found == pytest.approx(grid[np.argmin(losses)], rel=1.1e-3)
    assert _log_loss(logits, labels, found) <= min(losses) + 1e-12
    assert found == pytest.approx(3, rel=0.15)


@given(seed=SEEDS, scale=st.floats(0.5, 3))
@settings(deadline=None, max_examples=20)
def test_scaled_logits_scale_the_temperature(seed: int, scale: float) -> None:
    logits, labels = _overconfident(seed, n=100)
    found = calibration.fit_temperature(logits, labels)
    assert calibration.fit_temperature(logits * scale, labels) == pytest.approx(
        found * scale, rel=1e-5
    )


def test_temperature_without_pictures_and_at_its_bounds() -> None:
    assert calibration.fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)) == 1.0
    always_wrong = np.array([[5.0, 0.0], [0.0, 5.0]] * 500)
    labels = np.array([1, 0] * 500)
    assert calibration.fit_temperature(always_wrong, labels) == pytest.approx(20, rel=0.01)


def test_a_few_right_answers_do_not_make_the_network_certain() -> None:
    """Two right answers of two: Platt's truth is 3/4 certain, so 5 / T = ln 3."""
    separated = np.array([[5.0, 0.0], [0.0, 5.0]])
    found = calibration.fit_temperature(separated, np.array([0, 1]))
    assert found == pytest.approx(5 / np.log(3), rel=1e-4)


def test_reliability_bins_by_hand() -> None:
    confidences = np.array([0.2, 0.5, 0.51, 0.9, 1.0])
    correct = np.array([True, False, True, True, True])
    bins = calibration.reliability_bins(confidences, correct, bins=2)
    assert bins[0] == {
        "low": 0.0,
        "high": 0.5,
        "n": 2,
        "confidence": pytest.approx(0.35),
        "accuracy": 0.5,
    }
    assert bins[1]["n"] == 3
    assert bins[1]["confidence"] == pytest.approx(2.41 / 3)
    expected = (2 * 0.15 + 3 * (1 - 2.41 / 3)) / 5
    assert calibration.expected_calibration_error(bins) == pytest.approx(expected, abs=1e-12)
    empty = calibration.reliability_bins(confidences[:0], correct[:0])
    assert empty[0]["accuracy"] is None
    assert calibration.expected_calibration_error(empty) == 0


def _two_columns(confidences: Floats) -> Floats:
    return np.stack([confidences, 1 - confidences], axis=1)


@given(seed=SEEDS, n=st.integers(1, 40), target=st.sampled_from([0.5, 0.8, 0.95, 1.0]))
@settings(deadline=None)
def test_abstention_is_what_trying_every_cut_finds(seed: int, n: int, target: float) -> None:
    random = np.random.default_rng(seed)
    confidences = random.integers(51, 100, n) / 100  # coarse, so that ties occur
    labels = (random.random(n) > confidences).astype(np.int64)
    found = calibration.choose_abstention(_two_columns(confidences), labels, target, least=1)
    good = [c for c in np.unique(confidences) if np.mean(labels[confidences >= c] == 0) >= target]
    if not good:
        assert found["threshold"] is None
        assert (found["coverage"], found["accuracy"], found["accepted"]) == (0.0, None, 0)
        return
    accepted = confidences >= found["threshold"]
    assert np.array_equal(accepted, confidences >= min(good))
    assert found["accepted"] == accepted.sum()
    assert found["coverage"] == pytest.approx(accepted.mean())
    assert found["accuracy"] == pytest.approx(np.mean(labels[accepted] == 0))
    assert (found["threshold"] == 0.0) == bool(accepted.all())


def test_abstention_counts_a_target_met_exactly() -> None:
    labels = np.array([0] * 57 + [1] * 3)
    found = calibration.choose_abstention(_two_columns(np.full(60, 0.9)), labels, 0.95)
    assert found["threshold"] == 0.0
    assert found["accuracy"] == 0.95


def test_abstention_without_pictures() -> None:
    found = calibration.choose_abstention(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
    assert found["threshold"] is None
    assert found["n"] == 0


@given(seed=SEEDS, n=st.integers(2, 40))
@settings(deadline=None)
def test_threshold_has_the_largest_youden_j(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    labels = np.append(random.integers(0, 2, n - 2), [0, 1])
    scores = random.integers(0, 21, n) / 20
    found = calibration.choose_threshold(scores, labels)

    def j(cut: float) -> float:
        above = scores >= cut
        return float(above[labels == 1].mean() - above[labels == 0].mean())

    values = np.unique(scores)
    cuts = (values[:-1] + values[1:]) / 2
    best = max([j(c) for c in cuts], default=0.0)
    if best <= 1e-12:
        assert (found["threshold"], found["youden_j"]) == (0.5, 0.0)
        return
    assert found["youden_j"] == pytest.approx(best)
    nearest = min(abs(c - 0.5) for c in cuts if j(c) > best - 1e-12)
    assert abs(found["threshold"] - 0.5) == pytest.approx(nearest)
    assert j(found["threshold"]) == pytest.approx(best)


def test_threshold_by_hand_and_where_a_class_is_missing() -> None:
    scores, labels = np.array([0.1, 0.2, 0.6, 0.9]), np.array([0, 0, 1, 1])
    expected = {"threshold": pytest.approx(0.4), "youden_j": 1.0, "n": 4}
    assert calibration.choose_threshold(scores, labels) == expected
    missing = calibration.choose_threshold(scores, np.ones(4, dtype=np.int64))
    assert missing == {"threshold": 0.5, "youden_j": None, "n": 4}


def test_threshold_separates_neighbouring_floats() -> None:
    above = np.nextafter(0.5, 1)
    found = calibration.choose_threshold(np.array([0.5, above]), np.array([0, 1]))
    assert found["threshold"] == above


def test_few_right_answers_are_no_reason_to_answer() -> None:
    labels = np.zeros(19, dtype=np.int64)
    assert (
        calibration.choose_abstention(_two_columns(np.full(19, 0.9)), labels)["threshold"] is None
    )
    labels = np.zeros(20, dtype=np.int64)
    assert calibration.choose_abstention(_two_columns(np.full(20, 0.9)), labels)["threshold"] == 0
