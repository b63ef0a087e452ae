"""The softmax against SciPy and by hand, and where it could overflow."""

import numpy as np
import pytest
from scipy.special import softmax as softmax_of_scipy

from retinue.prediction.probabilities import softmax


@pytest.mark.parametrize("temperature", [0.05, 0.5, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("shape", [(50, 10), (1, 2), (3, 1), (0, 4)])
def test_softmax_is_scipy_s(shape: tuple[int, int], temperature: float) -> None:
    logits = np.random.default_rng(0).normal(scale=30, size=shape).astype(np.float32)
    expected = softmax_of_scipy(logits.astype(np.float64) / temperature, axis=1)
    found = softmax(logits, temperature)
    assert found.shape == shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


def test_softmax_is_stable_and_exact() -> None:
    rows = softmax(np.array([[1e4, 1e4 - 1], [-1e4, 0.0]], dtype=np.float32))
    expected = 1 / (1 + np.exp(-1))
    assert rows.dtype == np.float64
    assert rows == pytest.approx(np.array([[expected, 1 - expected], [0.0, 1.0]]), abs=1e-15)
    assert softmax(np.array([[2.0, 0.0]]), 2.0) == pytest.approx(rows[:1], abs=1e-15)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        softmax(np.zeros((1, 2)), temperature)


def test_a_temperature_changes_confidence_but_no_answer() -> None:
    logits = np.random.default_rng(1).normal(size=(40, 5))
    sharp, plain, flat = (softmax(logits, temperature) for temperature in (0.3, 1.0, 5.0))
    for one in (sharp, flat):
        assert (one.argmax(axis=1) == plain.argmax(axis=1)).all()
    assert (sharp.max(axis=1) > plain.max(axis=1)).all()
    assert (plain.max(axis=1) > flat.max(axis=1)).all()
