"""How good the best looks by chance."""

from dataclasses import replace

import numpy as np
import pytest

from retinue.experiments.sweeps.cells import gather
from retinue.experiments.sweeps.luck import expected_maximum, luck_of
from tests.experiments.sweeps.sweep_cases import grid

# Tippett 1925; Harter 1961
PUBLISHED = {1: 0.0, 2: 0.56419, 10: 1.53875, 20: 1.86748, 100: 2.50759, 1000: 3.24144}


@pytest.mark.parametrize(("count", "value"), PUBLISHED.items())
def test_the_expected_maximum_is_the_published_one(count: int, value: float) -> None:
    assert expected_maximum(count) == pytest.approx(value, abs=1e-5)


def test_the_best_of_equally_good_settings_is_as_lucky_as_expected() -> None:
    surplus, expected = [], []
    for seed in range(300):
        results = [replace(one, val=one.test) for one in grid((12,), seed=seed)]
        luck = luck_of(gather(results), None)
        assert luck is not None
        assert luck.tried == 12
        surplus.append(luck.measured)
        expected.append(luck.expected)
    assert np.mean(surplus) == pytest.approx(np.mean(expected), rel=0.05)


def test_the_deviation_is_that_of_a_mean_over_seeds() -> None:
    results = [replace(one, val=0.7 + 0.01 * (one.seed - 1)) for one in grid((4,))]
    luck = luck_of(gather(results), None)
    assert luck is not None
    assert luck.deviation == pytest.approx(0.01 / 3**0.5)


def test_one_seed_each_needs_the_number_of_pictures() -> None:
    results = [replace(one, val=0.8) for one in grid((4,), seeds=1)]
    assert luck_of(gather(results), None) is None
    luck = luck_of(gather(results), 1000)
    assert luck is not None
    assert luck.deviation == pytest.approx((0.8 * 0.2 / 1000) ** 0.5)


def test_a_single_setting_has_no_luck() -> None:
    assert luck_of(gather([replace(one, val=0.8) for one in grid((1,))]), 1000) is None
