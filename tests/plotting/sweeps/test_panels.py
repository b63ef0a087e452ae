"""Small multiples: rows are filled, share one axis, and names have room."""

import numpy as np
import pytest

from retinue.plotting.style import styled
from retinue.plotting.sweeps.panels import key_panels, name_levels, scattered


@pytest.mark.parametrize(
    ("levels", "rows"), [([2], 1), ([3] * 4, 1), ([3] * 8, 2), ([20, 3, 20], 3), ([6, 6, 6], 1)]
)
def test_panels_fill_rows_and_share_one_axis(levels: list[int], rows: int) -> None:
    with styled():
        figure, panels = key_panels(levels, 2)
    tops = {round(axes.get_position().y0, 3) for axes in panels}
    assert (len(panels), len(tops)) == (len(levels), rows)
    panels[0].set_ylim(0.2, 0.7)
    assert all(axes.get_ylim() == (0.2, 0.7) for axes in panels)
    assert figure.get_figwidth() < 11


def test_long_names_stand_aslant_and_short_ones_do_not() -> None:
    with styled():
        _, (short, long) = key_panels([3, 3], 2)
        name_levels(short, ["1", "2", "3"])
        name_levels(long, ["a rather long name", "b", "c"])
    assert {label.get_rotation() for label in short.get_xticklabels()} == {0}
    assert {label.get_rotation() for label in long.get_xticklabels()} == {40}


def test_dots_are_scattered_around_their_place_and_apart() -> None:
    spots = np.array(scattered(5, 40, 0.3))
    assert ((spots > 4.69) & (spots < 5.31)).all()
    assert np.diff(np.sort(spots)).min() > 0.002
    assert scattered(5, 0) == []
