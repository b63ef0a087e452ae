"""Lab 7: weights of Keras brought into the order that PyTorch wants."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from retinue.lessons.comparing import require_function, same, shown
from retinue.lessons.question import WrongError

Array = NDArray[np.float64]

CONV_HINTS = {
    "in_and_out_swapped": (
        "The kernel's rows and columns are where PyTorch wants them. Which of the other two axes "
        "comes first in nn.Conv2d(...).weight.shape?"
    ),
    "rows_and_columns_swapped": (
        "The picture of each filter now lies on its side. Which axis of Keras' kernel goes down "
        "the rows?"
    ),
    "reshaped": (
        "reshape keeps the order in memory and only counts anew. The axes must change places: "
        "which function does that?"
    ),
    "flipped": (
        "Neither library turns the kernel round: both slide it over the picture as it is. "
        "See lesson 2."
    ),
    "nothing_done": "This is still Keras' order: height, width, channels in, filters out.",
}
DENSE_HINTS = {
    "order_kept": (
        "The shape is right, but which pixel does each column belong to? Keras flattened with the "
        "channels last, PyTorch flattens with the channels first."
    ),
    "transpose_forgotten": (
        "nn.Linear keeps its weight as (outputs, inputs), Keras as (inputs, outputs)."
    ),
    "height_and_width_swapped": (
        "The channels are right. Compare the order of rows and columns before and after."
    ),
    "reshaped": "reshape alone moves no number. Transpose where axes must change places.",
    "backwards": (
        "This goes the other way: it takes the inputs for channels first and makes them channels "
        "last. In which order did Keras flatten?"
    ),
    "nothing_done": "This is still Keras' kernel: (inputs, outputs), with the channels last.",
}


def check_conv(answer: Any) -> None:
    """Whether convolutions with what it gives are those of Keras' kernels.

    Raises:
        WrongError: the first kernel with which they are not.
    """
    for kernel in _kernels():
        height, width, taken, filters = kernel.shape
        case = f"for a kernel of shape {kernel.shape} (height, width, channels in, filters)\n"
        got = _as_tensor(_asked(answer, kernel.copy()), case)
        wanted = (filters, taken, height, width)
        if tuple(got.shape) != wanted:
            names = {
                (taken, filters, height, width): "in_and_out_swapped",
                (filters, taken, width, height): "rows_and_columns_swapped",
                kernel.shape: "nothing_done",
            }
            told = f"{case}gives shape {tuple(got.shape)}\nexpected {wanted}"
            raise WrongError(told, names.get(tuple(got.shape)))
        pictures = np.random.default_rng(1).normal(size=(2, taken, 8, 9))
        if _convolves_alike(pictures, kernel, got):
            continue
        told = f"{case}a convolution of random pictures gives other maps than Keras would"
        raise WrongError(told, _conv_mistake(pictures, kernel, got))


def check_dense(answer: Any) -> None:
    """Whether a linear layer with what it gives answers as Keras' dense layer after Flatten.

    Raises:
        WrongError: the first kernel with which it does not.
    """
    draw = np.random.default_rng(0)
    for height, width, channels, units in ((3, 4, 2, 5), (5, 2, 6, 7), (1, 3, 4, 9)):
        kernel = draw.normal(size=(height * width * channels, units))
        shape = f"{height} x {width} x {channels}"
        case = f"for maps of {shape} (height x width x channels) and {units} units\n"
        got = _as_tensor(_asked(answer, kernel.copy(), height, width, channels), case)
        if tuple(got.shape) != kernel.T.shape:
            mistake = None
            if tuple(got.shape) == kernel.shape:
                mistake = "nothing_done" if same(got, kernel) else "transpose_forgotten"
            told = f"{case}gives shape {tuple(got.shape)}\nexpected {kernel.T.shape}"
            raise WrongError(told, mistake)
        maps = draw.normal(size=(3, height, width, channels))
        expected = maps.reshape(3, -1) @ kernel
        first = torch.from_numpy(maps).permute(0, 3, 1, 2)
        if same(functional.linear(first.flatten(1), got), expected):
            continue
        told = f"{case}the layer gives other numbers than Keras' would"
        raise WrongError(told, _dense_mistake(maps, kernel, got))


def _kernels() -> Iterator[Array]:
    draw = np.random.default_rng(0)
    for shape in ((3, 2, 4, 5), (2, 5, 3, 6), (3, 3, 1, 8), (1, 1, 6, 2)):
        yield draw.normal(size=shape)


def _asked(answer: Any, *arguments: Any) -> Any:
    require_function(answer)
    return answer(*arguments)


def _as_tensor(got: Any, case: str) -> Tensor:
    if isinstance(got, Tensor):
        return got.detach().double()
    if not isinstance(got, np.ndarray) or got.dtype.kind not in "iuf":
        raise WrongError(f"{case}gives {shown(got)}\nexpected an array or a tensor")
    return torch.from_numpy(got.astype(np.float64))


def _convolves_alike(pictures: Array, kernel: Array, got: Tensor) -> bool:
    """Whether a convolution with it gives what Keras' kernel does, place by place."""
    rows, columns = kernel.shape[:2]
    height, width = pictures.shape[2] - rows + 1, pictures.shape[3] - columns + 1
    expected = sum(
        np.einsum("nchw,co->nohw", pictures[:, :, i : i + height, j : j + width], kernel[i, j])
        for i in range(rows)
        for j in range(columns)
    )
    return same(functional.conv2d(torch.from_numpy(pictures), got), expected)


def _conv_mistake(pictures: Array, kernel: Array, got: Tensor) -> str | None:
    if same(got.flatten(), kernel.ravel()):
        return "reshaped"
    if _convolves_alike(pictures, kernel[::-1, ::-1], got):
        return "flipped"
    if kernel.shape[0] == kernel.shape[1] and _convolves_alike(
        pictures, kernel.swapaxes(0, 1), got
    ):
        return "rows_and_columns_swapped"
    return None


def _dense_mistake(maps: Array, kernel: Array, got: Tensor) -> str | None:
    if same(got, kernel.T):
        return "order_kept"
    if same(got.flatten(), kernel.ravel()):
        return "reshaped"
    tensor, expected = torch.from_numpy(maps), maps.reshape(len(maps), -1) @ kernel
    if same(functional.linear(tensor.permute(0, 3, 2, 1).flatten(1), got), expected):
        return "height_and_width_swapped"
    height, width, channels = maps.shape[1:]
    # What was channels first is taken for channels last: the same maps, told the other way.
    first = torch.from_numpy(maps.reshape(len(maps), channels, height, width))
    if same(functional.linear(first.permute(0, 2, 3, 1).flatten(1), got), expected):
        return "backwards"
    return None
