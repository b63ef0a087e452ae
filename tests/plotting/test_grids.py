"""Sheets of pictures draw without a warning, and the pictures stay what they are."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting import grids

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def _picture(height: int = 8, width: int = 8, channels: int = 1) -> NDArray[np.uint8]:
    random = np.random.default_rng(height * width)
    return random.integers(0, 256, (height, width, channels), dtype=np.uint8)


MANY = [f"a long name of flower number {i} of them" for i in range(100)]
PHOTO, DIGIT = _picture(90, 120, 3), _picture()
SHEETS: list[Callable[[list[str]], Figure]] = [
    lambda _: grids.picture_grid([DIGIT, PHOTO, DIGIT], ["a", "two\nlines", "$c$"], 2, "Title"),
    lambda _: grids.picture_grid([], [], 4),
    lambda odd: grids.confident_mistakes([DIGIT] * 3, odd[4:7], odd[7:], [1.0, 0.99999, 0.29]),
    lambda _: grids.side_by_side([PHOTO, PHOTO], [[PHOTO] * 3, [PHOTO] * 3], "Augmentation"),
    lambda _: grids.sample_sheet({name: [DIGIT] * 4 for name in MANY}, "100 classes"),
    lambda odd: grids.sample_sheet({name: [PHOTO] * (name != "$") for name in odd}, None),
]


@pytest.mark.parametrize("sheet", SHEETS)
def test_sheets_of_pictures(
    sheet: Callable[[list[str]], Figure], odd: list[str], drawn: Draw
) -> None:
    pixels = drawn(sheet(odd))
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all(), "something is clipped"


def test_confidence_is_never_rounded_up_to_certainty(texts: Read) -> None:
    figure = grids.confident_mistakes([DIGIT] * 3, ["a"] * 3, ["b"] * 3, [1.0, 0.99999, 0.29])
    assert {"→ b 100 %", "→ b 99 %", "→ b 29 %"} <= set(texts(figure))
    nearly = grids.confident_mistakes([DIGIT], ["a"], ["b"], [1 - 1e-15])
    assert "→ b 99 %" in texts(nearly)


def test_small_pictures_keep_their_pixels(drawn: Draw) -> None:
    checked = np.array([[[0], [100]], [[255], [0]]], dtype=np.uint8)
    pixels = drawn(grids.picture_grid([checked], [""], 1))
    side, gap = 150 * grids.PICTURE, 150 * grids.GAP
    # The picture stands at the bottom left: probe the middle of each quarter.
    rows = [int(len(pixels) - gap - side * share) for share in (0.75, 0.25)]
    columns = [int(gap + side * share) for share in (0.25, 0.75)]
    assert pixels[np.ix_(rows, columns)][..., 0].tolist() == [[0, 100], [255, 0]]
    assert set(np.unique(pixels[rows[0] - 20 : rows[1] + 20, columns[0] : columns[1]])) == {
        0,
        100,
        255,
    }
