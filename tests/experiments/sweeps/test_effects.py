"""What a key did, beside statsmodels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from retinue.experiments.sweeps import effects
from retinue.experiments.sweeps.cells import gather, pooled
from retinue.experiments.sweeps.design import judge, lay_out
from retinue.experiments.sweeps.effects import effect_of
from retinue.experiments.sweeps.error import Error
from retinue.experiments.sweeps.findings import Effect
from retinue.experiments.sweeps.result import DIVERGED, Result
from tests.experiments.sweeps.sweep_cases import axes_of, frame, grid


def _effect(sizes: Sequence[int], results: Sequence[Result], key: int = 0) -> Effect:
    design = lay_out(axes_of(sizes), gather(results))
    error = judge(design, False, False, 100_000)
    return effect_of(design, key, error if isinstance(error, Error) else None)


def _anova(formula: str, results: Sequence[Result]) -> Any:
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    return anova_lm(ols(formula, frame(results)).fit(), typ=2)


@pytest.mark.parametrize("dropped", [0, 2])
def test_a_single_key_is_judged_as_by_tukey_and_kramer(dropped: int) -> None:
    from statsmodels.stats.multicomp import pairwise_tukeyhsd

    results = grid((4,), lambda a: 0.004 * a, seeds=4)[dropped:]
    effect = _effect((4,), results)
    table = frame(results)
    expected = pairwise_tukeyhsd(table["y"], table["a"])
    for one in effect.differences:
        assert isinstance(one.better, int)
        assert isinstance(one.worse, int)
        low, high = sorted((one.better, one.worse))
        place = [(i, j) for i in range(4) for j in range(i + 1, 4)].index((low, high))
        assert one.value == pytest.approx(abs(expected.meandiffs[place]))
        ends = sorted((np.sign(expected.meandiffs[place]) * expected.confint[place]).tolist())
        assert (one.low, one.high) == pytest.approx(tuple(ends), abs=1e-6)
    assert effect.p == pytest.approx(min(expected.pvalues), abs=1e-6)
    assert [one.value for one in effect.differences] == sorted(
        (one.value for one in effect.differences), reverse=True
    )


@pytest.mark.parametrize("size", [0.0, 0.003, 0.01])
def test_p_is_below_5_percent_where_an_interval_leaves_out_0(size: float) -> None:
    for seed in range(5):
        results = grid((3, 2), lambda a, _: size * a, seed=seed)
        for key in (0, 1):
            effect = _effect((3, 2), results, key)
            assert effect.p is not None
            left_out = any(one.low is not None and one.low > 0 for one in effect.differences)
            assert left_out == (effect.p < 0.05)


@pytest.mark.parametrize("dropped", [0, 2])
def test_two_levels_have_the_p_of_the_type_two_f_test(dropped: int) -> None:
    results = grid((3, 2), lambda a, b: 0.01 * a + 0.004 * b)[dropped:]
    expected = _anova("y ~ C(a) * C(b)", results)
    assert _effect((3, 2), results, 1).p == pytest.approx(expected["PR(>F)"]["C(b)"], rel=1e-6)


def test_with_settings_missing_other_pairs_are_in_the_model() -> None:
    def mean(a: int, b: int, c: int) -> float:
        return 0.03 * a * b + 0.004 * c

    results = grid((2, 2, 2), mean, seeds=4, without=[(0, 0, 1)])[1:]
    squares = _anova("y ~ (C(a) + C(b) + C(c)) ** 2", results)["sum_sq"]["C(c)"]
    seeds = pooled(gather(results))
    from scipy import stats

    expected = stats.f.sf(squares / seeds.variance, 1, seeds.degrees)
    assert _effect((2, 2, 2), results, 2).p == pytest.approx(expected, rel=1e-6)
    alone = _anova("y ~ C(a) + C(b) + C(c)", results)["sum_sq"]["C(c)"]  # as if there were none
    assert alone / squares != pytest.approx(1, rel=0.1)


def test_means_hold_the_other_keys_equal() -> None:
    results = grid((2, 3), lambda a, b: 0.02 * a + 0.05 * b, spread=0.0, without=[(1, 2)])
    effect = _effect((2, 3), results)
    assert effect.differences[0].value == pytest.approx(0.02)
    first, second = effect.levels
    assert first.mean == pytest.approx(0.75)
    assert second.mean == pytest.approx(0.77)
    plain = np.mean([one.test for one in results if one.values["a"] == 1 and one.test])
    assert plain < 0.75  # what would be told without holding them equal


def test_intervals_of_means_are_students() -> None:
    from scipy import stats

    results = grid((3,), seeds=3)
    (level, *_) = _effect((3,), results).levels
    seeds = pooled(gather(results))
    half = stats.t.ppf(0.975, 6) * (seeds.variance / 3) ** 0.5
    assert level.mean is not None
    assert (level.low, level.high) == pytest.approx((level.mean - half, level.mean + half))


def test_the_difference_in_single_settings_is_told() -> None:
    results = grid((2, 2), lambda a, b: 0.01 * a + 0.03 * a * b, spread=0.0)
    (one,) = _effect((2, 2), results).differences
    assert (one.least, one.value, one.most) == pytest.approx((0.01, 0.025, 0.04))
    assert (one.better, one.worse) == (1, 0)


def test_a_key_that_does_nothing_has_p_1() -> None:
    results = [
        replace(
            one, setting=one.setting + 3 * b, values={**one.values, "b": b}, train_loss=one.test
        )
        for b in range(3)
        for one in grid((3,))
    ]
    effect = _effect((3, 3), results, 1)
    assert effect.p == 1
    assert all(one.value == 0 for one in effect.differences)


def test_repeated_trainings_do_not_sharpen_the_other_keys() -> None:
    single = grid((3,), lambda a: 0.004 * a)
    repeated = [
        replace(
            one, setting=one.setting + 3 * b, values={**one.values, "b": b}, train_loss=one.test
        )
        for b in range(3)
        for one in single
    ]
    once = _effect((3,), single)
    assert _effect((3, 3), repeated).p == pytest.approx(once.p)
    unseen = [replace(one, train_loss=None) for one in repeated]
    p = _effect((3, 3), unseen).p
    assert p is not None
    assert once.p is not None
    assert p < once.p / 10  # what would be told if each counted as a training of its own


def test_equal_seeds_do_not_make_a_picture_matter() -> None:
    results = [replace(one, test=0.70 + 0.01 * int(one.values["a"])) for one in grid((2,))]
    design = lay_out(axes_of((2,)), gather(results))
    error = judge(design, False, False, 100)  # one picture more of a hundred
    assert isinstance(error, Error)
    p = effect_of(design, 0, error).p
    assert p is not None
    assert p > 0.05


def test_what_the_settings_do_not_determine_has_no_p() -> None:
    results = [one for one in grid((2, 2)) if one.values["a"] == one.values["b"]]
    effect = _effect((2, 2), results)
    assert (effect.p, effect.differences) == (None, ())


def test_trainings_that_diverged_are_counted_and_not_in_means() -> None:
    results = grid((2,))
    results[0] = replace(results[0], state=DIVERGED, test=0.1)
    level = _effect((2,), results).levels[0]
    assert (level.settings, level.trainings, level.diverged) == (1, 2, 1)
    assert level.mean == pytest.approx(np.mean([one.test for one in results[1:3] if one.test]))
    lost = [replace(one, state=DIVERGED) for one in grid((2,))]
    effect = _effect((2,), lost)
    assert (effect.p, effect.levels[0].mean, effect.levels[0].diverged) == (None, None, 3)


def test_spread_and_cost_are_told_by_level() -> None:
    results = [replace(one, seconds=10.0 + one.seed, train=0.9) for one in grid((2, 2))]
    level = _effect((2, 2), results).levels[1]
    own = [cell for cell in gather(results) if cell.values["a"] == 1]
    assert level.spread == pytest.approx(pooled(own).deviation)
    assert (level.seconds, level.train) == pytest.approx((11.0, 0.9))


def test_the_mean_of_nothing_known_is_none() -> None:
    assert effects.plain_mean([None, None]) is None
    assert effects.plain_mean([None, 0.5]) == 0.5


def test_the_spread_of_losses_is_that_within_settings() -> None:
    losses = (1.0, 2.0, 4.0)
    results = [replace(one, val_loss=10.0 * one.setting + losses[one.seed]) for one in grid((2, 2))]
    effect = _effect((2, 2), results)
    expected = float(np.std(losses, ddof=1))
    assert [level.loss_spread for level in effect.levels] == pytest.approx([expected] * 2)
    assert [level.loss_spread for level in _effect((2, 2), grid((2, 2))).levels] == [None, None]
