"""Training pictures against test pictures."""

from collections.abc import Callable

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.sweeps.scale import Scale, colour_of
from retinue.plotting.sweeps.train_test import train_test
from tests.plotting.lines import fits, xs, ys

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]
SCALE = Scale("depth", ("2", "4"), ordered=True)
DOTS = [(0.9, 0.7, 0.0), (0.8, 0.81, 1.0), (0.6, 0.55, 1.0)]


def test_dots_stand_at_train_and_test_in_their_level_s_colour() -> None:
    axes = train_test(DOTS, SCALE).axes[0]
    dots = [one for one in axes.lines if one.get_marker() == "o"]
    assert [(*xs(one), *ys(one)) for one in dots] == [dot[:2] for dot in DOTS]
    assert [to_hex(one.get_color()) for one in dots] == [colour_of(SCALE, d[2]) for d in DOTS]


def test_the_diagonal_goes_from_corner_to_corner() -> None:
    axes = train_test(DOTS, SCALE).axes[0]
    (line,) = [one for one in axes.lines if one.get_linestyle() == "--"]
    assert xs(line) == ys(line) == list(axes.get_xlim())
    assert axes.get_xlim() == axes.get_ylim()


def test_levels_or_a_range_are_explained_and_nothing_is_cut_off(drawn: Draw, texts: Read) -> None:
    figure = train_test(DOTS, SCALE)
    assert {"depth", "2", "4", "the same on both"} <= set(texts(figure))
    assert fits(figure, drawn)
    ranged = [(0.9, 0.7, 0.01), (0.9, 0.7, 0.001)]
    figure = train_test(ranged, Scale("lr", low=1e-4, high=0.1, log=True))
    assert fits(figure, drawn)
    assert {"lr", "0.001"} <= set(texts(figure))
