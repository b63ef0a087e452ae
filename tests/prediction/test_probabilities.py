"""The softmax by hand, and where it could overflow."""

import numpy as np
import pytest

from retinue.prediction.probabilities import softmax


def test_softmax_is_stable_and_exact() -> None:
    rows = softmax(np.array([[1e4, 1e4 - 1], [-1e4, 0.0]], dtype=np.float32))
    expected = 1 / (1 + np.exp(-1))
    assert rows.dtype == np.float64
    assert rows == pytest.approx(np.array([[expected, 1 - expected], [0.0, 1.0]]), abs=1e-15)
    assert softmax(np.array([[2.0, 0.0]]), 2.0) == pytest.approx(rows[:1], abs=1e-15)
    with pytest.raises(ValueError, match="above 0"):
        softmax(np.zeros((1, 2)), 0.0)
