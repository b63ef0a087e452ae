"""Whether what one key does depends on another, beside statsmodels."""

from collections.abc import Sequence

import pytest

from retinue.experiments.sweeps.cells import gather, pooled
from retinue.experiments.sweeps.design import judge, lay_out
from retinue.experiments.sweeps.error import Error
from retinue.experiments.sweeps.findings import Interaction
from retinue.experiments.sweeps.interactions import interaction_of
from retinue.experiments.sweeps.result import Result
from tests.experiments.sweeps.sweep_cases import axes_of, frame, grid


def _interaction(
    sizes: Sequence[int], results: Sequence[Result], pair: tuple[int, int] = (0, 1)
) -> Interaction:
    design = lay_out(axes_of(sizes), gather(results))
    error = judge(design, False, False, 100_000)
    return interaction_of(design, pair, error if isinstance(error, Error) else None)


def _squares(formula: str, results: Sequence[Result], term: str) -> tuple[float, float, float]:
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    table = anova_lm(ols(formula, frame(results)).fit(), typ=2)
    return table["sum_sq"][term], table["df"][term], table["PR(>F)"][term]


@pytest.mark.parametrize("dropped", [0, 2])
def test_two_keys_have_the_f_test_of_anova(dropped: int) -> None:
    results = grid((3, 2), lambda a, b: 0.004 * a * b)[dropped:]
    expected = _squares("y ~ C(a) * C(b)", results, "C(a):C(b)")[2]
    assert _interaction((3, 2), results).p == pytest.approx(expected, rel=1e-6)


def test_with_settings_missing_the_other_pairs_are_in_the_model() -> None:
    from scipy import stats

    results = grid((2, 2, 2), lambda a, b, c: 0.03 * b * c, seeds=4, without=[(0, 0, 1)])[1:]
    formula = "y ~ (C(a) + C(b) + C(c)) ** 2"
    squares, degrees, _ = _squares(formula, results, "C(a):C(b)")
    seeds = pooled(gather(results))
    expected = stats.f.sf(squares / degrees / seeds.variance, degrees, seeds.degrees)
    assert _interaction((2, 2, 2), results).p == pytest.approx(expected, rel=1e-6)


def test_one_seed_each_leaves_three_keys_pairs_to_be_tested() -> None:
    results = grid((3, 3, 3), lambda a, b, c: 0.004 * a * b, seeds=1)
    expected = _squares("y ~ C(a) * C(b) + C(c)", results, "C(a):C(b)")[2]
    assert _interaction((3, 3, 3), results).p == pytest.approx(expected, rel=1e-6)


def test_one_seed_each_leaves_nothing_for_two_keys() -> None:
    assert _interaction((4, 4), grid((4, 4), seeds=1)).p is None


def test_a_large_sweep_finds_it_with_settings_own_variances() -> None:
    with_it = _interaction((3, 3, 2), grid((3, 3, 2), lambda a, b, c: 0.004 * a * b))
    without = _interaction((3, 3, 2), grid((3, 3, 2), lambda a, b, c: 0.02 * (a + b)))
    assert with_it.p is not None
    assert without.p is not None
    assert with_it.p < 0.001 < 0.05 < without.p


def test_cells_are_means_and_size_is_what_no_sum_explains() -> None:
    found = _interaction((2, 2), grid((2, 2), lambda a, b: 0.04 * a * b, spread=0.0))
    assert found.cells[0] == pytest.approx((0.7, 0.7))
    assert found.cells[1] == pytest.approx((0.7, 0.74))
    assert found.size == pytest.approx(0.01)
    assert (found.keys, found.rows, found.columns) == (("a", "b"), (0, 1), (0, 1))


def test_a_pair_that_was_not_trained_is_none() -> None:
    results = grid((3, 3), lambda a, b: 0.01 * a + 0.02 * b, spread=0.0, without=[(1, 1)])
    found = _interaction((3, 3), results)
    assert found.cells[1][1] is None
    assert found.size == pytest.approx(0, abs=1e-12)
    assert found.p == 1
