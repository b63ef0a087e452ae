"""Ends of axes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retinue.reporting.slides.spans import span_of_costs, span_of_shares, step_of


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=8))
def test_all_costs_are_within_the_axis(costs: list[float]) -> None:
    span = span_of_costs(costs)
    assert all(0 <= span.share(cost) <= 1 for cost in costs)
    assert span.is_logarithmic == (max(costs) > 8 * min(costs))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8))
def test_all_intervals_are_within_the_axis(ends: list[tuple[float, float]]) -> None:
    lows, highs = [min(one) for one in ends], [max(one) for one in ends]
    span = span_of_shares(lows, highs)
    assert 0 <= span.low <= min(lows)
    assert max(highs) <= span.high <= 1
    assert span.low < span.high


def test_a_logarithmic_axis_goes_in_powers_of_ten() -> None:
    span = span_of_costs([0.3, 50])
    assert (span.low, span.high) == (0.1, 100)
    assert span.share(3.1623) == pytest.approx(0.5, abs=1e-4)


def test_a_linear_axis_begins_at_nothing() -> None:
    span = span_of_costs([1.1, 1.9])
    assert (span.low, span.high, span.step) == (0, 2.5, 0.5)


@pytest.mark.parametrize(("about", "step"), [(0.3, 0.5), (0.5, 0.5), (1.2, 2), (7, 10), (30, 50)])
def test_steps_are_1_2_or_5(about: float, step: float) -> None:
    assert step_of(about) == step
