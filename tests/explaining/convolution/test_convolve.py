"""Convolution arithmetic and its results are torch's own, refusals included."""

import json
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from retinue.errors import UsageError
from retinue.explaining.convolution import convolve as convolution
from retinue.explaining.convolution import settings as convolution_settings
from retinue.explaining.convolution.convolve import arithmetic, convolve, padded, prepared
from retinue.explaining.convolution.maps import maps_of
from retinue.explaining.convolution.settings import Mode, Settings, settings_of
from retinue.explaining.convolution.window import Window, field_of

MODES: tuple[Mode, ...] = ("zeros", "reflect", "replicate", "circular")
# A control needs no smallest example.
FIRST = settings(phases=[Phase.generate], max_examples=500, deadline=None)
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A convolution to try: numbers and settings, some of which torch refuses."""

    picture: Numbers
    weight: Numbers
    bias: Numbers
    settings: Settings


@st.composite
def cases(draw: st.DrawFn) -> Case:
    def both(low: int, high: int) -> int | tuple[int, int]:
        one = st.integers(low, high)
        return draw(st.one_of(one, st.tuples(one, one)))

    groups = draw(st.sampled_from((1, 1, 1, 2, 3)))
    # One channel too many for the groups now and then.
    inputs, outputs = (
        groups * draw(st.integers(1, 2)) + draw(st.sampled_from((0,) * 9 + (1,))) for _ in "io"
    )
    kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    size = (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    return Case(
        random.normal(size=(inputs, *size)),
        random.normal(size=(outputs, max(1, inputs // groups), *kernel)),
        random.normal(size=outputs),
        Settings(
            stride=1 if draw(st.booleans()) else both(1, 3),
            padding=draw(st.sampled_from(("same", "valid"))) if draw(st.booleans()) else both(0, 4),
            padding_mode=draw(st.sampled_from(MODES)),
            dilation=both(1, 3),
            groups=groups,
        ),
    )


def by_torch(case: Case) -> Numbers | None:
    """What torch's own layer makes of it; None where torch refuses."""
    chosen = case.settings
    try:
        layer = nn.Conv2d(
            len(case.picture),
            len(case.weight),
            (case.weight.shape[2], case.weight.shape[3]),
            chosen.stride,
            chosen.padding,
            chosen.dilation,
            chosen.groups,
            padding_mode=chosen.padding_mode,
        ).double()
        with torch.no_grad(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using padding='same'")
            layer.weight.copy_(torch.from_numpy(case.weight))
            assert layer.bias is not None
            layer.bias.copy_(torch.from_numpy(case.bias))
            return np.asarray(layer(torch.from_numpy(case.picture)[None])[0].numpy())
    except (RuntimeError, ValueError):
        return None


def by_us(case: Case) -> Numbers | None:
    try:
        return convolve(case.picture, case.weight, case.bias, case.settings)
    except UsageError:
        return None


def agrees(case: Case, ours: Callable[[Case], Numbers | None] = by_us) -> bool:
    """Both refuse, or both give the same numbers in the same shape."""
    expected, found = by_torch(case), ours(case)
    if expected is None or found is None:
        return expected is found
    return expected.shape == found.shape and np.allclose(found, expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=500, deadline=None)
@given(cases())
def test_results_and_refusals_are_those_of_torch(case: Case) -> None:
    assert agrees(case)
    if (expected := by_torch(case)) is not None:
        known = prepared(case.picture, case.weight, case.bias, case.settings)[3]
        assert (known.channels[1], *known.output) == expected.shape


def turned(case: Case) -> Numbers | None:
    return by_us(Case(case.picture, case.weight[..., ::-1, ::-1].copy(), case.bias, case.settings))


def without_bias(case: Case) -> Numbers | None:
    return by_us(Case(case.picture, case.weight, 0 * case.bias, case.settings))


@pytest.mark.parametrize("wrong", [turned, without_bias])
def test_control_a_wrong_convolution_is_noticed(wrong: Callable[[Case], Numbers | None]) -> None:
    case = find(cases(), lambda case: not agrees(case, wrong), settings=FIRST)
    assert agrees(case)


def odd_one_first(kernel: int, dilation: int = 1) -> tuple[int, int]:
    total = dilation * (kernel - 1)
    return total - total // 2, total // 2


def test_control_same_with_the_odd_one_first_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution_settings, "same_padding", odd_one_first)
    case = find(cases(), lambda case: not agrees(case), settings=FIRST)
    assert case.settings.padding == "same"
    monkeypatch.undo()
    assert agrees(case)


def test_control_a_mirrored_edge_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(convolution._MODES, "reflect", "symmetric")
    case = find(cases(), lambda case: not agrees(case), settings=FIRST)
    assert case.settings.padding_mode == "reflect"
    monkeypatch.undo()
    assert agrees(case)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 5)])
def test_padding_is_that_of_torch(mode: Mode, kernel: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).normal(size=(2, 6, 7))
    known = arithmetic((6, 7), kernel, Settings(padding="same", padding_mode=mode), (2, 1))
    top, bottom, left, right = known.padding
    assert (bottom - top, right - left) == ((kernel[0] - 1) % 2, (kernel[1] - 1) % 2)
    expected = nn.functional.pad(
        torch.from_numpy(picture)[None],
        (left, right, top, bottom),
        "constant" if mode == "zeros" else mode,
    )
    np.testing.assert_array_equal(padded(picture, known), expected[0].numpy())


@pytest.mark.parametrize(
    ("size", "kernel", "chosen", "formula"),
    [
        (32, 3, Settings(stride=2, padding=1), "floor((32 + 2 - 3) / 2) + 1 = 16"),
        (7, 3, Settings(dilation=2), "floor((7 + 0 - (2 * (3 - 1) + 1)) / 1) + 1 = 3"),
        (5, 4, Settings(padding="same"), "floor((5 + 3 - 4) / 1) + 1 = 5"),
    ],
)
def test_the_formula_has_its_numbers_filled_in(
    size: int, kernel: int, chosen: Settings, formula: str
) -> None:
    assert arithmetic(size, kernel, chosen).formulas == (formula, formula)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 5), st.integers(1, 5), st.integers(0, 3), st.integers(1, 3)
)
def test_a_formula_comes_out_as_it_says(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    chosen = Settings(stride, padding, "zeros", dilation)
    try:
        known = arithmetic(size, kernel, chosen)
    except UsageError:
        return
    left, right = known.formulas[0].split(" = ")
    assert eval(left, {"floor": math.floor}) == int(right) == known.output[0]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 15), st.integers(1, 4), st.integers(1, 5), st.integers(0, 3), st.integers(1, 3)
)
def test_what_no_window_reaches_has_no_gradient(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    try:
        known = arithmetic(size, kernel, Settings(stride, padding, "zeros", dilation))
    except UsageError:
        return
    whole = torch.zeros(1, 1, size + 2 * padding, size + 2 * padding, requires_grad=True)
    ones = torch.ones(1, 1, kernel, kernel)
    nn.functional.conv2d(whole, ones, stride=stride, dilation=dilation).sum().backward()
    assert whole.grad is not None
    reached = whole.grad[0, 0].sum(1).nonzero()
    assert known.unreached == (len(whole.grad[0, 0]) - 1 - int(reached.max()),) * 2


def test_the_border_is_dropped_where_the_stride_does_not_come_out_even() -> None:
    assert arithmetic((8, 7), 3, Settings(stride=2)).unreached == (1, 0)
    assert arithmetic((8, 7), 3, Settings(stride=3, padding=1)).unreached == (1, 0)


windows = st.builds(
    Window,
    st.tuples(st.integers(1, 4), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.tuples(*[st.integers(0, 2)] * 4),
    st.tuples(st.integers(1, 2), st.integers(1, 3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(windows, min_size=1, max_size=3))
def test_the_receptive_field_of_several_layers_is_where_gradients_are(
    several: list[Window],
) -> None:
    picture = torch.zeros(1, 1, 400, 200, requires_grad=True)  # no field touches an edge
    maps: Tensor = picture
    for window in several:
        top, bottom, left, right = window.padding
        maps = nn.functional.conv2d(
            nn.functional.pad(maps, (left, right, top, bottom)),
            torch.ones(1, 1, *window.kernel),
            stride=window.stride,
            dilation=window.dilation,
        )
    cell = [side // 2 for side in maps.shape[2:]]
    maps[0, 0, cell[0], cell[1]].backward()
    assert picture.grad is not None
    for axis, field in enumerate(field_of(several)):
        reached = picture.grad[0, 0].sum(1 - axis).nonzero().flatten()
        first = field.start + cell[axis] * field.jump
        assert (int(reached[0]), int(reached[-1])) == (first, first + field.size - 1)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_multiply_adds_and_parameters_are_what_torch_counts(groups: int) -> None:
    layer = nn.Conv2d(4, 8, (3, 2), 2, 1, groups=groups)
    known = arithmetic((9, 12), (3, 2), Settings(2, 1, groups=groups), (4, 8))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(torch.zeros(1, 4, 9, 12))
    assert known.multiply_adds == counter.get_total_flops() / 2
    assert known.parameters == sum(part.numel() for part in layer.parameters())
    assert known.weights == layer.weight.numel()


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 8, 3, 2, 1),
        nn.Conv2d(3, 3, (5, 3), padding="same", groups=3, bias=False),
        nn.Conv2d(3, 4, 3, padding=2, dilation=2, padding_mode="reflect"),
    ],
    ids=str,
)
@torch.no_grad()
def test_a_layer_of_a_network_is_convolved_alike(layer: nn.Conv2d) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (11, 9, 3), dtype=np.uint8)
    found = convolve(maps_of(pixels), layer.weight, layer.bias, settings_of(layer))
    expected = layer(torch.from_numpy(maps_of(pixels)).float()[None])[0]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        (Settings(2, "same"), "padding 'same': needs stride 1; give the padding as a number"),
        (Settings(0), "stride 0: should be a whole number of at least 1, or two of them, of rows"),
        (Settings(padding=-1), "padding -1: should be a whole number of at least 0"),
        (Settings(padding=(1, 2, 3)), "padding (1, 2, 3): should be a whole number"),  # type: ignore[arg-type]
        (Settings(padding="full"), "padding 'full': should be a number, 'same' or 'valid'"),  # type: ignore[arg-type]
        (Settings(dilation=1.5), "dilation 1.5: should be a whole number"),  # type: ignore[arg-type]
        (Settings(dilation=4), "kernel 3x3 covers 9x9 and does not fit: with its padding the"),
        (Settings(padding=5, padding_mode="reflect"), "padding of 5 rows by reflection: the pi"),
        (Settings(padding=6, padding_mode="circular"), "circular padding of 6 rows: the picture"),
        (Settings(padding_mode="mirror"), "padding mode 'mirror': should be one of zeros, ref"),  # type: ignore[arg-type]
        (Settings(groups=2), "groups 2: does not divide the 3 input channels"),
        (Settings(groups=3), "groups 3: does not divide the 4 output channels"),
        (Settings(groups=0), "groups 0: should be a whole number of at least 1"),
    ],
)
def test_what_torch_refuses_is_refused_in_a_clear_line(chosen: Settings, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        arithmetic((5, 7), 3, chosen, (3, 4))
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("picture", "weight", "bias", "line"),
    [
        (np.zeros(5), np.zeros((3, 3)), None, "a picture is an array (C, H, W) or (H, W) of"),
        ("picture.png", np.zeros((3, 3)), None, "a picture is an array of numbers"),
        (np.zeros((5, 5)), np.zeros(3), None, "weight: should be (channels out, channels in,"),
        (np.zeros((5, 5, 3)), np.zeros((1, 3, 3, 3)), None, "weight: is for 3 channels, and the"),
        (np.zeros((5, 5)), np.zeros((3, 3)), [1.0, 2.0], "bias: should be one number for each of"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(
    picture: Any, weight: Any, bias: Any, line: str
) -> None:
    with pytest.raises(UsageError) as caught:
        convolve(picture, weight, bias)
    assert str(caught.value).startswith(line)


def test_the_numbers_are_json_and_the_figure_shows_itself() -> None:
    known = arithmetic((8, 7), 3, Settings(stride=2, padding="valid"), (3, 16))
    value = known.as_dict()
    assert json.loads(json.dumps(value)) == value
    assert (value["output"], value["unreached"]) == ([3, 3], [1, 0])
    assert value["parameters"] == 3 * 16 * 9 + 16
    assert known._repr_html_().startswith("<img")


def test_torch_s_random_numbers_and_the_arguments_are_left_as_they_were() -> None:
    picture, weight = np.ones((1, 5, 5)), np.ones((1, 1, 3, 3))
    weight.flags.writeable = False
    before = torch.get_rng_state()
    assert convolve(picture, weight).tolist() == [[[9.0] * 3] * 3]
    assert torch.equal(torch.get_rng_state(), before)
    assert (picture == 1).all()
