"""Which levels are unstable: spread over seeds, or with one seed what diverged."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from retinue.plotting.style import VERMILION
from retinue.plotting.sweeps.stability import Steadiness, stability
from tests.plotting.lines import fits, ys

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]
STEADY = Steadiness("small", (-0.01, 0.01, 0.0), 0.01, 0, 3)
WILD = Steadiness("large", (-0.08, 0.08), 0.11, 1, 3)


def bars(axes: Axes) -> list[Rectangle]:
    """From left to right."""
    return [bar for bar in axes.patches if isinstance(bar, Rectangle)]


@pytest.mark.parametrize("keys", [1, 3, 8])
@pytest.mark.parametrize("seeds", [True, False])
def test_nothing_is_cut_off(keys: int, seeds: bool, drawn: Draw) -> None:
    one = STEADY if seeds else Steadiness("some long name of a level", (), None, 2, 2)
    assert fits(stability([("key", [one, one, WILD])] * keys), drawn)


def test_spread_and_deviations_are_drawn_to_scale() -> None:
    (axes,) = stability([("lr", [STEADY, WILD])]).axes
    heights = [(bar.get_y(), bar.get_height()) for bar in bars(axes)]
    assert heights == [(-0.01, 0.02), (-0.11, 0.22)]
    assert [ys(one) for one in axes.lines] == [[-0.01, 0.01, 0.0], [-0.08, 0.08]]
    assert axes.get_ylim()[1] > 0.11


def test_what_diverged_is_counted_and_stands_out() -> None:
    (axes,) = stability([("lr", [STEADY, WILD])]).axes
    found = {text.get_text(): text.get_color() for text in axes.texts}
    assert found["1/3"] == VERMILION
    assert found["0/3"] != VERMILION


def test_with_one_seed_bars_show_the_share_that_diverged(texts: Read) -> None:
    levels = [Steadiness("a", (), None, 0, 4), Steadiness("b", (), None, 3, 4)]
    figure = stability([("lr", levels)])
    assert [bar.get_height() for bar in bars(figure.axes[0])] == [0, 0.75]
    assert {"0/4", "3/4", "trainings that diverged"} <= set(texts(figure))
