from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.plotting.inside.colours import (
    as_colour,
    brief_number,
    coloured,
    laid_over,
    strip,
)


def luma(colours: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    return np.asarray(colours @ [0.299, 0.587, 0.114])


def test_without_a_sign_colours_rise_from_zero_to_the_limit() -> None:
    values = np.linspace(0, 2, 50)
    found = coloured(values, 2, signed=False)
    assert found.shape == (50, 3)
    assert (np.diff(luma(found)) >= 0).all()
    assert np.array_equal(coloured(np.array([2.0]), 2, False), coloured(np.array([9.0]), 2, False))


def test_with_a_sign_zero_is_palest_and_both_sides_are_told_apart() -> None:
    low, zero, high = coloured(np.array([-1.0, 0.0, 1.0]), 1, signed=True).astype(int)
    assert luma(zero) > 240
    assert luma(low) < 70
    assert luma(high) < 70
    assert low[2] > low[0]  # blue
    assert high[0] > high[2]  # red
    assert not np.array_equal(coloured(np.array([-1.0]), 1, signed=False)[0], low)


def test_what_is_not_finite_is_grey() -> None:
    found = coloured(np.array([np.nan, np.inf, -np.inf, 1.0]), 1, signed=True)
    assert found[:3].tolist() == [[138] * 3] * 3
    assert found[3].tolist() != [138] * 3


def test_the_bar_says_where_it_ends_and_whether_there_is_more() -> None:
    assert [text for _, text in strip(2.5, True, "x").ticks] == ["−2.5", "0", "2.5"]
    assert [text for _, text in strip(2.5, False, "x", beyond=True).ticks] == ["0", "≥ 2.5"]
    assert strip(1, False, "x").colours.shape == (256, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_map_of_zeros_leaves_the_picture_to_be_seen(channels: int) -> None:
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (6, 5, channels), dtype=np.uint8)
    grey = laid_over(picture, np.zeros((6, 5)), 1)
    assert grey.shape == (6, 5, 3)
    assert (grey == grey[..., :1]).all()
    wanted = luma(picture) if channels == 3 else picture[..., 0]
    assert np.corrcoef(grey[..., 0].ravel(), wanted.ravel())[0, 1] > 0.999


def test_a_map_covers_the_more_the_larger_it_is_in_the_colour_of_its_sign() -> None:
    picture = np.full((1, 4, 1), 128, np.uint8)
    none, half, whole, minus = laid_over(picture, np.array([[0, 0.5, 1, -1.0]]), 1)[0].astype(int)
    warm = [int(one[0] - one[2]) for one in (none, half, whole, minus)]
    assert warm[0] == 0 < warm[1] < warm[2]
    assert warm[3] < 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (1, "1"), (0.314, "0.31"), (-12.4, "−12"), (125.4, "125"),
        (9999, "9999"), (123456, "1.2e5"), (0.00012, "0.00012"), (0.0000123, "1.2e-5"),
        (float("nan"), "not finite"), (99.96, "100"),
    ],
)  # fmt: skip
def test_numbers_are_brief(value: float, text: str) -> None:
    assert brief_number(value) == text.replace("-", "−")


def test_grey_pictures_become_colour() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    assert as_colour(grey).shape == (2, 3, 3)
    colour = np.zeros((2, 3, 3), np.uint8)
    assert as_colour(colour) is colour
