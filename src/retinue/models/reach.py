"""Which pixels every value of a map really depends on, edges included, along one axis.

The formula of `arithmetic.ReceptiveField` is that of an endless picture. Near the edges of a real
one zeros take the place of values, and rows that a stride leaves over at the far edge reach no
window at all. So here every value has a first and a last pixel of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NEVER = 2**40  # beyond every pixel


@dataclass(frozen=True, eq=False)
class Reach:
    """The first and the last pixel that each value of a map can depend on, both (N,).

    Of a value that is padding and nothing else the first comes after the last.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @classmethod
    def of_pixels(cls, size: int) -> "Reach":
        """The picture itself: every pixel reaches as far as itself."""
        pixels = np.arange(size, dtype=np.int64)
        return cls(pixels, pixels)

    def span(self, place: int) -> tuple[int, int]:
        """The first pixel of one value, and the first one after its last; equal for padding."""
        first, end = int(self.first[place]), int(self.last[place]) + 1
        return (first, end) if first < end else (0, 0)

    def through(
        self, outputs: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> "Reach":
        """After one more convolution, pooling or padding that gives so many values.

        `padding` is that before the first value; what lies after the last is padding too.
        """
        taps = np.arange(outputs)[:, None] * stride - padding + dilation * np.arange(kernel)
        real = (taps >= 0) & (taps < len(self.first))
        taps = np.where(real, taps, 0)
        return Reach(
            np.where(real, self.first[taps], _NEVER).min(axis=1),
            np.where(real, self.last[taps], -_NEVER).max(axis=1),
        )

    def union(self, other: "Reach") -> "Reach":
        """What the sum of two maps of this size depends on."""
        return Reach(np.minimum(self.first, other.first), np.maximum(self.last, other.last))
