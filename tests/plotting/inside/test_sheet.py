"""A sheet keeps its pictures as they are, grows with what is on it, and cuts nothing off."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.inside.colours import strip
from retinue.plotting.inside.sheet import MARGIN, Sheet, Tile, columns_for
from retinue.plotting.style import styled
from tests.plotting.edges import edges_are_white

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def checked(height: int = 2, width: int = 2) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


@styled()
def filled(words: list[str]) -> Figure:
    """A sheet with everything on it that there is."""
    sheet = Sheet(6)
    sheet.heading(words[0], words)
    sheet.strip(strip(1.5, True, "value", beyond=True))
    sheet.grid([Tile(checked(5, 9), words[:2], marked=number == 3) for number in range(9)], 4)
    sheet.row([Tile(checked(90, 60))] * 4, 0.5, left=1, group=2)
    sheet.cells(checked(1, 7)[0], 1, 2, 0.2)
    sheet.y += 0.4
    sheet.rule(sheet.y)
    return sheet.finish()


def test_nothing_is_cut_off(odd: list[str], drawn: Draw) -> None:
    for words in (["plain", "b"], odd[1:], [odd[-1], odd[-1]]):
        assert edges_are_white(drawn(filled(words)))


def test_the_check_would_see_what_is_cut_off(drawn: Draw) -> None:
    sheet = Sheet(3)
    sheet.row([Tile(checked())] * 4, 1)
    pixels = drawn(sheet.finish())
    assert not (pixels[:, -1] == 255).all()


def test_pictures_keep_their_pixels_and_proportions(drawn: Draw) -> None:
    picture = checked(2, 4)
    sheet = Sheet(2 + 2 * MARGIN)
    sheet.row([Tile(picture)], 2)
    pixels = drawn(sheet.finish())
    # The picture is twice as wide as high, in the middle of a square of 300 dots.
    left, top = 150 * MARGIN, 150 * (MARGIN + 0.02) + 75
    rows = [round(top + 75 * (row + 0.5)) for row in range(2)]
    columns = [round(left + 75 * (column + 0.5)) for column in range(4)]
    assert np.array_equal(pixels[np.ix_(rows, columns)], picture)
    assert (pixels[round(top - 20)] == 255).all()


def test_a_sheet_grows_with_what_is_on_it() -> None:
    def height(tiles: int) -> float:
        sheet = Sheet(6)
        sheet.grid([Tile(checked(), ["a"])] * tiles, 4)
        return float(sheet.finish().get_size_inches()[1])

    assert height(1) == height(4) < height(5) == height(8)
    assert height(9) - height(8) == pytest.approx(height(5) - height(4))


def test_long_notes_are_broken_and_captions_shortened(texts: Read) -> None:
    note = "many words " * 40
    words = texts(filled(["title", note]))
    assert sum("many words" in line and len(line) < 100 for line in words) > 4
    assert any("…" in line for line in words)


def test_few_pictures_are_drawn_larger() -> None:
    assert [columns_for(number) for number in (1, 4, 5, 12, 13, 64)] == [4, 4, 6, 6, 8, 8]
