"""The shapes inside a network, and the layer that runs out of pixels, if one does."""

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from retinue.errors import ImpossibleNetworkError
from retinue.models.arithmetic import output_size

WINDOWED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


def both(value: int | tuple[int, ...]) -> tuple[int, int]:
    """A setting of both axes as (of rows, of columns), whether given once or twice."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def times(value: int | tuple[int, ...]) -> str:
    """`3x5`, for people."""
    return "x".join(str(part) for part in both(value))


def brief(value: int | tuple[int, ...]) -> str:
    """`2` where both axes have the same, else `2x1`."""
    rows, columns = both(value)
    return str(rows) if rows == columns else times(value)


def trace(module: nn.Module, channels: int, size: tuple[int, int], name: str = "") -> torch.Size:
    """The shape (C, H, W) or (F,) that the module makes of one picture, without computing it.

    Args:
        module: takes (N, channels, height, width); neither it nor any generator is touched.
        channels: of the picture.
        size: (height, width) of the picture.
        name: the module's own name in the whole network, for the error's text.

    Raises:
        ImpossibleNetworkError: a layer runs out of pixels; the text names it.
    """
    # On the meta device tensors have a shape and no contents.
    shadow = copy.deepcopy(module).to("meta").eval()
    with torch.no_grad(), refusing_to_run_out(shadow, name):
        output: Tensor = shadow(torch.zeros(1, channels, *size, device="meta"))
    return output.shape[1:]


@contextmanager
def refusing_to_run_out(module: nn.Module, name: str = "") -> Iterator[None]:
    """While it lasts, a layer that runs out of pixels says so by name, before torch can fail."""
    with ExitStack() as hooks:
        for path, layer in module.named_modules(prefix=name):
            if isinstance(layer, WINDOWED):
                hook = layer.register_forward_pre_hook(_refusal(path))
                hooks.callback(hook.remove)
        yield


def _refusal(path: str) -> Any:
    """A forward pre-hook for the layer of that name."""

    def refuse(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        size = tuple(inputs[0].shape[-2:]) if inputs else ()
        if size and min(_outputs(layer, size)) < 1:
            raise ImpossibleNetworkError(
                f"layer {path} ({_window(layer)}) runs out of pixels: its input is {times(size)}"
            )

    return refuse


def _outputs(layer: Any, size: tuple[int, ...]) -> list[int]:
    """Rows and columns that a convolution or pooling layer makes of a map of this size."""
    if layer.padding == "same":  # which torch allows with stride 1 only
        return list(size)
    padding = (0, 0) if layer.padding == "valid" else both(layer.padding)
    return [
        output_size(
            size[axis],
            both(layer.kernel_size)[axis],
            both(layer.stride)[axis],
            padding[axis],
            both(getattr(layer, "dilation", 1))[axis],
            getattr(layer, "ceil_mode", False),
        )
        for axis in (0, 1)
    ]


def _window(layer: Any) -> str:
    """`kernel 7x7, stride 2, padding 0`."""
    padding = layer.padding if isinstance(layer.padding, str) else brief(layer.padding)
    return f"kernel {times(layer.kernel_size)}, stride {brief(layer.stride)}, padding {padding}"
