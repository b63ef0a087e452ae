"""Names beside dots cover nothing."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from numpy.typing import NDArray

from retinue.plotting.comparison import Dot, pareto
from retinue.plotting.style import styled

Draw = Callable[[Figure], NDArray[np.uint8]]


def dots(count: int, spread: float, seed: int) -> list[Dot]:
    values = 0.55 + spread * np.random.default_rng(seed).random(count)
    return [Dot(f"network-{n}", v, v - 0.02, v + 0.02) for n, v in enumerate(values.tolist())]


def unclipped(pixels: NDArray[np.uint8]) -> bool:
    edges = pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]
    return all((edge == 255).all() for edge in edges)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [7, 14])
def test_labels_cover_neither_dots_nor_one_another(count: int, seed: int, drawn: Draw) -> None:
    some = dots(count, spread=0.3, seed=seed)
    random = np.random.default_rng(seed + 100)
    costs = {"seconds": {dot.name: float(10 ** random.uniform(0, 3)) for dot in some}}
    figure = pareto(some, costs)
    assert unclipped(drawn(figure))
    with styled():
        figure.canvas.draw()
    (axes,) = figure.axes
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    labels = [one for one in axes.texts if isinstance(one, Annotation)]
    assert len(labels) == count
    boxes = [Text.get_window_extent(label, renderer) for label in labels]  # without their lines
    places = axes.transData.transform([(costs["seconds"][dot.name], dot.value) for dot in some])
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])
        assert not any(box.contains(*place) for place in places)


def test_equal_points_are_told_apart(drawn: Draw) -> None:
    some = [Dot(name, 0.8, 0.75, 0.85) for name in "abcd"]
    figure = pareto(some, {"seconds": dict.fromkeys("abcd", 3.0)})
    assert unclipped(drawn(figure))
