"""The plan of the network `cnn`: how many layers at which pixels, how wide, and where it pools."""

from dataclasses import dataclass

from retinue.models.arithmetic import output_size, same_padding

# No pooling may leave fewer pixels than this on the shorter side.
FEWEST_PIXELS = 4
# Channels double as the map halves, up to 2**2 times the first layer's.
MOST_DOUBLINGS = 2


@dataclass(frozen=True)
class Convolution:
    """One convolution: pairs are (of rows, of columns); `same` pads so that stride 1 keeps size."""

    number: int
    channels_in: int
    channels_out: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int] | None  # None is 'same'

    @property
    def sides(self) -> tuple[int, int, int, int]:
        """Padding (left, right, top, bottom), in torch's order; 'same' may differ by one."""
        rows, columns = (
            [same_padding(kernel) for kernel in self.kernel]
            if self.padding is None
            else [(padding, padding) for padding in self.padding]
        )
        return (*columns, *rows)

    @property
    def keeps_size(self) -> bool:
        """Whether with stride 1 the map would keep its size."""
        left, right, top, bottom = self.sides
        return (top + bottom, left + right) == (self.kernel[0] - 1, self.kernel[1] - 1)

    def output(self, size: tuple[int, int]) -> tuple[int, int]:
        """The (height, width) it makes of a map of that size; below 1 is impossible."""
        left, right, top, bottom = self.sides
        rows, columns = (
            output_size(size[axis], self.kernel[axis], self.stride[axis], padding)
            for axis, padding in enumerate(((top, bottom), (left, right)))
        )
        return rows, columns


@dataclass(frozen=True)
class Stage:
    """Convolutions at one size of the map, and whether a 2x2 pooling follows."""

    convolutions: tuple[Convolution, ...]
    pool: bool


def stage_lengths(depth: int, pixels: int) -> list[int]:
    """How many of `depth` convolutions stand in each stage, for a map of `pixels` pixels a side.

    One stage more than the map can be halved, as evenly as possible; the later stages, where a
    convolution costs less, get those left over. `stage_lengths(6, 32)` is [1, 1, 2, 2].
    """
    halvings = 0
    while pixels >> (halvings + 1) >= FEWEST_PIXELS:
        halvings += 1
    stages = min(depth, halvings + 1)
    shortest, left_over = divmod(depth, stages)
    return [shortest + (stage >= stages - left_over) for stage in range(stages)]


def plan(
    channels: int,
    size: tuple[int, int],
    *,
    depth: int,
    width: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] | None,
    pools: bool,
    halve_above: int,
) -> list[Stage]:
    """The stages of a `cnn` for pictures (channels, *size).

    Args:
        channels: of the picture.
        size: (height, width) of the picture.
        depth: how many convolutions.
        width: channels that the first of them makes.
        kernel: of every convolution.
        stride: of every convolution.
        padding: of every convolution; None is 'same'.
        pools: whether stages end in a pooling where pixels allow.
        halve_above: on more pixels than this the first convolution has a stride of at least 2.
    """
    least = 2 if min(size) > halve_above else 1
    first_stride = (max(least, stride[0]), max(least, stride[1]))
    stages: list[Stage] = []
    number, halvings, inputs, pixels = 0, 0, channels, size
    for length in stage_lengths(depth, min(size) // min(first_stride)):
        convolutions = []
        for _ in range(length):
            number += 1
            step = stride if number > 1 else first_stride
            halvings += number > 1 and max(step) > 1
            outputs = width * 2 ** min(halvings, MOST_DOUBLINGS)
            convolutions.append(Convolution(number, inputs, outputs, kernel, step, padding))
            inputs, pixels = outputs, convolutions[-1].output(pixels)
        pool = pools and min(pixels) // 2 >= FEWEST_PIXELS
        if pool:
            halvings, pixels = halvings + 1, (pixels[0] // 2, pixels[1] // 2)
        stages.append(Stage(tuple(convolutions), pool))
    return stages
