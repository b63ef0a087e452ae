"""What follows a convolution: ReLU and pooling, by the rules of torch."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch.nn import functional

from retinue.errors import UsageError
from retinue.explaining.convolution.maps import Maps, as_maps
from retinue.explaining.convolution.window import Pair, Window, pair


@dataclass(frozen=True)
class Pooling:
    """The settings of `torch.nn.MaxPool2d` and `AvgPool2d`, with their defaults.

    Args:
        kernel: one number or (rows, columns), like all that follow.
        kind: whether the largest value under the window is taken, or their mean.
        stride: the kernel's size where it is not given.
        padding: at most half the kernel. It is never the largest; for a mean it counts as zeros.
        dilation: from one value under the window to the next; of `max` only.
        ceil_mode: whether a last window may reach beyond the edge. It must begin before that.
        count_include_pad: whether a mean is divided by the padding's cells too.
    """

    kernel: int | Pair = 2
    kind: Literal["max", "average"] = "max"
    stride: int | Pair | None = None
    padding: int | Pair = 0
    dilation: int | Pair = 1
    ceil_mode: bool = False
    count_include_pad: bool = True

    @property
    def window(self) -> Window:
        """The window that moves over the map.

        Raises:
            UsageError: settings that torch refuses too.
        """
        kernel = pair("kernel", self.kernel, 1)
        stride = kernel if self.stride is None else pair("stride", self.stride, 1)
        padding, dilation = pair("padding", self.padding, 0), pair("dilation", self.dilation, 1)
        if self.kind not in ("max", "average"):
            raise UsageError(f"pooling {self.kind!r}: should be max or average")
        if self.kind == "average" and dilation != (1, 1):
            raise UsageError("average pooling has no dilation; use max, or leave it at 1")
        if any(most > side // 2 for most, side in zip(padding, kernel, strict=True)):
            raise UsageError(
                f"padding {self.padding}: may be half of the pooling's kernel, "
                f"{kernel[0]}x{kernel[1]}, at most"
            )
        (top, left), (bottom, right) = padding, padding
        return Window(kernel, stride, (top, bottom, left, right), dilation, self.ceil_mode)


def relu(maps: Any) -> Maps:
    """Every value of maps (C, H, W), with 0 in place of those below it."""
    return np.maximum(as_maps(maps), 0.0)


def pool(maps: Any, pooling: Pooling) -> Maps:
    """What the pooling makes of maps (C, H, W): (C, H', W'), computed in float64 by torch.

    Raises:
        UsageError: torch would refuse it too; the text says what to change.
    """
    values, window = as_maps(maps), pooling.window
    window.output((values.shape[1], values.shape[2]))
    settings = (window.kernel, window.stride, (window.padding[0], window.padding[2]))
    batch = torch.tensor(values)[None]
    if pooling.kind == "max":
        found = functional.max_pool2d(batch, *settings, window.dilation, pooling.ceil_mode)
    else:
        found = functional.avg_pool2d(
            batch, *settings, pooling.ceil_mode, pooling.count_include_pad
        )
    return np.asarray(found[0].numpy())
