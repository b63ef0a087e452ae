"""How a kernel moves over a picture: the settings of a convolution, as torch has them."""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from retinue.errors import UsageError
from retinue.explaining.convolution.window import Pair, Window, pair
from retinue.models.arithmetic import same_padding

Padding = int | Pair | Literal["same", "valid"]
Mode = Literal["zeros", "reflect", "replicate", "circular"]


@dataclass(frozen=True)
class Settings:
    """The settings of `torch.nn.Conv2d`, with its defaults.

    Args:
        stride: how far the window moves, one number or (rows, columns).
        padding: rows and columns added at each edge, likewise; `same` keeps the size, `valid`
            is none.
        padding_mode: what stands there: zeros, the picture mirrored without its edge, its edge
            again, or its other end.
        dilation: from one value under the kernel to the next, likewise.
        groups: into how many parts the channels are divided that know nothing of one another.
    """

    stride: int | Pair = 1
    padding: Padding = 0
    padding_mode: Mode = "zeros"
    dilation: int | Pair = 1
    groups: int = 1

    def window(self, kernel: int | Pair) -> Window:
        """The window of a kernel, with its padding in numbers.

        Raises:
            UsageError: settings that torch refuses too.
        """
        sides = pair("kernel", kernel, 1)
        stride, dilation = pair("stride", self.stride, 1), pair("dilation", self.dilation, 1)
        if self.padding == "same":
            if stride != (1, 1):
                raise UsageError("padding 'same': needs stride 1; give the padding as a number")
            (top, bottom), (left, right) = (
                same_padding(sides[axis], dilation[axis]) for axis in (0, 1)
            )
        elif isinstance(self.padding, str) and self.padding != "valid":
            raise UsageError(f"padding '{self.padding}': should be a number, 'same' or 'valid'")
        else:
            numbers = pair("padding", 0 if self.padding == "valid" else self.padding, 0)
            (top, left), (bottom, right) = numbers, numbers
        return Window(sides, stride, (top, bottom, left, right), dilation)


PLAIN = Settings()


def settings_of(layer: nn.Conv2d) -> Settings:
    """The settings of a layer of a network; its kernel is `layer.weight`, its bias `layer.bias`."""
    values = (layer.stride, layer.padding, layer.padding_mode, layer.dilation, layer.groups)
    return Settings(*values)  # type: ignore[arg-type]
