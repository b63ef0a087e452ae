"""What pairs of keys did together: cells, numbers, empty cells, one scale."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from retinue.plotting.sweeps.interactions import Pair, interactions
from tests.plotting.lines import fits

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def pair(rows: int, columns: int, base: float = 0.5, step: float = 0.004) -> Pair:
    cells = tuple(
        tuple(base + step * (r * columns + c) for c in range(columns)) for r in range(rows)
    )
    names = tuple(f"r{n}" for n in range(rows)), tuple(f"c{n}" for n in range(columns))
    return Pair("depth", "lr", *names, cells, "not shown, p = 0.40")


@pytest.mark.parametrize(
    "sizes", [[(2, 2)], [(3, 3)] * 3, [(5, 4), (4, 4)], [(12, 12), (3, 3)] * 2, [(20, 3)]]
)
def test_nothing_is_cut_off(sizes: list[tuple[int, int]], drawn: Draw) -> None:
    assert fits(interactions([pair(*size) for size in sizes]), drawn)


def test_cells_carry_percentages_up_to_twelve_levels(texts: Read) -> None:
    assert {"50.0", "50.4", "51.2"} <= set(texts(interactions([pair(2, 2)])))
    assert {"50", "65", "80", "95"} <= set(texts(interactions([pair(2, 2, 0.5, 0.15)])))
    numbers = [one for one in texts(interactions([pair(13, 2)])) if one == "50.0"]
    assert numbers == []


def test_empty_cells_are_hatched_and_explained(texts: Read) -> None:
    full = pair(2, 2)
    holed = Pair("a", "b", full.rows, full.columns, ((0.5, None), (0.6, 0.7)), "")
    figure = interactions([holed])
    (patch,) = [one for one in figure.axes[0].patches if isinstance(one, Rectangle)]
    assert (patch.get_x(), patch.get_y(), patch.get_hatch()) == (0.5, -0.5, "////")
    assert any("Hatched" in one for one in texts(figure))
    figure = interactions([full])
    assert not figure.axes[0].patches
    assert not any("Hatched" in one for one in texts(figure))


def test_all_maps_have_one_scale() -> None:
    figure = interactions([pair(2, 2, 0.2), pair(3, 3, 0.8)])
    limits = [one.get_images()[0].get_clim() for one in figure.axes[:2]]
    assert limits == [pytest.approx((0.2, 0.832))] * 2
