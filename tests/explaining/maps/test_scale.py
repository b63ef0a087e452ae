import numpy as np
import pytest

from retinue.explaining.maps.scale import (
    limit_of,
    limits_of_each,
    number,
    strength_of,
    strongest,
)


def test_a_scale_ends_where_all_but_the_largest_stay_within() -> None:
    values = np.concatenate([np.zeros(10_000), np.linspace(-1, 1, 1000), [1000.0]])
    assert 0.99 < limit_of(values) <= 1
    assert limit_of(np.array([0.0, -3.0])) == 3
    assert limit_of(values[-1:]) == 1000


def test_zeros_do_not_lower_the_scale() -> None:
    few = np.zeros(100_000)
    few[:10] = 5
    assert limit_of(few) == 5


@pytest.mark.parametrize("values", [[0.0, 0.0], [np.nan, np.inf], []])
def test_there_is_always_something_to_divide_by(values: list[float]) -> None:
    assert limit_of(np.array(values)) == 1


def test_each_map_has_a_limit_and_a_strength() -> None:
    maps = np.array([[[1.0, -7.0]], [[0.0, 0.0]], [[np.nan, 2.0]]])
    assert limits_of_each(maps).tolist() == [7, 1, 2]
    assert strength_of(maps).tolist() == [5, 0, 2**0.5]


def test_a_peak_is_stronger_than_what_is_suppressed_everywhere() -> None:
    suppressed, peak = np.full((7, 7), -0.35), np.zeros((7, 7))
    peak[:2, :3] = 1.5
    strengths = strength_of(np.stack([suppressed, peak]))
    assert strengths[1] > strengths[0]
    assert np.abs(peak).mean() < np.abs(suppressed).mean(), "the mean alone would say otherwise"


def test_the_strongest_come_first_and_among_equals_the_first() -> None:
    assert strongest(np.array([1.0, 3.0, 1.0, 3.0]), 3).tolist() == [1, 3, 0]
    assert strongest(np.array([1.0]), 5).tolist() == [0]


def test_json_has_no_infinity() -> None:
    assert [number(value) for value in (1.5, float("nan"), float("-inf"))] == [1.5, None, None]
