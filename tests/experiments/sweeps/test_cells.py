"""Trainings by setting, and how seeds differ within settings."""

from dataclasses import replace

import pytest

from retinue.experiments.sweeps.cells import gather, pooled
from retinue.experiments.sweeps.result import DIVERGED, FINISHED, Result
from tests.experiments.sweeps.sweep_cases import frame, grid


def test_the_pooled_variance_is_the_residual_one_of_all_cells() -> None:
    from statsmodels.formula.api import ols

    results = grid((3, 2), seeds=4)[:-2]  # a setting with two seeds fewer
    expected = ols("y ~ C(cell)", frame(results)).fit()
    found = pooled(gather(results))
    assert found.variance == pytest.approx(expected.mse_resid, rel=1e-10)
    assert found.degrees == pytest.approx(expected.df_resid)


def test_only_finished_trainings_have_a_mean() -> None:
    one = Result(1, 0, {"a": 0}, FINISHED, test=0.8)
    other = Result(1, 1, {"a": 0}, DIVERGED, test=0.1)
    (cell,) = gather([one, other])
    assert cell.accuracies == (0.8,)
    assert len(cell.results) == 2


def test_settings_come_by_number() -> None:
    results = grid((3,), seeds=2)
    assert [cell.number for cell in gather(results[::-1])] == [1, 2, 3]


def _twice() -> list[Result]:
    results = [replace(one, train_loss=one.test) for one in grid((3,), seeds=3)]
    return [
        replace(one, setting=one.setting + 3 * b, values={**one.values, "b": b})
        for b in (0, 1)
        for one in results
    ]


def test_the_same_training_in_two_settings_counts_once() -> None:
    single, twice = pooled(gather(_twice()[:9])), pooled(gather(_twice()))
    assert twice.degrees == pytest.approx(single.degrees) == pytest.approx(6)
    assert twice.variance == pytest.approx(single.variance)


def test_equal_accuracies_alone_are_not_the_same_training() -> None:
    bare = [replace(one, train_loss=None) for one in _twice()]
    assert pooled(gather(bare)).degrees == 12
    other = [replace(one, seed=one.seed + 3 * int(one.values["b"])) for one in _twice()]
    assert pooled(gather(other)).degrees == 12


def test_without_a_second_seed_there_is_no_deviation() -> None:
    found = pooled(gather(grid((4,), seeds=1)))
    assert (found.degrees, found.deviation) == (0, None)
