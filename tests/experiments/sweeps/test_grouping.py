"""Levels of values, of variants, and of ranges."""

import numpy as np
import pytest

from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.grouping import levels_of

LR = Axis("lr", range=Range(1e-4, 1e-1, log=True))


def test_a_range_has_four_groups_of_like_size() -> None:
    tried = 10 ** np.random.default_rng(0).uniform(-4, -1, 30)
    levels, places = levels_of(LR, tried.tolist())
    assert sorted(np.bincount(places)) == [7, 7, 8, 8]
    assert len(set(levels)) == 4
    for level, text in enumerate(levels):
        low, high = (float(end) for end in str(text).split(" to "))
        own = tried[np.array(places) == level]
        assert (low, high) == pytest.approx((own.min(), own.max()), rel=0.01)


@pytest.mark.parametrize(("count", "groups"), [(1, 1), (5, 1), (6, 2), (9, 3), (100, 4)])
def test_few_settings_have_fewer_groups(count: int, groups: int) -> None:
    levels, _ = levels_of(LR, np.linspace(0.001, 0.1, count).tolist())
    assert len(levels) == groups


def test_equal_numbers_come_into_one_group() -> None:
    tried = [2] * 10 + [3] * 3 + [8] * 3
    levels, places = levels_of(Axis("depth", range=Range(2, 8, whole=True)), tried)
    assert all(len({places[i] for i, one in enumerate(tried) if one == n}) == 1 for n in (2, 3, 8))
    assert levels[0] == "2"
    assert set(places) == set(range(len(levels)))


def test_numbers_that_are_close_are_told_apart() -> None:
    levels, _ = levels_of(LR, [0.01 + 1e-6 * step for step in range(12)])
    assert len(set(levels)) == 4


def test_variants_are_levels_by_name() -> None:
    axis = Axis("network", variants={"<b>": {"model": "cnn"}, "plain": {"model": "mlp"}})
    assert levels_of(axis, ["plain", "<b>", "plain"]) == (("<b>", "plain"), [1, 0, 1])


def test_true_is_not_1() -> None:
    axis = Axis("pool", (1, True, "1"))
    assert levels_of(axis, [True, 1, "1"])[1] == [1, 0, 2]


def test_an_unknown_value_is_named() -> None:
    with pytest.raises(ValueError, match="lr has no value 3"):
        levels_of(Axis("lr", (1, 2)), [1, 3])
