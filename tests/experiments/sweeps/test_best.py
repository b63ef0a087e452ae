"""Which setting is chosen."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retinue.experiments.sweeps.best import best_of, choosable
from retinue.experiments.sweeps.cells import gather, pooled
from retinue.experiments.sweeps.findings import Best
from retinue.experiments.sweeps.result import DIVERGED, Result
from retinue.experiments.sweeps.settings import settings_of
from tests.experiments.sweeps.sweep_cases import grid


def _best(results: Sequence[Result], val_pictures: int | None = None) -> Best:
    cells = gather(results)
    best = best_of(choosable(cells), settings_of(cells, pooled(cells)), val_pictures)
    assert best is not None
    return best


def _swept(seed: int = 0, step: float = 0.004, seeds: int = 3) -> list[Result]:
    results = grid((6,), lambda a: step * a, seed=seed, seeds=seeds)
    return [replace(one, val=one.test, test=0.5 + 0.01 * one.setting) for one in results]


def test_it_is_chosen_on_val_and_looked_up_on_test() -> None:
    results = [replace(one, test=0.9 if one.setting == 1 else 0.6) for one in _swept(step=0.05)]
    best = _best(results)
    assert (best.setting, best.values, best.ties) == (6, {"a": 5}, ())
    assert best.test is not None
    assert abs(best.test - 0.6) < 1e-9


def test_equals_are_told_apart_by_their_loss_then_by_number() -> None:
    even = [replace(one, val=0.8) for one in _swept()]
    assert _best(even).setting == 1
    assert _best(even).ties == (2, 3, 4, 5, 6)
    by_loss = [replace(one, val_loss=0.3 if one.setting == 4 else 0.5) for one in even]
    assert _best(by_loss).setting == 4


def test_a_setting_that_lost_a_training_is_not_chosen() -> None:
    results = _swept(step=0.05)
    results[-1] = replace(results[-1], state=DIVERGED, val=None, test=None)
    assert _best(results).setting == 5


def test_ties_hold_the_truly_best_in_95_percent() -> None:
    held, sizes = [], []
    for seed in range(300):
        best = _best(_swept(seed))
        held.append(6 in (best.setting, *best.ties))
        sizes.append(len(best.ties))
    assert np.mean(held) >= 0.95 - 2 * (0.05 * 0.95 / 300) ** 0.5
    assert np.mean(sizes) < 4  # which all six would hold, too


def test_with_one_seed_each_pictures_tell_who_ties() -> None:
    results = _swept(step=0.02, seeds=1)
    assert _best(results).ties == (1, 2, 3, 4, 5)
    assert len(_best(results, 300).ties) > len(_best(results, 10_000).ties)


def test_without_val_nothing_is_chosen() -> None:
    cells = gather(grid((3,)))
    assert choosable(cells) == ()
    assert best_of((), settings_of(cells, pooled(cells)), None) is None
