"""What accuracy costs: only efficient settings are numbered, joined and named."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.style import VERMILION
from retinue.plotting.sweeps.costs import Spot, costs
from tests.plotting.lines import fits, xs

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]
TIME, WORK = "seconds", "millions"


def spots(count: int, efficient: int, text: str = "lr 0.01, depth 3") -> list[Spot]:
    random = np.random.default_rng(count)
    found = []
    for n in range(count):
        front = frozenset({TIME, WORK}) if n < efficient else frozenset[str]()
        seconds, accuracy = (2.0 + n, 0.5 + n / 50) if front else (random.uniform(30, 99), 0.5)
        paid = {TIME: seconds, WORK: seconds * 3}
        low = accuracy - 0.02
        found.append(
            Spot(n + 1, text, accuracy, low, accuracy + 0.02, paid, front, n == efficient - 1)
        )
    return found


@pytest.mark.parametrize(("count", "efficient"), [(2, 1), (27, 4), (300, 12)])
def test_nothing_is_cut_off(count: int, efficient: int, drawn: Draw) -> None:
    assert fits(costs(spots(count, efficient), [TIME, WORK]), drawn)


def test_only_efficient_settings_are_numbered_and_joined(texts: Read) -> None:
    figure = costs(spots(30, 3), [TIME])
    (line,) = [one for one in figure.axes[0].lines if one.get_linestyle() == "--"]
    assert xs(line) == [2, 3, 4]
    numbers = [text.get_text() for text in figure.axes[0].texts]
    assert sorted(numbers) == ["1", "2", "3"]
    named = [one for one in texts(figure) if "lr 0.01" in one]
    assert len(named) == 3
    assert named[0].startswith("3 (chosen on val)")


def test_the_chosen_one_is_marked() -> None:
    def marked(some: list[Spot]) -> list[float]:
        lines = costs(some, [TIME]).axes[0].lines
        return [
            xs(one)[0] for one in lines if one.get_color() == VERMILION and one.get_marker() == "o"
        ]

    assert marked(spots(9, 3)) == [4.0]
    unchosen = [Spot(1, "a", 0.5, None, None, {TIME: 1.0}, frozenset({TIME}))]
    assert marked(unchosen) == []


def test_a_setting_without_a_cost_is_not_in_that_panel() -> None:
    some = [
        Spot(1, "a", 0.5, None, None, {TIME: 1.0, WORK: 2.0}),
        Spot(2, "b", 0.6, None, None, {TIME: 3.0}),
    ]
    figure = costs(some, [TIME, WORK])
    assert [len(xs(axes.lines[0])) for axes in figure.axes] == [2, 1]


def test_a_long_list_ends_with_what_was_left_out(texts: Read) -> None:
    long = "some rather long key of a model 1, " * 5
    found = texts(costs(spots(40, 20, long), [TIME]))
    assert any("most accurate of 20" in one for one in found)
    assert not any("most accurate of" in one for one in texts(costs(spots(40, 5), [TIME])))
