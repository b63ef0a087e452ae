"""A value of a convolution, traced: what it is made of is what torch makes it of."""

import json
import re

import numpy as np
import pytest
import torch
from hypothesis import Phase, find, given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.convolution.convolve import arithmetic
from retinue.explaining.convolution.settings import Mode, Settings
from retinue.explaining.convolution.trace import Trace, trace
from retinue.plotting.inside.cells import number

MODES: tuple[Mode, ...] = ("zeros", "reflect", "replicate", "circular")
# A control needs no smallest example.
FIRST = settings(phases=[Phase.generate], max_examples=500, deadline=None)


def layer_of(seed: int, chosen: Settings, kernel: tuple[int, int]) -> nn.Conv2d:
    torch.manual_seed(seed)
    return nn.Conv2d(
        2 * chosen.groups, 2 * chosen.groups, kernel, chosen.stride, chosen.padding,
        chosen.dilation, chosen.groups, padding_mode=chosen.padding_mode,
    ).double()  # fmt: skip


@st.composite
def traced(draw: st.DrawFn) -> tuple[Trace, NDArray[np.float64], NDArray[np.float64]]:
    """A trace of any cell, the picture, and what torch makes of it."""
    size, kernel = (draw(st.tuples(st.integers(5, 8), st.integers(5, 9))) for _ in "ab")
    kernel = (kernel[0] - 4, kernel[1] - 4)
    chosen = Settings(
        stride=draw(st.integers(1, 3)),
        padding=draw(st.one_of(st.integers(0, 4), st.tuples(st.integers(0, 4), st.integers(0, 2)))),
        padding_mode=draw(st.sampled_from(MODES)),
        dilation=draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        groups=draw(st.integers(1, 2)),
    )
    try:
        known = arithmetic(size, kernel, chosen)
    except UsageError:
        reject()
    layer = layer_of(draw(st.integers(0, 99)), chosen, kernel)
    channels = 2 * chosen.groups
    picture = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(channels, *size))
    cell = [draw(st.integers(0, side - 1)) for side in (channels, *known.output)]
    with torch.no_grad():
        output = layer(torch.from_numpy(picture)[None])[0].numpy()
    found = trace(picture, layer.weight, layer.bias, chosen, cell)
    return found, picture, output


def is_right(found: Trace, output: NDArray[np.float64]) -> bool:
    value = output[found.cell]
    return bool(abs(found.value - value) <= 1e-5 * abs(value) + 1e-9)


@settings(max_examples=200, deadline=None)
@given(traced())
def test_the_products_and_the_bias_sum_up_to_the_value_of_torch(
    case: tuple[Trace, NDArray[np.float64], NDArray[np.float64]],
) -> None:
    found, _, output = case
    assert is_right(found, output)
    assert found.value == pytest.approx(sum(found.products.flat) + found.bias, abs=1e-9)
    np.testing.assert_array_equal(found.products, found.values * found.weights)
    np.testing.assert_allclose(found.output, output[found.cell[0]], rtol=1e-9, atol=1e-12)


@settings(max_examples=80, deadline=None)
@given(traced())
def test_every_value_is_the_one_that_its_source_names(
    case: tuple[Trace, NDArray[np.float64], NDArray[np.float64]],
) -> None:
    found, picture, _ = case
    for row, column in np.ndindex(*found.sources.shape[:2]):
        source = found.sources[row, column]
        if (source >= 0).all():
            expected = picture[found.channels, source[0], source[1]]
        else:
            assert found.is_padding[row, column]
            expected = np.zeros(len(found.channels))
        np.testing.assert_array_equal(found.values[:, row, column], expected)
        if not found.is_padding[row, column]:
            assert source.tolist() == [found.rows[row], found.columns[column]]


@pytest.mark.parametrize("mode", MODES)
def test_padding_copies_what_torch_s_padding_copies(mode: Mode) -> None:
    numbers = np.arange(1.0, 26).reshape(1, 5, 5)
    found = trace(numbers, np.ones((7, 7)), None, Settings(padding=1, padding_mode=mode))
    how = "constant" if mode == "zeros" else mode
    expected = nn.functional.pad(torch.from_numpy(numbers), (1, 1, 1, 1), how)[0].numpy()
    rows, columns = found.sources[..., 0], found.sources[..., 1]
    copied = np.where(rows < 0, 0, 5 * rows + columns + 1)
    np.testing.assert_array_equal(copied, expected)
    assert int(found.is_padding.sum()) == 24


def test_control_a_kernel_turned_around_is_noticed() -> None:
    def turned(case: tuple[Trace, NDArray[np.float64], NDArray[np.float64]]) -> bool:
        found, _, output = case
        value = float((found.values * found.weights[:, ::-1, ::-1]).sum()) + found.bias
        expected = float(output[found.cell])
        return abs(value - expected) > 1e-5 * abs(expected) + 1e-9

    assert is_right(*find(traced(), turned, settings=FIRST)[::2])


def test_a_sum_by_hand() -> None:
    picture = np.arange(1, 10).reshape(3, 3)
    found = trace(picture, [[1, -1], [0.5, 2]], [0.25], Settings(padding=1), (0, 1, 0))
    # Rows 0 and 1, the column before the first one and the first.
    assert found.values.tolist() == [[[0, 1], [0, 4]]]
    assert found.value == -1 + 8 + 0.25
    assert found.written() == [
        "0 × 1 + 1 × (-1) + 0 × 0.5 + 4 × 2 = 7",
        "sum: 7 + 0.25 (bias) = 7.25",
    ]
    assert found.as_dict()["terms"][0] == {
        "channel": 0, "row": 0, "column": -1, "padding": True, "copies": None,
        "value": 0.0, "weight": 1.0, "product": 0.0,
    }  # fmt: skip


def test_only_the_channels_of_its_group_are_looked_at() -> None:
    picture = np.ones((4, 3, 3)) * np.arange(4)[:, None, None]
    found = trace(picture, np.ones((2, 2, 3, 3)), None, Settings(groups=2), (1, 0, 0))
    assert found.channels.tolist() == [2, 3]
    assert found.names == ("channel 2", "channel 3")
    assert found.value == 9 * (2 + 3)


def test_a_long_sum_is_shortened_and_complete_on_demand() -> None:
    random = np.random.default_rng(0)
    found = trace(random.normal(size=(6, 9, 9)), random.normal(size=(1, 6, 5, 5)))
    assert [line.count("×") for line in found.written()] == [25] * 6 + [0]
    short = found.written(100)
    assert max(map(len, short[:-1])) <= 125
    for line, products in zip(short[:-1], found.products, strict=True):
        left_out = re.search(r"\((\d+) smaller\) = (\S+)$", line)
        assert left_out is not None
        assert line.count("×") + int(left_out[1]) == 25
        assert left_out[2] == number(float(products.sum()))


def test_what_is_torch_s_in_single_precision_is_near() -> None:
    layer = layer_of(3, Settings(padding="same"), (3, 3)).float()
    pixels = np.random.default_rng(2).integers(0, 256, (2, 12, 12))
    found = trace(pixels, layer.weight, layer.bias, Settings(padding="same"), (1, 0, 11))
    with torch.no_grad():
        expected = layer(torch.from_numpy(pixels).float()[None])[0, 1, 0, 11]
    assert found.value == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("cell", [(1, 0, 0), (0, 3, 0), (0, 0, -1), (0, 0), (0, 0.5, 0)])
def test_a_cell_that_there_is_not_is_refused(cell: tuple[int, ...]) -> None:
    with pytest.raises(
        UsageError, match=r"cell .*: should be \(channel, row, column\).* 1 x 3 x 3"
    ):
        trace(np.ones((5, 5)), np.ones((3, 3)), cell=cell)


def test_names_are_one_for_each_channel_and_printable() -> None:
    kernel = np.ones((1, 2, 3, 3))
    assert trace(np.ones((2, 3, 3)), kernel, names=("\x1b[31mred", "b")).names[0] == "\ufffd[31mred"
    with pytest.raises(UsageError, match="names: 1 for a picture of 2 channels"):
        trace(np.ones((2, 3, 3)), kernel, names=("red",))


def test_the_numbers_are_json_and_the_figure_shows_itself() -> None:
    found = trace(np.ones((6, 5, 5)), np.ones((1, 6, 3, 3)), [1.0], Settings(padding=1))
    value = found.as_dict()
    assert json.loads(json.dumps(value)) == value
    assert len(value["terms"]) == 54
    assert found._repr_html_().startswith("<img")
    assert "4 of 6 input channels" in found.figure().get_suptitle()
