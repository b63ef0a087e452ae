"""Tests of counts, against references."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from retinue.reporting.diagnosis.odds import SURELY, above, is_less, p_of_fewer


@pytest.mark.parametrize(
    ("hits", "n", "other", "other_n"),
    [(1, 10, 8, 10), (0, 5, 3, 5), (90, 100, 95, 100), (5, 5, 0, 7), (450, 1000, 480, 1000),
     (0, 20, 0, 20), (20, 20, 20, 20), (6000, 10_000, 700, 1000)],
)  # fmt: skip
def test_fishers_exact_test(hits: int, n: int, other: int, other_n: int) -> None:
    table = [[hits, n - hits], [other, other_n - other]]
    expected = fisher_exact(table, alternative="less").pvalue
    assert p_of_fewer(hits, n, other, other_n) == pytest.approx(expected, rel=1e-6)


def test_no_pictures_show_nothing() -> None:
    assert p_of_fewer(0, 0, 5, 5) == 1.0
    assert p_of_fewer(0, 5, 0, 0) == 1.0


def test_equal_shares_are_rarely_called_different() -> None:
    """Of runs in which val and test are of one kind, one in a thousand may be told otherwise."""
    random = np.random.default_rng(0)
    draws = random.binomial((60, 500), 0.8, size=(4000, 2)).tolist()
    alarms = sum(is_less(a / 60, 60, b / 500, 500, 0.0) for a, b in draws)
    assert alarms <= 3 * SURELY * len(draws)


def test_a_difference_must_be_sure_and_large() -> None:
    assert is_less(0.5, 200, 0.9, 200, 0.05)
    assert not is_less(0.5, 5, 0.9, 5, 0.05)
    assert not is_less(0.88, 10**5, 0.9, 10**5, 0.05)
    assert not is_less(0.9, 200, 0.5, 200, 0.05)


def test_above_guessing() -> None:
    assert above(0.1, 0.1) == 0
    assert above(1.0, 0.1) == 1
    assert above(0.55, 0.1) == pytest.approx(0.5)
    assert above(1.0, 1.0) == 0
