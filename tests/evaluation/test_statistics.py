"""Intervals against closed forms, published values, SciPy and simulated coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support

from retinue.evaluation import statistics
from retinue.evaluation.calibration import expected_calibration_error, reliability_bins


@given(n=st.integers(1, 5000), share=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None)
def test_wilson_is_scipys(n: int, share: float, confidence: float) -> None:
    successes = round(share * n)
    expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    low, high = statistics.wilson(successes, n, confidence)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / n <= high <= 1


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_values_of_newcombe_1998_table_1(
    successes: int, n: int, low: float, high: float
) -> None:
    assert statistics.wilson(successes, n) == pytest.approx((low, high), abs=6e-5)


def test_wilson_solves_its_defining_equation() -> None:
    z = 1.959963984540054
    for end in statistics.wilson(37, 52):
        assert abs(37 / 52 - end) == pytest.approx(z * math.sqrt(end * (1 - end) / 52), abs=1e-12)


def test_wilson_at_the_edges() -> None:
    assert statistics.wilson(0, 0) == (0.0, 1.0)
    assert statistics.wilson(0, 10)[0] == 0.0
    assert statistics.wilson(10, 10)[1] == 1.0
    assert type(statistics.wilson(*np.array([3, 7]))[0]) is float
    with pytest.raises(ValueError, match="impossible"):
        statistics.wilson(3, 2)


def test_f1_interval_contains_f1_and_has_width_at_one() -> None:
    low, high = statistics.f1_interval(8, 4)
    assert low < 2 * 8 / (2 * 8 + 4) < high
    low, high = statistics.f1_interval(5, 0)
    assert high == 1
    assert low < 0.75
    assert statistics.f1_interval(0, 0) == (0, 1)


def test_f1_interval_covers_at_its_rate() -> None:
    random = np.random.default_rng(5)
    draws = random.multinomial(200, [0.3, 0.1, 0.05, 0.55], size=500)
    truth = 2 * 0.3 / (2 * 0.3 + 0.15)
    ends = [statistics.f1_interval(int(d[0]), int(d[1] + d[2])) for d in draws]
    assert 0.92 < np.mean([low <= truth <= high for low, high in ends]) < 0.98


def test_mean_interval_by_hand() -> None:
    low, high = statistics.mean_interval(np.array([1.0, 2.0, 3.0, 6.0])) or (0, 0)
    half = 1.959963984540054 * math.sqrt(14 / 3) / 2
    assert (low, high) == pytest.approx((3 - half, 3 + half), abs=1e-12)
    assert statistics.mean_interval(np.array([1.0])) is None


def _hanley_mcneil(auc: float, positives: int, negatives: int) -> float:
    """The standard error as their paper prints it."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    total = auc * (1 - auc) + (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
    return math.sqrt(total / (positives * negatives))


def test_auc_interval_solves_its_defining_equation() -> None:
    for end in statistics.auc_interval(0.893, 51, 58):
        distance = 1.959963984540054 * _hanley_mcneil(end, 51, 58)
        assert abs(end - 0.893) == pytest.approx(distance, abs=1e-9)


@given(auc=st.floats(0, 1), positives=st.integers(1, 500), negatives=st.integers(1, 500))
@settings(deadline=None)
def test_auc_interval_contains_the_area(auc: float, positives: int, negatives: int) -> None:
    low, high = statistics.auc_interval(auc, positives, negatives)
    assert 0 <= low <= auc <= high <= 1
    assert high - low > 1e-4


def test_auc_interval_near_the_plain_one_for_many_pictures() -> None:
    low, high = statistics.auc_interval(0.8, 5000, 5000)
    half = 1.959963984540054 * _hanley_mcneil(0.8, 5000, 5000)
    assert (low, high) == pytest.approx((0.8 - half, 0.8 + half), abs=2e-4)
    assert statistics.auc_interval(0.8, 0, 7) == (0, 1)


def _labels_of(confusion: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, columns = np.indices(confusion.shape)
    counts = confusion.ravel()
    return np.repeat(rows.ravel(), counts), np.repeat(columns.ravel(), counts)


def test_macro_intervals_agree_with_resampling_pictures_by_hand() -> None:
    confusion = np.array([[30, 4, 1], [5, 20, 5], [0, 3, 12]])
    true, predicted = _labels_of(confusion)
    random = np.random.default_rng(0)
    scores = []
    for _ in range(600):
        chosen = random.integers(len(true), size=len(true))
        scores.append(
            [
                precision_recall_fscore_support(
                    true[chosen], predicted[chosen], average=average, zero_division=0
                )[:3]
                for average in ("macro", "weighted")
            ]
        )
    expected = np.percentile(scores, [2.5, 97.5], axis=0)
    found = statistics.macro_intervals(confusion)
    for a, average in enumerate(("macro", "weighted")):
        for m, metric in enumerate(("precision", "recall", "f1")):
            assert found[average][metric] == pytest.approx(expected[:, a, m], abs=0.02)


def test_macro_intervals_are_deterministic_and_seeded() -> None:
    confusion = np.array([[30, 4], [5, 20]])
    first = statistics.macro_intervals(confusion)
    assert first == statistics.macro_intervals(confusion)
    assert first != statistics.macro_intervals(confusion, seed=1)


def test_macro_intervals_have_width_without_mistakes() -> None:
    found = statistics.macro_intervals(np.diag([10, 10]))
    assert found["macro"]["f1"] == (statistics.wilson(20, 20)[0], 1.0)


def test_macro_intervals_cover_at_their_rate() -> None:
    shares = np.array([[0.30, 0.04, 0.01], [0.05, 0.25, 0.05], [0.02, 0.03, 0.25]])
    truth = np.mean(np.diag(shares) / shares.sum(axis=1))
    random = np.random.default_rng(3)
    covered = 0
    for draw in random.multinomial(300, shares.ravel(), size=150):
        intervals = statistics.macro_intervals(draw.reshape(3, 3), draws=300)
        low, high = intervals["macro"]["recall"]
        covered += low <= truth <= high
    assert 0.89 < covered / 150 <= 1


def test_ece_interval_is_wide_of_zero_only_when_miscalibrated() -> None:
    random = np.random.default_rng(1)
    confidences = random.uniform(0.3, 1, 2000)
    honest = random.random(2000) < confidences
    assert statistics.ece_interval(confidences, honest)[0] < 0.005
    boasting = random.random(2000) < confidences - 0.2
    low, high = statistics.ece_interval(confidences, boasting)
    assert 0.15 < low < 0.2 < high < 0.25


def test_ece_interval_covers_at_its_rate_and_holds_the_value() -> None:
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(150):
        confidences = random.uniform(0.4, 1, 500)
        correct = random.random(500) < confidences - 0.15
        low, high = statistics.ece_interval(confidences, correct, draws=300)
        value = expected_calibration_error(reliability_bins(confidences, correct))
        assert low <= value + 1e-12
        assert value <= high + 1e-12
        covered += low <= 0.15 <= high
    assert covered / 150 > 0.88


def test_ece_interval_ignores_the_order_of_pictures() -> None:
    random = np.random.default_rng(4)
    confidences = random.uniform(0.4, 1, 300)
    correct = random.random(300) < confidences
    order = random.permutation(300)
    first = statistics.ece_interval(confidences, correct)
    assert statistics.ece_interval(confidences[order], correct[order]) == pytest.approx(
        first, abs=1e-12
    )
