"""What each setting gave."""

from dataclasses import replace

import pytest
from scipy import stats

from retinue.experiments.sweeps.cells import gather, pooled
from retinue.experiments.sweeps.result import DIVERGED, IMPOSSIBLE, PRUNED, Result
from retinue.experiments.sweeps.settings import settings_of
from tests.experiments.sweeps.sweep_cases import grid


def test_intervals_are_by_the_spread_that_all_share() -> None:
    cells = gather(grid((4,)))
    seeds = pooled(cells)
    first = settings_of(cells, seeds)[0]
    half = stats.t.ppf(0.975, 8) * (seeds.variance / 3) ** 0.5
    assert first.test == pytest.approx(cells[0].mean)
    assert (first.test_low, first.test_high) == pytest.approx(
        (cells[0].mean - half, cells[0].mean + half)
    )
    assert first.spread != pytest.approx(seeds.deviation)


def test_with_one_seed_there_is_no_interval() -> None:
    cells = gather(grid((4,), seeds=1))
    first = settings_of(cells, pooled(cells))[0]
    assert (first.test_low, first.spread, first.trainings) == (None, None, 1)


def test_trainings_are_counted_by_how_they_ended() -> None:
    results = grid((2,), seeds=4)
    results[1] = replace(results[1], state=DIVERGED, test=None)
    results[2] = replace(results[2], state=PRUNED, val=0.3)
    results.append(Result(3, 0, {"a": 5}, IMPOSSIBLE, reason="too deep for 8 x 8"))
    cells = gather(results)
    first, _, third = settings_of(cells, pooled(cells))
    assert (first.trainings, first.diverged, first.pruned, first.val) == (2, 1, 1, None)
    assert (third.impossible, third.test, third.trainings) == ("too deep for 8 x 8", None, 0)
    assert not third.efficient


def test_costs_are_means_and_efficient_is_what_none_beats() -> None:
    vals, seconds = (0.7, 0.8, 0.75, 0.8), (10.0, 20.0, 30.0, 25.0)
    results = [
        replace(one, val=vals[one.setting - 1], seconds=seconds[one.setting - 1], parameters=7)
        for one in grid((4,))
    ]
    cells = gather(results)
    settings = settings_of(cells, pooled(cells))
    assert [one.efficient for one in settings] == [True, True, False, False]
    assert [one.seconds for one in settings] == list(seconds)
    assert settings[0].parameters == 7
