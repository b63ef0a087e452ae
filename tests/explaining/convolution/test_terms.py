"""Sums as text: complete, or with the largest terms and the rest in one number."""

import pytest

from retinue.explaining.convolution.terms import added, listed, product, within


@pytest.mark.parametrize(("value", "text"), [(3, "3"), (-3, "(-3)"), (0.125, "0.125")])
def test_a_minus_is_in_brackets(value: float, text: str) -> None:
    assert within(value) == text
    assert product(2, value) == f"2 × {text}"


def test_a_short_sum_is_complete() -> None:
    assert added(["1 × 2", "3 × 4"], [2, 12]) == "1 × 2 + 3 × 4"
    assert added(["1 × 2", "3 × 4"], [2, 12], 20) == "1 × 2 + 3 × 4"


def test_of_a_long_sum_the_largest_stay_in_their_order_and_the_rest_is_one_number() -> None:
    values = [float(value) for value in (1, -20, 3, 4, 5, 30, -2, 1, 1, 2, 2)]
    terms = [f"1 × {within(value)}" for value in values]
    assert added(terms, values, 45) == "1 × (-20) + 1 × 30 + 17 (9 smaller)"
    assert added(terms, values, 1) == "1 × 30 + (-3) (10 smaller)"
    assert sum(values) == 27 == -20 + 30 + 17 == 30 - 3


def test_of_a_long_list_the_largest_stay() -> None:
    assert listed([1, 5, 3]) == "1, 5, 3"
    assert listed([1, 5, 3, 4], 8) == "5, 4, … (2 smaller)"
    assert listed([], 3) == ""
