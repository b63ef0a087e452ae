from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.inside.receptive_field import ROWS, receptive_field

Pixels = NDArray[np.uint8]
GROWTH = [("conv1", "3x3", "1", "3x3"), ("pool", "2x2", "2", "4x4")]


def drawing(
    height: int = 32,
    width: int = 32,
    channels: int = 3,
    box: tuple[int, int, int, int] | None = (5, 6, 12, 12),
    growth: list[tuple[str, str, str, str]] = GROWTH,
    title: str = "a picture: unit in row 1, column 1 of 8 x 8 in conv1",
) -> Figure:
    pixels = np.full((height, width, channels), 90, np.uint8)
    heat = np.zeros((height, width))
    heat[8:12, 9:13] = 1.5
    inside = None if box is None else (max(box[0], 0), max(box[1], 0), box[2], box[3])
    return receptive_field(
        pixels,
        heat,
        box=box,
        seen=inside,
        effective=None if box is None else (8, 9, 4, 4),
        title=title,
        sentences=["By arithmetic its field is 12 x 12 pixels.", "Measured on this picture: some."],
        growth=growth,
    )


@pytest.mark.parametrize("size", [(28, 28, 1), (32, 32, 3), (120, 90, 3)])
def test_pictures_of_every_kind_are_drawn(
    size: tuple[int, int, int], drawn: Callable[[Figure], Pixels]
) -> None:
    assert drawn(drawing(*size)).std() > 0


def test_what_the_unit_does_not_see_is_pale() -> None:
    shown = drawing().axes[0].images[0].get_array()
    assert shown is not None
    assert (shown[5:17, 6:18] == 90).all()
    assert (shown[:5] > 200).all()
    whole = drawing(box=None).axes[0].images[0].get_array()
    assert whole is not None
    assert (whole == 90).all()


def test_padding_is_shown_where_the_box_sticks_out_and_only_there(
    texts: Callable[[Figure], list[str]],
) -> None:
    left, right = drawing(box=(-3, -100, 40, 120)).axes[0].get_xlim()
    assert -9.5 < left < -8
    assert 31 < right < 32.5
    bottom, top = drawing(box=(-3, 2, 12, 12)).axes[0].get_ylim()
    assert -4.5 < top < -3
    assert "padding" in texts(drawing(box=(-3, 2, 12, 12)))
    assert "padding" not in texts(drawing())
    assert 31 < bottom < 32.5


def test_words_and_the_table_are_there(texts: Callable[[Figure], list[str]]) -> None:
    found = texts(drawing())
    assert "By arithmetic its field is 12 x 12 pixels.\nMeasured on this picture: some." in found
    assert {"layer", "kernel", "stride", "field", "conv1", "4x4"} <= set(found)
    assert {"field by arithmetic, 12 x 12", "95 % of the gradient, measured"} <= set(found)
    assert not any("arithmetic," in text for text in texts(drawing(box=None)))


def test_of_many_layers_the_first_and_the_last_are_listed(
    texts: Callable[[Figure], list[str]],
) -> None:
    growth = [(f"layer{number}", "3x3", "1", "9x9") for number in range(50)]
    found = [
        text for text in texts(drawing(growth=growth)) if text.startswith("layer") or text == "…"
    ]
    assert len(found) == 1 + ROWS
    assert found[1] == "layer0"
    assert found[-1] == "layer49"
    assert "…" in found


def test_hard_names_are_drawn(odd: list[str], drawn: Callable[[Figure], Pixels]) -> None:
    growth = [(name, "3x3", "1", "9x9") for name in odd]
    for title in ("$x_1$", " ".join(odd)):
        assert drawn(drawing(growth=growth, title=title)).std() > 0
