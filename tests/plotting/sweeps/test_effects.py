"""What each key did: means, intervals, dots, and which effect is shown."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.style import BLUE, GREY
from retinue.plotting.sweeps.effects import Mean, Panel, effects
from tests.plotting.lines import fits, xs, ys

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def panel(names: list[str], *, shown: bool = True, ordered: bool = True) -> Panel:
    levels = tuple(
        Mean(name, 0.6 + n / 50, 0.58 + n / 50, 0.63 + n / 50, (0.55, 0.7, 0.6 + n / 40))
        for n, name in enumerate(names)
    )
    return Panel("a key", levels, shown, ordered, "effect shown, p < 0.001")


def colours(figure: Figure, panel: int) -> set[str]:
    """Of the large dots of a panel."""
    lines = figure.axes[panel].lines
    return {to_hex(one.get_color()).upper() for one in lines if one.get_markersize() == 7}


@pytest.mark.parametrize("levels", [[2], [3, 3, 3], [20, 4], [2] * 7 + [20]])
def test_nothing_is_cut_off_from_one_key_to_eight(levels: list[int], drawn: Draw) -> None:
    panels = [panel([f"{n}" for n in range(count)]) for count in levels]
    assert fits(effects(panels), drawn)


def test_shown_effects_are_blue_and_others_grey() -> None:
    figure = effects([panel(["1", "2"]), panel(["1", "2"], shown=False)])
    assert (colours(figure, 0), colours(figure, 1)) == ({BLUE}, {GREY})


def test_means_and_intervals_stand_where_they_belong() -> None:
    (axes,) = effects([panel(["1", "2", "3"])]).axes
    dots = [one for one in axes.lines if one.get_markersize() == 7]
    assert [(*xs(one), *ys(one)) for one in dots] == [(0, 0.6), (1, 0.62), (2, 0.64)]
    bars = [one for one in axes.lines if one.get_linewidth() == 2.2]
    assert ys(bars[0]) == [0.58, 0.63]


@pytest.mark.parametrize("ordered", [True, False])
def test_only_ordered_levels_are_joined(ordered: bool) -> None:
    (axes,) = effects([panel(["1", "2", "3"], ordered=ordered)]).axes
    assert any(len(xs(one)) == 3 and one.get_linewidth() == 1 for one in axes.lines) is (ordered)


def test_a_level_without_an_accuracy_says_so(texts: Read) -> None:
    broken = Panel("lr", (Mean("1", 0.5, None, None), Mean("2", None, None, None)), True, True, "")
    found = texts(effects([broken]))
    assert "none\nfinished" in found
    assert "none\nfinished" not in texts(effects([panel(["1", "2"])]))
    assert not any("interval" in one for one in found)


def test_odd_names_are_drawn_as_they_are(odd: list[str], drawn: Draw, texts: Read) -> None:
    figure = effects([panel(odd, ordered=False)])
    assert fits(figure, drawn)
    assert set(odd[:4]) <= set(texts(figure))
