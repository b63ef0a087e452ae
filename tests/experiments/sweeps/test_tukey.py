"""The studentized range, beside scipy's."""

import pytest
from scipy import stats

from retinue.experiments.sweeps.tukey import range_p, range_width


@pytest.mark.parametrize("count", [3, 9, 30])
@pytest.mark.parametrize("degrees", [1, 2, 7.5, 54, 1000, 99_999])
def test_the_tail_is_that_of_scipy(count: int, degrees: float) -> None:
    for q in (0.3, 3.0, 4.5, 7.0):
        expected = stats.studentized_range.sf(q, count, degrees)
        assert range_p(q / 2**0.5, count, degrees) == pytest.approx(expected, abs=1e-9)


def test_without_end_it_is_the_normal_range() -> None:
    expected = stats.studentized_range.sf(3.5, 5, float("inf"))
    assert range_p(3.5 / 2**0.5, 5, float("inf")) == pytest.approx(expected, abs=1e-9)


def test_two_means_have_students_t() -> None:
    assert range_p(2.1, 2, 8) == pytest.approx(2 * stats.t.sf(2.1, 8))
    assert range_width(2, 8) == pytest.approx(stats.t.ppf(0.975, 8))


@pytest.mark.parametrize(("count", "degrees", "point"), [(3, 10, 3.877), (5, 20, 4.232)])
def test_the_width_is_that_of_printed_tables(count: int, degrees: int, point: float) -> None:
    assert range_width(count, degrees) * 2**0.5 == pytest.approx(point, abs=6e-4)
    assert range_p(range_width(count, degrees), count, degrees) == pytest.approx(0.05, abs=1e-9)


def test_no_difference_has_p_1_and_a_vast_one_no_p_of_0() -> None:
    assert range_p(0.0, 5, 10) == 1.0
    assert 0 < range_p(1e4, 5, 100) < 1e-9
