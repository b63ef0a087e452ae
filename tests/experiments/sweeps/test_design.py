"""What a sweep's differences are judged by."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.cells import gather
from retinue.experiments.sweeps.design import Design, judge, lay_out
from retinue.experiments.sweeps.error import Error
from retinue.experiments.sweeps.result import FINISHED, Result
from tests.experiments.sweeps.sweep_cases import axes_of, frame, grid


def _laid_out(sizes: Sequence[int], results: Sequence[Result]) -> Design:
    return lay_out(axes_of(sizes), gather(results))


def _judged(design: Design, pictures: int | None = None) -> Error:
    error = judge(design, False, False, pictures)
    assert isinstance(error, Error)
    return error


def test_seeds_judge_a_grid_and_settings_one_seed_each() -> None:
    assert _judged(_laid_out((3, 3), grid((3, 3)))).of == "seeds"
    results = grid((4, 4), seeds=1)
    error = _judged(_laid_out((4, 4), results))
    from statsmodels.formula.api import ols

    expected = ols("y ~ C(a) + C(b)", frame(results)).fit()
    assert error.of == "settings"
    assert error.variance == pytest.approx(expected.mse_resid)
    assert error.degrees == pytest.approx(expected.df_resid)


def test_a_random_search_is_judged_by_settings_even_with_seeds() -> None:
    random = np.random.default_rng(0)
    results = [
        Result(n, seed, {"lr": float(random.random())}, FINISHED, test=0.7 + 0.01 * random.random())
        for n in range(1, 21)
        for seed in (0, 1)
    ]
    design = lay_out([Axis("lr", range=Range(0, 1))], gather(results))
    error = _judged(design)
    assert (error.of, error.degrees) == ("settings", 16)
    assert not design.factorial


def test_a_sparse_grid_is_no_grid() -> None:
    results = [one for one in grid((4, 4), seeds=2) if one.setting % 3 == 0]
    assert not _laid_out((4, 4), results).factorial


def test_what_cannot_be_judged_says_why() -> None:
    one_seed = judge(_laid_out((5,), grid((5,), seeds=1)), False, False, None)
    assert isinstance(one_seed, str)
    assert "three seeds a setting" in one_seed
    design = _laid_out((3, 3), grid((3, 3)))
    assert "where earlier trainings were good" in str(judge(design, True, False, None))
    assert "stopped" in str(judge(design, False, True, None))
    assert "fewer than two" in str(judge(_laid_out((3,), grid((3,))[:3]), False, False, None))


def test_the_error_is_not_below_one_picture() -> None:
    equal = [replace(one, test=0.7) for one in grid((3,))]
    assert _judged(_laid_out((3,), equal), 200).variance == pytest.approx(1 / 200**2)
    assert _judged(_laid_out((3,), equal)).variance > 0
    assert _judged(_laid_out((3,), grid((3,))), 200_000).variance > 1e-6


def test_many_seeds_give_each_setting_its_own_variance() -> None:
    design = _laid_out((3, 4), grid((3, 4), seeds=3))
    error = _judged(design)
    weights = np.linspace(0.1, 1, 12)
    own = [np.var(cell.accuracies, ddof=1) for cell in design.trained]
    variance, degrees = error.of_sum(weights)
    assert variance == pytest.approx(weights**2 @ own)
    assert degrees < error.degrees == pytest.approx(24)
    few = _judged(_laid_out((3, 3), grid((3, 3), seeds=3)))
    assert few.of_sum(weights[:9])[0] == pytest.approx(few.variance * weights[:9] @ weights[:9])


def test_degrees_of_own_variances_are_right_on_average() -> None:
    # The variance of a sum over settings of the same variance has all degrees of freedom.
    random = np.random.default_rng(0)
    found = []
    for _ in range(300):
        own = random.chisquare(2, 40) / 2
        error = Error("seeds", 1.0, 1e6, 0.0, own, np.full(40, 2.0), np.ones(40))
        found.append(1 / (error.of_sum(np.ones(40))[1] + 2))
    assert 1 / np.mean(found) - 2 == pytest.approx(80, rel=0.05)


def test_squares_with_equal_own_variances_have_the_usual_degrees() -> None:
    columns = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 4)))[0]
    many = np.full(30, 1e6)
    error = Error("seeds", 2.0, 1e9, 0.0, np.full(30, 2.0), many, np.ones(30))
    expected, first, second = error.of_squares(columns @ columns.T)
    assert (expected, first) == pytest.approx((8.0, 4.0), rel=1e-5)
    assert second > 1e5
    plain = replace(error, own=None)
    assert plain.of_squares(columns @ columns.T) == (8.0, 4, 1e9)
