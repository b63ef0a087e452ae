"""A window that moves over a map, as convolutions and poolings have one, and the sizes it makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import UsageError
from retinue.models.arithmetic import ReceptiveField, ends, output_size, reach, unreached

Pair = tuple[int, int]  # (of rows, of columns)
Sides = tuple[int, int, int, int]  # (top, bottom, left, right)


@dataclass(frozen=True)
class Window:
    """What moves over a map: pairs are (of rows, of columns); `ceil_mode` is that of poolings."""

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Sides = (0, 0, 0, 0)
    dilation: Pair = (1, 1)
    ceil_mode: bool = False

    def axis(self, number: int) -> tuple[int, int, Pair, int, bool]:
        """Kernel, stride, padding (before, after), dilation and ceil_mode of rows or columns."""
        top, bottom, left, right = self.padding
        return (
            self.kernel[number],
            self.stride[number],
            (left, right) if number else (top, bottom),
            self.dilation[number],
            self.ceil_mode,
        )

    def output(self, size: Pair) -> Pair:
        """How many (rows, columns) come out of a map of that size.

        Raises:
            UsageError: the window does not fit even once.
        """
        rows, columns = (output_size(size[axis], *self.axis(axis)) for axis in (0, 1))
        if min(rows, columns) < 1:
            height, width = self.padded(size)
            tall, wide = (reach(self.kernel[axis], self.dilation[axis]) for axis in (0, 1))
            raise UsageError(
                f"kernel {self.kernel[0]}x{self.kernel[1]} covers {tall}x{wide} and does not fit: "
                f"with its padding the input has {height}x{width}"
            )
        return rows, columns

    def padded(self, size: Pair) -> Pair:
        """The size of a map with its padding."""
        top, bottom, left, right = self.padding
        return size[0] + top + bottom, size[1] + left + right

    def unreached(self, size: Pair) -> Pair:
        """Rows at the bottom and columns at the right that no window reaches, padding included."""
        rows, columns = (unreached(size[axis], *self.axis(axis)) for axis in (0, 1))
        return rows, columns

    def formulas(self, size: Pair) -> tuple[str, str]:
        """The formulas of the output's rows and columns with the numbers filled in."""
        rows, columns = (size_formula(size[axis], *self.axis(axis)) for axis in (0, 1))
        return rows, columns

    def places(self, cell: Pair) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns of the map under the window of that output cell.

        They count from 0; those below 0 and beyond the map are padding.
        """
        rows, columns = (
            cell[axis] * self.stride[axis]
            - self.padding[2 * axis]
            + self.dilation[axis] * np.arange(self.kernel[axis], dtype=np.int64)
            for axis in (0, 1)
        )
        return rows, columns


def size_formula(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int | Pair = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> str:
    """`floor((32 + 2 - 3) / 2) + 1 = 16`: how `output_size` comes about along one axis.

    The numbers are the size, its padding at both ends together, what the kernel covers, and the
    stride. Parameters are those of `retinue.models.arithmetic.output_size`.
    """
    count = output_size(size, kernel, stride, padding, dilation, ceil_mode)
    total = sum(ends(padding))
    covers = str(kernel) if dilation == 1 else f"({dilation} * ({kernel} - 1) + 1)"
    whole, left_out = "floor", ""
    if ceil_mode:
        whole = "ceil"
        windows = -(-(size + total - reach(kernel, dilation)) // stride) + 1
        # A last window that would begin in the padding is left out.
        left_out = " - 1" if windows > count else ""
    return f"{whole}(({size} + {total} - {covers}) / {stride}) + 1{left_out} = {count}"


def field_of(windows: Sequence[Window]) -> tuple[ReceptiveField, ReceptiveField]:
    """The receptive field, (of rows, of columns), of windows that follow one another.

    A value in row i of the last map depends on the rows from `start + i * jump` on, `size` of them.
    """
    fields = [ReceptiveField(), ReceptiveField()]
    for window in windows:
        for axis in (0, 1):
            kernel, stride, (before, _), dilation, _ = window.axis(axis)
            fields[axis] = fields[axis].through(kernel, stride, before, dilation)
    return fields[0], fields[1]


def pair(name: str, value: Any, least: int) -> Pair:
    """A setting of both axes as (of rows, of columns), whether given once or twice.

    Raises:
        UsageError: it is neither one whole number nor two, or too small.
    """
    values: tuple[Any, ...] = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(values) != 2 or not all(
        isinstance(one, Integral) and int(one) >= least for one in values
    ):
        raise UsageError(
            f"{name} {value!r}: should be a whole number of at least {least}, or two of them, "
            "of rows and of columns"
        )
    return int(values[0]), int(values[1])
