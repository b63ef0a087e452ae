"""A key as a scale: where values lie, and that colours can be told apart and seen on white."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.style import new_figure, styled
from retinue.plotting.sweeps.scale import Scale, colour_of, explain_colours

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]
LOG = Scale("lr", low=0.001, high=0.1, log=True)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, as WCAG 2 defines it."""
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_shares_are_even_by_levels_numbers_or_logarithms() -> None:
    levels = Scale("depth", ("2", "4", "32"), ordered=True)
    assert [levels.share(n) for n in range(3)] == [0, 0.5, 1]
    assert Scale("a", low=2, high=4).share(3) == 0.5
    assert LOG.share(0.01) == pytest.approx(0.5)
    assert Scale("a", low=0.001, high=0.1).share(0.01) != pytest.approx(0.5)


def test_a_scale_of_one_value_has_it_in_the_middle() -> None:
    assert Scale("a", ("only",)).share(0) == 0.5
    assert Scale("a", low=3, high=3).share(3) == 0.5


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_ordered_levels_rise_in_lightness_and_stand_out_from_white(count: int) -> None:
    scale = Scale("depth", tuple(map(str, range(count))), ordered=True)
    lights = [luminance(colour_of(scale, n)) for n in range(count)]
    assert lights == sorted(lights)
    assert len(set(lights)) == count
    assert lights[-1] < 0.7


def test_names_have_colours_of_their_own() -> None:
    names = Scale("optimiser", tuple("abcdefg"))
    colours = [colour_of(names, n) for n in range(7)]
    assert all(one != two for one, two in combinations(colours, 2))
    lights = [luminance(one) for one in colours]
    assert lights != sorted(lights)  # names do not look like more or less of something


def test_what_lies_beyond_a_range_has_the_colour_of_its_end() -> None:
    assert colour_of(LOG, 1.0) == colour_of(LOG, 0.1)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (Scale("lr", ("0.1", "0.2"), ordered=True), {"lr", "0.1", "0.2"}),
        (Scale("n", tuple(map(str, range(30))), ordered=True), {"n", "0", "27"}),
        (LOG, {"lr", "0.001", "0.01", "0.1"}),
    ],
)
def test_colours_are_explained(scale: Scale, expected: set[str], drawn: Draw, texts: Read) -> None:
    with styled():
        figure = new_figure(5, 4)
        explain_colours(figure, figure.subplots(), scale)
    drawn(figure)  # ticks get their labels then
    assert expected <= set(texts(figure))
