"""The arithmetic of convolution and pooling along one axis, in whole numbers and without torch.

After Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, and Araujo,
Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019.
"""

from dataclasses import dataclass

Padding = int | tuple[int, int]  # at both ends, or (before, after)


def output_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """How many values a convolution or pooling makes of `size` values along one axis.

    `padding` is added at both ends, or as (before, after). `ceil_mode` is that of torch's
    poolings. 0 or a negative number says that the kernel does not fit even once: the layer runs
    out of pixels.
    """
    before, after = ends(padding)
    room = size + before + after - reach(kernel, dilation)
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    # torch drops a last window that would begin in the padding at the far end.
    return count - 1 if (count - 1) * stride >= size + before else count


def reach(kernel: int, dilation: int = 1) -> int:
    """How many values lie from the first to the last one under a window, both included."""
    return dilation * (kernel - 1) + 1


def ends(padding: Padding) -> tuple[int, int]:
    """The padding as (before, after)."""
    return (padding, padding) if isinstance(padding, int) else padding


def same_padding(kernel: int, dilation: int = 1) -> tuple[int, int]:
    """The padding (before, after) that keeps the size with stride 1.

    Of an odd number the greater part comes after, as torch has it.
    """
    total = dilation * (kernel - 1)
    return total // 2, total - total // 2


def unreached(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """How many values at the far end, padding among them, no window reaches because of the stride.

    Parameters are those of `output_size`, which must be at least 1.
    """
    count = output_size(size, kernel, stride, padding, dilation, ceil_mode)
    reached = (count - 1) * stride + reach(kernel, dilation)
    return max(0, size + sum(ends(padding)) - reached)


@dataclass(frozen=True)
class ReceptiveField:
    """Which input pixels one value of a feature map can depend on, along one axis.

    Value number i depends on the pixels `start + i * jump` to `start + i * jump + size - 1`;
    pixels before the first and after the last are padding. The default is the picture itself.
    """

    size: int = 1
    jump: int = 1
    start: int = 0

    def through(
        self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> "ReceptiveField":
        """The field after one more convolution or pooling; `padding` is that before the first."""
        return ReceptiveField(
            size=self.size + dilation * (kernel - 1) * self.jump,
            jump=self.jump * stride,
            start=self.start - padding * self.jump,
        )

    def union(self, other: "ReceptiveField") -> "ReceptiveField":
        """The smallest field that covers both: what a sum of two branches depends on."""
        start = min(self.start, other.start)
        end = max(self.start + self.size, other.start + other.size)
        return ReceptiveField(end - start, max(self.jump, other.jump), start)


def convolution_parameters(
    channels_in: int, channels_out: int, kernel: tuple[int, int], groups: int = 1
) -> int:
    """The weights of a convolution, without biases, of which there are `channels_out`."""
    return channels_out * (channels_in // groups) * kernel[0] * kernel[1]


def convolution_multiply_adds(
    channels_in: int, kernel: tuple[int, int], output: tuple[int, int, int], groups: int = 1
) -> int:
    """Multiply-adds of a convolution of one picture to `output`, (C, H, W), without biases."""
    channels_out, height, width = output
    return height * width * convolution_parameters(channels_in, channels_out, kernel, groups)


def linear_multiply_adds(features_in: int, features_out: int, positions: int = 1) -> int:
    """Multiply-adds of a linear layer for one picture, applied at `positions` places."""
    return features_in * features_out * positions
