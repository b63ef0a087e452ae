"""Charts of several classifiers: nothing overlaps, is clipped or fails for odd names."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.comparison import Dot, accuracies, confusions, pareto

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def dots(count: int, spread: float = 0.4, seed: int = 0) -> list[Dot]:
    values = 0.55 + spread * np.random.default_rng(seed).random(count)
    return [
        Dot(f"network-{n}", value, value - 0.02, value + 0.02, (value - 0.005, value + 0.005))
        for n, value in enumerate(values.tolist())
    ]


def unclipped(pixels: NDArray[np.uint8]) -> bool:
    edges = pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]
    return all((edge == 255).all() for edge in edges)


@pytest.mark.parametrize("count", [2, 6, 25])
def test_accuracies_are_sorted_and_the_chosen_one_is_marked(
    count: int, drawn: Draw, texts: Read
) -> None:
    some = dots(count)
    figure = accuracies(some, some[1].name)
    assert unclipped(drawn(figure))
    best = sorted(some, key=lambda dot: -dot.value)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [dot.name for dot in best]
    assert "chosen on val" in texts(figure)
    assert "chosen on val" not in texts(accuracies(some))


def test_odd_names_are_drawn_as_they_are(odd: list[str], drawn: Draw, texts: Read) -> None:
    some = [Dot(name, 0.5 + n / 30, 0.5, 0.9) for n, name in enumerate(odd)]
    costs = {"seconds": {name: 10.0 ** (n % 4) for n, name in enumerate(odd)}}
    matrix = np.eye(len(odd), dtype=np.int64)
    figures = [accuracies(some), pareto(some, costs), confusions({"a": matrix}, odd)]
    for figure in figures:
        assert drawn(figure).std() > 5
        assert set(odd[:4]) <= set(texts(figure))


def _front_of(axes: Axes) -> list[tuple[float, float]]:
    (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    return [(float(x), float(y)) for x, y in np.asarray(line.get_xydata())]


def test_the_front_joins_those_that_nobody_beats_in_both() -> None:
    values = {"slow": 0.9, "quick": 0.6, "middle": 0.8, "bad": 0.5, "worse": 0.79}
    cost = {"slow": 100.0, "quick": 1.0, "middle": 10.0, "bad": 50.0, "worse": 10.0}
    some = [Dot(name, value, value - 0.1, value + 0.05) for name, value in values.items()]
    figure = pareto(some, {"seconds": cost})
    assert _front_of(figure.axes[0]) == [(1.0, 0.6), (10.0, 0.8), (100.0, 0.9)]


def test_who_has_no_cost_is_not_in_that_panel(texts: Read) -> None:
    some = dots(3)
    costs = {"alone": {dot.name: 1.0 for dot in some}, "batches": {some[0].name: 1.0}}
    found = texts(pareto(some, costs))
    assert [found.count(dot.name) for dot in some] == [2, 1, 1]


@pytest.mark.parametrize(
    "costs", [(0.077, 0.104), (0.05, 0.051), (0.9, 1.2), (0.1, 1000.0), (3.0, 3.0)]
)
def test_costs_can_be_read_however_close_they_lie(costs: tuple[float, float]) -> None:
    some = dots(2)
    named = {dot.name: cost for dot, cost in zip(some, costs, strict=True)}
    axes = pareto(some, {"seconds": named}).axes[0]
    low, high = axes.get_xlim()
    shown = [tick for tick in axes.xaxis.get_majorticklocs() if low <= tick <= high]
    assert 2 <= len(shown) <= 16


@pytest.mark.parametrize(("count", "k"), [(1, 10), (2, 45), (3, 2), (4, 10), (7, 5)])
def test_confusions_side_by_side(count: int, k: int, drawn: Draw, texts: Read) -> None:
    random = np.random.default_rng(k)
    matrices = {
        f"net-{n}": np.diag(random.integers(50, 99, k)) + random.integers(0, 9, (k, k))
        for n in range(count)
    }
    figure = confusions(matrices, [f"class {n}" for n in range(k)])
    assert unclipped(drawn(figure))
    found = texts(figure)
    assert set(matrices) <= set(found)
    assert ("class 1" in found) is (k <= 40)


def test_cells_carry_percentages_of_their_row(texts: Read) -> None:
    matrix = np.array([[90, 10], [1, 999]])
    found = texts(confusions({"a": matrix}, ["x", "y"]))
    assert {"90", "10", "99"} <= set(found)
    assert "100" not in found


def test_without_a_mistake_there_is_something_to_see(drawn: Draw) -> None:
    assert unclipped(drawn(confusions({"a": np.eye(3, dtype=np.int64)}, ["x", "y", "z"])))
