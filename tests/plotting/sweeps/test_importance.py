"""Which keys matter, as bars."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from retinue.plotting.style import BLUE, GREY
from retinue.plotting.sweeps.importance import MOST, Part, importance
from tests.plotting.lines import fits

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]
PARTS = [Part(("lr",), 0.2, True), Part(("depth",), 0.5, False), Part(("lr", "depth"), 0.1, True)]


def test_bars_are_sorted_coloured_and_pairs_are_hatched() -> None:
    (axes,) = importance(PARTS).axes
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    assert [bar.get_width() for bar in bars] == [0.5, 0.2, 0.1]
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [GREY, BLUE, BLUE]
    assert [bool(bar.get_hatch()) for bar in bars] == [False, False, True]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["depth", "lr", "lr × depth"]


def test_the_legend_names_only_what_is_there(texts: Read) -> None:
    assert {"the effect is shown", "not shown"} <= set(texts(importance(PARTS)))
    assert "not shown" not in texts(importance(PARTS[:1]))


@pytest.mark.parametrize("count", [2, 60])
def test_many_bars_are_cut_down_and_nothing_is_cut_off(
    count: int, drawn: Draw, texts: Read
) -> None:
    long = ("some rather long key of a model", "another one that is as long")
    figure = importance([Part(long, n / 100, False) for n in range(count)])
    assert len(figure.axes[0].patches) == min(count, MOST)
    assert any("of 60" in one for one in texts(figure)) is (count == 60)
    assert fits(figure, drawn)
