"""Checks of lab 2 about windows that move over maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from retinue.lessons.comparing import compare

Array = NDArray[np.float64]
SETTINGS = ((1, 0), (2, 0), (1, 1), (2, 1), (3, 2), (1, 2), (2, 2))  # stride, padding


def check_conv2d(answer: Any) -> None:
    """A convolution of one channel, with stride and padding."""
    draw = np.random.default_rng(0)
    # Small whole numbers first: a case that can be followed by hand.
    easy = draw.integers(-3, 4, (4, 5)).astype(float), draw.integers(-2, 3, (2, 2)).astype(float)
    # Square kernels before all others: on those some mistakes end in errors and get no hint.
    square = [(*_drawn(draw, True), *pair) for pair in SETTINGS]
    _compare_convolutions(answer, [(*easy, 1, 0), (*easy, 2, 1), *square])
    _compare_convolutions(answer, [(*_drawn(draw, False), *pair) for pair in SETTINGS])


def _drawn(draw: np.random.Generator, square: bool) -> tuple[Array, Array]:
    """An image, and a kernel that may be square."""
    rows = draw.integers(2, 5, 2)
    shape = (rows[0], rows[0] if square else rows[1])
    return draw.normal(size=draw.integers(6, 12, 2)), draw.normal(size=shape)


def _compare_convolutions(answer: Any, cases: Sequence[Sequence[Any]]) -> None:
    compare(
        answer,
        cases,
        _convolved,
        {
            "flipped_kernel": lambda image, kernel, stride, padding: _convolved(
                image, np.flip(kernel).copy(), stride, padding
            ),
            "transposed_kernel": lambda image, kernel, stride, padding: _convolved(
                image, kernel.T, stride, padding
            ),
            "padding_forgotten": lambda image, kernel, stride, padding: _convolved(
                image, kernel, stride, 0
            ),
            "padding_at_one_end": lambda image, kernel, stride, padding: _convolved(
                _zeros_before(image, padding), kernel, stride, 0
            ),
            "edge_repeated": lambda image, kernel, stride, padding: _convolved(
                _edge_around(image, padding), kernel, stride, 0
            ),
            "stride_ignored": lambda image, kernel, stride, padding: _convolved(
                image, kernel, 1, padding
            ),
            "settings_ignored": lambda image, kernel, stride, padding: _convolved(
                image, kernel, 1, 0
            ),
            "mean_for_sum": lambda image, kernel, stride, padding: _convolved(
                image, kernel / kernel.size, stride, padding
            ),
        },
        words=lambda image, kernel, stride, padding: (
            f"for an image {_in_full(image)}, a kernel {_in_full(kernel)}, "
            f"stride {stride}, padding {padding}"
        ),
    )


def check_conv_layer(answer: Any) -> None:
    """A layer of convolutions: many channels to many, with biases."""
    draw = np.random.default_rng(0)

    def case(inside: int, outside: int) -> tuple[Array, Array, Array]:
        height, width, rows, columns = (*draw.integers(5, 9, 2), *draw.integers(1, 4, 2))
        return (
            draw.normal(size=(inside, height, width)),
            draw.normal(size=(outside, inside, rows, columns)),
            draw.normal(size=outside) + 1,
        )

    compare(
        answer,
        [case(*channels) for channels in ((2, 3), (1, 2), (3, 1), (4, 5), (3, 3))],
        _layer,
        {
            "channels_not_summed": _each_channel,
            "channels_averaged": lambda maps, kernels, bias: _layer(
                maps / len(maps), kernels, bias
            ),
            "first_channel_only": lambda maps, kernels, bias: _layer(
                maps[:1], kernels[:, :1], bias
            ),
            "bias_forgotten": lambda maps, kernels, bias: _layer(maps, kernels, 0 * bias),
            "bias_too_often": lambda maps, kernels, bias: _layer(maps, kernels, len(maps) * bias),
            "flipped_kernel": lambda maps, kernels, bias: _layer(
                maps, np.flip(kernels, (2, 3)).copy(), bias
            ),
        },
        words=lambda maps, kernels, bias: (
            f"for maps of shape {maps.shape}, kernels of shape {kernels.shape}"
        ),
    )


def check_max_pool(answer: Any) -> None:
    """The largest of each window, windows side by side."""
    draw = np.random.default_rng(0)
    easy = draw.integers(-9, 10, (1, 4, 6)).astype(float)
    shapes = [(2, 5, 7, 2), (3, 8, 6, 2), (2, 7, 9, 3), (1, 6, 6, 3)]
    # All below 0 in some, so that zeros from outside would show.
    cases = [(draw.normal(size=shape) - 3 * (shape[0] > 1), size) for *shape, size in shapes]
    compare(
        answer,
        [(easy, 2), *cases],
        lambda maps, size: functional.max_pool2d(_tensor(maps), size),
        {
            "mean_for_max": lambda maps, size: functional.avg_pool2d(_tensor(maps), size),
            "stride_one": lambda maps, size: functional.max_pool2d(_tensor(maps), size, stride=1),
            "leftover_kept": lambda maps, size: functional.max_pool2d(
                _tensor(maps), size, ceil_mode=True
            ),
            "zeros_padded": lambda maps, size: functional.max_pool2d(
                _zeros_after(maps, size), size
            ),
            "across_channels": lambda maps, size: functional.max_pool3d(
                _tensor(maps)[None], (len(maps), size, size)
            )[0].expand(len(maps), -1, -1),
            "smallest_for_largest": lambda maps, size: -functional.max_pool2d(-_tensor(maps), size),
        },
        words=lambda maps, size: f"for maps {_in_full(maps)} and size {size}",
    )


def _in_full(values: Array) -> str:
    """Few whole numbers as they are, others by their shape."""
    whole = values.astype(int)
    if values.size <= 24 and np.array_equal(whole, values):
        return f"of shape {values.shape}, {whole.tolist()}"
    return f"of shape {values.shape}"


def _convolved(image: Array | Tensor, kernel: Array, stride: int, padding: int) -> Tensor:
    batch, weight = _tensor(image)[None, None], _tensor(kernel)[None, None]
    return functional.conv2d(batch, weight, stride=stride, padding=padding)[0, 0]


def _layer(maps: Array, kernels: Array, bias: Array) -> Tensor:
    return functional.conv2d(_tensor(maps), _tensor(kernels), _tensor(bias))


def _each_channel(maps: Array, kernels: Array, bias: Array) -> Tensor:
    """An output for each kernel and channel, not added up: (O, C, H', W')."""
    parts = [_layer(maps[at : at + 1], kernels[:, at : at + 1], bias) for at in range(len(maps))]
    return torch.stack(parts, 1)


def _zeros_before(image: Array, rows: int) -> Tensor:
    return functional.pad(_tensor(image), (rows, 0, rows, 0))


def _zeros_after(maps: Array, size: int) -> Tensor:
    """Maps with as many zeros as make their sides divisible."""
    height, width = maps.shape[1:]
    return functional.pad(_tensor(maps), (0, -width % size, 0, -height % size))


def _edge_around(image: Array, rows: int) -> Tensor:
    return functional.pad(_tensor(image)[None], (rows,) * 4, mode="replicate")[0]


def _tensor(values: Array | Tensor) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float64)
