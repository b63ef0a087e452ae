"""Checks of lab 2 about sizes: of outputs, of receptive fields, of layers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from retinue.lessons.comparing import compare

Layers = Sequence[tuple[int, int]]  # (kernel, stride)


def check_output_size(answer: Any) -> None:
    """The size of an output along one side."""
    draw = np.random.default_rng(0)
    cases = [(8, 3, 1, 0), (8, 3, 2, 0), (7, 3, 1, 1), (5, 5, 1, 0), (9, 4, 3, 1)]
    for _ in range(30):
        kernel, stride, padding = (int(draw.integers(*ends)) for ends in ((1, 8), (1, 5), (0, 4)))
        cases.append((kernel + int(draw.integers(0, 30)), kernel, stride, padding))
    compare(
        answer,
        cases,
        _measured_size,
        {
            "ceil_for_floor": lambda *case: math.ceil(_steps(*case)) + 1,
            "not_whole": lambda *case: _steps(*case) + 1,
            "padding_once": lambda size, kernel, stride, padding: _measured_size(
                size + padding, kernel, stride, 0
            ),
            "padding_forgotten": lambda size, kernel, stride, padding: _measured_size(
                size, kernel, stride, 0
            ),
            "one_forgotten": lambda *case: _measured_size(*case) - 1,
            "kernel_forgotten": lambda size, kernel, stride, padding: _measured_size(
                size + kernel, kernel, stride, padding
            ),
            "stride_forgotten": lambda size, kernel, stride, padding: _measured_size(
                size, kernel, 1, padding
            ),
        },
        words=lambda size, kernel, stride, padding: (
            f"for size {size}, kernel {kernel}, stride {stride}, padding {padding}"
        ),
    )


def check_receptive_field(answer: Any) -> None:
    """How far a unit sees after some layers."""
    draw = np.random.default_rng(0)
    cases: list[list[Layers]] = [
        [[(3, 1), (3, 1)]],
        [[(3, 2)]],
        [[(3, 1), (2, 2), (3, 1)]],
        [[(3, 2), (3, 1), (3, 1)]],
        [[(5, 1)]],
    ]
    for _ in range(8):
        pairs = zip(draw.integers(1, 6, 4).tolist(), draw.integers(1, 3, 4).tolist(), strict=True)
        cases.append([list(pairs)])
    compare(
        answer,
        cases,
        _measured_field,
        {
            "kernels_added": lambda layers: sum(kernel for kernel, _ in layers),
            "strides_ignored": lambda layers: _measured_field(
                [(kernel, 1) for kernel, _ in layers]
            ),
            "stride_too_early": lambda layers: _measured_field(
                # A layer's stride acts before its kernel does.
                [step for kernel, stride in layers for step in ((1, stride), (kernel, 1))]
            ),
            "stride_not_kept": _by_last_stride,
            "one_forgotten": lambda layers: _measured_field(layers) - 1,
        },
        words=lambda layers: f"for layers (kernel, stride) {layers}",
    )


def check_count_parameters(answer: Any) -> None:
    """Weights and biases of a convolution."""
    draw = np.random.default_rng(0)
    cases: list[tuple[int, int, int, bool]] = [(3, 8, 5, True), (3, 8, 5, False)]
    for biased in [True, False] * 5:
        inside, outside = (int(one) for one in draw.integers(1, 65, 2))
        cases.append((inside, outside, int(draw.integers(1, 8)), biased))
    compare(
        answer,
        cases,
        _parameters,
        {
            "bias_forgotten": lambda c, o, kernel, biased: _parameters(c, o, kernel, False),
            "bias_always": lambda c, o, kernel, biased: _parameters(c, o, kernel, True),
            "single_bias": lambda c, o, kernel, biased: _parameters(c, o, kernel, False) + biased,
            "bias_for_each_slice": lambda c, o, kernel, biased: (
                _parameters(c, o, kernel, False) + biased * _parameters(c, o, 1, False)
            ),
            "channels_in_forgotten": lambda c, o, kernel, biased: _parameters(1, o, kernel, biased),
            "channels_out_forgotten": lambda c, o, kernel, biased: _parameters(
                c, 1, kernel, biased
            ),
            "kernel_not_squared": lambda c, o, kernel, biased: _parameters(
                c, o, (kernel, 1), biased
            ),
        },
        words=lambda inside, outside, kernel, biased: (
            f"for {inside} channels in, {outside} out, kernel {kernel}, bias {biased}"
        ),
    )


def _measured_size(size: int, kernel: int, stride: int, padding: int) -> int:
    """How many numbers torch makes of a row."""
    row, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    return functional.conv1d(row, weight, stride=stride, padding=padding).shape[2]


def _steps(size: int, kernel: int, stride: int, padding: int) -> float:
    """Steps of one until the window is at the end, in strides."""
    return (_measured_size(size, kernel, 1, padding) - 1) / stride


def _measured_field(layers: Layers) -> int:
    """From the first to the last pixel with a gradient of one unit, in a row long enough."""
    row = torch.zeros(1, 1, 4000, dtype=torch.float64, requires_grad=True)
    maps = row
    for kernel, stride in layers:
        maps = functional.conv1d(maps, torch.ones(1, 1, kernel).double(), stride=stride)
    (gradient,) = torch.autograd.grad(maps[0, 0, 0], row)
    seen = gradient[0, 0].nonzero()
    return int(seen.max() - seen.min()) + 1


def _by_last_stride(layers: Layers) -> int:
    """What each layer would add if it knew the stride of the one before it alone."""
    before = [1, *(stride for _, stride in layers)]
    pairs = zip(before, layers, strict=False)
    return 1 + sum(_measured_field([(1, stride), (kernel, 1)]) - 1 for stride, (kernel, _) in pairs)


def _parameters(
    channels_in: int, channels_out: int, kernel: int | tuple[int, int], bias: bool
) -> int:
    """As many as torch's layer has."""
    layer = nn.Conv2d(channels_in, channels_out, kernel, bias=bias, device="meta")
    return sum(parameter.numel() for parameter in layer.parameters())
