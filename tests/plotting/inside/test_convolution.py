"""Figures of convolution and pooling: what they mark and what they say."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from retinue.plotting.inside.convolution import (
    convolution_layout,
    convolution_step,
    pooling_step,
)

Texts = Callable[[Figure], list[str]]
OUTSIDE = np.pad(np.zeros((4, 5), bool), 1, constant_values=True)


def step(names: list[str], side: int = 0, dilation: int = 1) -> Figure:
    """A 3x3 step over a 4x5 picture with a ring of padding; with `side` over a larger one."""
    outside = np.zeros((side, side), bool) if side else OUTSIDE
    under = np.arange(0, 3 * dilation, dilation)
    random = np.random.default_rng(0)
    padded = random.integers(0, 10, (len(names), *outside.shape)).astype(float)
    weights = random.integers(-1, 2, (len(names), 3, 3)).astype(float)
    output = random.integers(-9, 9, (outside.shape[0] - 2, outside.shape[1] - 2)).astype(float)
    return convolution_step(
        padded, outside, (1, 0), (under, under), weights, output, (0, 0), names,
        ["1 × 1 = 1"], "Output channel 0",
    )  # fmt: skip


def frames(figure: Figure, panel: int) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height of what is framed in a panel."""
    boxes = [one for one in figure.axes[panel].patches if isinstance(one, Rectangle)]
    return [
        (one.get_x() + 0.5, one.get_y() + 0.5, one.get_width(), one.get_height())
        for one in boxes
        if not one.get_hatch()
    ]


def test_a_step_shows_its_parts_and_all_numbers(texts: Texts) -> None:
    figure = step([""])
    found = texts(figure)
    for text in ("picture 4 x 5, padding tinted", "under the window", "× kernel", "= products"):
        assert text in found
    assert "output 4 x 5" in found
    assert "1 × 1 = 1\nhatched: 1 row that no window reaches" in found
    # 6 x 7 of the padded picture, three grids of 3 x 3, 4 x 5 of the output.
    assert sum(text.lstrip("-").isdigit() for text in found) == 42 + 27 + 20


def test_the_window_and_the_cell_are_framed_and_the_border_hatched() -> None:
    figure = step([""])
    assert frames(figure, 0) == [(0, 0, 3, 3)]
    assert frames(figure, 4) == [(0, 0, 1, 1)]
    hatched = [one for one in figure.axes[0].patches if one.get_hatch()]
    assert [(one.get_y() + 0.5, one.get_height()) for one in hatched] == [(5, 1)]  # type: ignore[attr-defined]


def test_of_a_dilated_window_each_cell_is_framed() -> None:
    found = frames(step([""], dilation=2), 0)
    assert (0, 0, 5, 5) in found
    assert {(left, top) for left, top, width, _ in found if width == 1} == {
        (left, top) for left in (0, 2, 4) for top in (0, 2, 4)
    }


def test_padding_is_tinted() -> None:
    tint = step([""]).axes[0].images[1].get_array()
    assert tint is not None
    np.testing.assert_array_equal(np.asarray(tint)[..., 3] > 0, OUTSIDE)


def test_every_channel_has_a_row_under_its_name(texts: Texts, odd: list[str]) -> None:
    found = texts(step(odd[:4]))
    assert [name for name in odd[:4] if name in found] == odd[:4]
    assert sum(text.startswith("sum ") for text in found) == 4


def test_a_large_picture_has_no_numbers_but_a_scale_and_cross_hairs(texts: Texts) -> None:
    figure = step([""], side=100)
    found = [text for text in texts(figure) if text.lstrip("-−").isdigit()]
    assert len(found) < 27 + 15  # the three small grids, and the ticks of the scale
    assert len(figure.axes) == 6
    assert len(figure.axes[0].lines) == 2


@pytest.mark.parametrize("chosen", [(0, 1), None])
def test_a_pooling_marks_what_it_takes(
    chosen: tuple[int, int] | None, texts: Texts, drawn: Callable[[Figure], NDArray[np.uint8]]
) -> None:
    padded = np.pad(np.arange(20.0).reshape(4, 5), 1, constant_values=np.nan)
    under = (np.array([0, 1]), np.array([0, 1]))
    figure = pooling_step(
        padded, (0, 1), under, padded[:2, :2], chosen, np.zeros((3, 3)), (0, 0), "max(0) = 0", "T"
    )
    assert frames(figure, 0) == [(0, 0, 2, 2)]
    assert frames(figure, 1) == ([] if chosen is None else [(1, 0, 1, 1)])
    assert "map 4 x 5, padding tinted" in texts(figure)
    assert drawn(figure).std() > 1


def test_the_layout_frames_the_first_and_the_last_window(texts: Texts) -> None:
    first, last = np.arange(3), np.arange(2, 5)
    figure = convolution_layout(
        OUTSIDE, (1, 0), (2, 2), ((first, first), (last, last + 2)), (2, 3), "rows: 2"
    )
    assert frames(figure, 0) == [(0, 0, 3, 3), (4, 2, 3, 3)]
    assert frames(figure, 1) == [(0, 0, 1, 1), (2, 1, 1, 1)]
    middles = np.asarray(figure.axes[0].lines[0].get_xydata())
    assert middles.tolist() == [[x, y] for y in (1, 3) for x in (1, 3, 5)]
    assert "hatched: 1 row that no window reaches" in "\n".join(texts(figure))
