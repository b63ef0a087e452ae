import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from retinue.models.arithmetic import (
    ReceptiveField,
    convolution_multiply_adds,
    convolution_parameters,
    linear_multiply_adds,
    output_size,
    same_padding,
    unreached,
)

sizes = st.integers(1, 40)
kernels = st.integers(1, 9)
strides = st.integers(1, 5)
dilations = st.integers(1, 3)


@settings(deadline=None)
@given(sizes, kernels, strides, st.integers(0, 6), dilations)
def test_convolution_agrees_with_torch(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation, device="meta")
    expected = output_size(size, kernel, stride, padding, dilation)
    try:
        actual = layer(torch.zeros(1, 1, size, device="meta")).shape[-1]
    except RuntimeError:
        actual = 0
    assert max(expected, 0) == actual


@settings(deadline=None)
@given(sizes, kernels, strides, st.integers(0, 4), dilations, st.booleans())
def test_pooling_agrees_with_torch(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> None:
    assume(padding <= kernel // 2)
    layer = nn.MaxPool2d((kernel, 1), (stride, 1), (padding, 0), (dilation, 1), False, ceil_mode)
    expected = output_size(size, kernel, stride, padding, dilation, ceil_mode)
    try:
        actual = layer(torch.zeros(1, 1, size, 1, device="meta")).shape[-2]
    except RuntimeError:
        actual = 0
    assert max(expected, 0) == actual


@settings(deadline=None)
@given(sizes, kernels, strides, st.integers(0, 4), st.integers(0, 4), dilations)
def test_padding_may_differ_at_both_ends(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int
) -> None:
    layer = nn.Conv1d(1, 1, kernel, stride, 0, dilation, device="meta")
    expected = output_size(size, kernel, stride, (before, after), dilation)
    try:
        padded = torch.zeros(1, 1, size + before + after, device="meta")
        actual = layer(padded).shape[-1]
    except RuntimeError:
        actual = 0
    assert max(expected, 0) == actual


@settings(deadline=None)
@given(sizes, kernels, dilations)
def test_same_padding_keeps_the_size_and_is_torch_s(size: int, kernel: int, dilation: int) -> None:
    padding = same_padding(kernel, dilation)
    assert output_size(size, kernel, 1, padding, dilation) == size
    layer = nn.Conv1d(1, 1, kernel, padding="same", dilation=dilation, padding_mode="replicate")
    assert list(padding) == layer._reversed_padding_repeated_twice


@settings(deadline=None)
@given(sizes, kernels, strides, st.integers(0, 4), dilations)
def test_what_is_unreached_can_be_left_out(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    count = output_size(size, kernel, stride, padding, dilation)
    assume(count >= 1)
    left = unreached(size, kernel, stride, padding, dilation)
    assert output_size(size, kernel, stride, (padding, padding - left), dilation) == count
    assert output_size(size, kernel, stride, (padding, padding - left - 1), dilation) == count - 1


def test_a_window_that_reaches_beyond_leaves_nothing_unreached() -> None:
    assert unreached(5, 2, 2) == 1
    assert unreached(5, 2, 2, ceil_mode=True) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), dilations), max_size=4))
def test_receptive_field_agrees_with_what_a_change_reaches(
    steps: list[tuple[int, int, int]],
) -> None:
    field, places = ReceptiveField(), [{position} for position in range(120)]
    for kernel, stride, dilation in steps:
        field = field.through(kernel, stride, dilation=dilation)
        last = len(places) - dilation * (kernel - 1)
        places = [
            set().union(*(places[first + dilation * tap] for tap in range(kernel)))
            for first in range(0, last, stride)
        ]
    for number, seen in enumerate(places):
        first = field.start + number * field.jump
        assert (first, first + field.size - 1) == (min(seen), max(seen))


def test_padding_moves_the_field_and_a_union_covers_both() -> None:
    body = ReceptiveField().through(3, padding=1).through(3, padding=1)
    assert body == ReceptiveField(size=5, jump=1, start=-2)
    assert body.union(ReceptiveField(size=1, start=4)) == ReceptiveField(size=7, start=-2)


def test_multiply_adds_of_layers_known_by_hand() -> None:
    # The first convolution of AlexNet: 105,415,200 multiply-adds.
    assert convolution_multiply_adds(3, (11, 11), (96, 55, 55)) == 105_415_200
    assert convolution_multiply_adds(32, (3, 3), (32, 10, 10), groups=32) == 32 * 9 * 100
    assert linear_multiply_adds(784, 10) == 7840
    assert linear_multiply_adds(64, 64, positions=49) == 49 * 4096
    assert convolution_parameters(3, 96, (11, 11)) == 34_848
    assert convolution_parameters(32, 32, (3, 3), groups=32) == 288
