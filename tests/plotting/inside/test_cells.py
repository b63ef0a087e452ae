"""Grids of numbers: their colours, and when numbers are written."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from retinue.plotting.inside.cells import Scale, draw_cells, number, scale_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"), (-0.0, "0"), (-0.25, "-0.25"), (1234.4, "1234"), (0.000123, "0.000123"),
        (1e9, "1e+09"), (float("inf"), "inf"), (99.96, "100"), (-12.345, "-12.3"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_a_scale_begins_at_0_and_is_even_around_it_where_there_are_signs() -> None:
    assert scale_of(np.array([2.0, 5, np.nan])) == Scale(0, 5, False)
    assert scale_of(np.array([-2.0, 5])) == Scale(-5, 5, True)
    assert scale_of(np.array([2.0]), signed=True) == Scale(-2, 2, True)
    assert scale_of(np.zeros(3)) == Scale(0, 1, False)


def test_ink_is_dark_on_light_and_light_on_dark() -> None:
    grey, signed = Scale(0, 255, False), Scale(-1, 1, True)
    assert (grey.ink(0), grey.ink(255)) == ("white", "#222222")
    assert (signed.ink(-1), signed.ink(0), signed.ink(1)) == ("white", "#222222", "white")


@pytest.mark.parametrize(("side", "written"), [(7, True), (60, False)])
def test_numbers_are_written_where_they_can_be_read(side: int, written: bool) -> None:
    axes = Figure().subplots()
    assert draw_cells(axes, np.ones((side, side)), Scale(0, 1, False), 2.7) == written
    assert len(axes.texts) == (side * side if written else 0)
