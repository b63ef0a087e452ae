"""Kernels that are known by a name, of any size: those of picture editors and of edge finders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import comb
from typing import Any, Literal

LARGEST = 11  # rows or columns of a kernel

Weights = list[list[float]]  # rows of weights
Size = tuple[int, int]
Parts = Sequence[list[float] | None]  # for 1, 2 and more; None where that is too few


@dataclass(frozen=True)
class Preset:
    """A kernel with a name: `rows` times `columns` where it is of every size, or fixed `values`.

    `channels` says what suits it on a colour picture: to keep the three `apart`, or their `sum`.
    """

    name: str
    label: str
    channels: Literal["apart", "sum"]
    rows: Parts = ()
    columns: Parts = ()
    values: Sequence[Sequence[float]] = ()

    def weights(self, size: Size) -> Weights | None:
        """The kernel of that size, fixed ones with zeros around them; None where there is none."""
        height, width = size
        if self.values:
            fits = height >= len(self.values) and width >= len(self.values[0])
            return centred(self.values, size) if fits else None
        down, across = self.rows[height - 1], self.columns[width - 1]
        if down is None or across is None:
            return None
        return [[one * other for other in across] for one in down]

    def as_dict(self) -> dict[str, Any]:
        """What the page needs to make the kernel of any size by itself."""
        parts = {"rows": self.rows, "columns": self.columns, "values": self.values}
        known = {key: value for key, value in parts.items() if value}
        return {"name": self.name, "label": self.label, "channels": self.channels, **known}


def centred(weights: Sequence[Sequence[float]], size: Size) -> Weights:
    """Weights with zeros around them, or without their edge, so that the middle stays the middle.

    The middle of an even number is the one before: as torch's padding `same` puts an odd row or
    column at the end, a lone 1 there gives the picture back.
    """
    height, width = len(weights), len(weights[0])
    down = (height - 1) // 2 - (size[0] - 1) // 2
    right = (width - 1) // 2 - (size[1] - 1) // 2
    found = [[0.0] * size[1] for _ in range(size[0])]
    for row, column in product(range(size[0]), range(size[1])):
        if 0 <= row + down < height and 0 <= column + right < width:
            found[row][column] = float(weights[row + down][column + right])
    return found


@cache
def presets() -> dict[str, Preset]:
    """All of them by name, in the order in which they are offered."""
    unit, mean = _for_all(_unit), _for_all(lambda count: [1 / count] * count)
    bell = _for_all(lambda count: [one / 2 ** (count - 1) for one in _binomial(count)])
    smooth, step = _for_all(_binomial), _for_all(_difference)
    found = (
        Preset("identity", "Identity: the picture itself", "apart", unit, unit),
        Preset("blur", "Blur: the mean", "apart", mean, mean),
        Preset("gaussian blur", "Gaussian blur", "apart", bell, bell),
        Preset("sharpen", "Sharpen", "apart", values=[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        Preset("sobel x", "Sobel x: upright edges", "sum", smooth, step),
        Preset("sobel y", "Sobel y: level edges", "sum", step, smooth),
        Preset("emboss", "Emboss: light from one side", "apart", values=_EMBOSS),
        Preset("laplacian", "Laplacian: all edges", "sum", values=_LAPLACIAN),
    )
    return {one.name: one for one in found}


_EMBOSS = [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
_LAPLACIAN = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]


def _for_all(make: Callable[[int], list[float] | None]) -> Parts:
    return [make(count) for count in range(1, LARGEST + 1)]


def _unit(count: int) -> list[float]:
    return [float(place == (count - 1) // 2) for place in range(count)]


def _binomial(count: int) -> list[float]:
    """1, 2, 1 and the like: a row of Pascal's triangle."""
    return [float(comb(count - 1, place)) for place in range(count)]


def _difference(count: int) -> list[float] | None:
    """-1, 0, 1, and for other sizes that (or -1, 1) smoothed by a row of Pascal's triangle."""
    if count == 1:
        return None
    step = [-1.0, 1.0] if count == 2 else [-1.0, 0.0, 1.0]
    smooth = _binomial(count - len(step) + 1)
    found = [0.0] * count
    for (place, one), (further, other) in product(enumerate(smooth), enumerate(step)):
        found[place + further] += one * other
    return found
