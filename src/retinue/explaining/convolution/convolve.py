"""The arithmetic of a convolution, and what it makes of a picture: exactly as torch does.

A convolution here is what networks call so: the kernel is not turned around (cross-correlation).
After Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.convolution.maps import Maps, as_maps, as_numbers
from retinue.explaining.convolution.settings import PLAIN, Mode, Settings
from retinue.explaining.convolution.window import Pair, Sides, Window, field_of, pair
from retinue.explaining.drawn import Drawn
from retinue.models.arithmetic import convolution_multiply_adds, convolution_parameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What NumPy calls each way of padding.
_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
NOWHERE = -1  # the row or column that a padding of zeros copies


@dataclass(frozen=True)
class Arithmetic(Drawn):
    """What a convolution makes of a picture of a size, in whole numbers; pairs are rows, columns.

    `unreached` rows at the bottom and columns at the right of the padded picture lie under no
    window, because the stride does not come out even. `parameters` are `weights` and a bias for
    each output channel.
    """

    size: Pair
    channels: tuple[int, int]  # in, out
    window: Window
    padding_mode: Mode
    groups: int
    output: Pair
    formulas: tuple[str, str]  # of output's rows and columns, with the numbers filled in
    unreached: Pair
    receptive_field: Pair
    multiply_adds: int
    weights: int
    parameters: int

    @property
    def padding(self) -> Sides:
        """Rows and columns added at (top, bottom, left, right)."""
        return self.window.padding

    def sources(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For every row and column of the padded picture the one of the picture that it copies.

        Both count from 0; `NOWHERE`, -1, where there are zeros.
        """
        top, bottom, left, right = self.padding
        how: dict[str, Any] = {"mode": _MODES[self.padding_mode]}
        if self.padding_mode == "zeros":
            how["constant_values"] = NOWHERE
        height, width = (np.arange(side, dtype=np.int64) for side in self.size)
        return np.pad(height, (top, bottom), **how), np.pad(width, (left, right), **how)

    def figure(self) -> "Figure":
        """The padded picture with its first and last window, and the output, as grids of cells."""
        from retinue.plotting.inside.convolution import convolution_layout

        top, _, left, _ = self.padding
        first, last = (
            (rows + top, columns + left)
            for rows, columns in (
                self.window.places((0, 0)),
                self.window.places((self.output[0] - 1, self.output[1] - 1)),
            )
        )
        return convolution_layout(
            outside(self), self.unreached, self.window.stride, (first, last), self.output,
            f"rows: {self.formulas[0]}\ncolumns: {self.formulas[1]}",
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Every number, as JSON has them."""
        values = asdict(self)
        window = values.pop("window")
        values |= {key: list(window[key]) for key in ("kernel", "stride", "padding", "dilation")}
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in values.items()
        }


def arithmetic(
    size: int | Pair,
    kernel: int | Pair,
    settings: Settings = PLAIN,
    channels: tuple[int, int] = (1, 1),
) -> Arithmetic:
    """Sizes, padding and costs of a convolution.

    Args:
        size: of the picture, one number or (height, width).
        kernel: likewise.
        settings: how it moves.
        channels: of the picture, and how many the convolution makes.

    Raises:
        UsageError: torch would refuse such a convolution too; the text says what to change.
    """
    size, window = pair("size", size, 1), settings.window(kernel)
    channels = pair("channels", channels, 1)
    _check_groups(settings.groups, channels)
    _check_padding(size, window.padding, settings.padding_mode)
    output = window.output(size)
    weights = convolution_parameters(*channels, window.kernel, settings.groups)
    rows, columns = field_of([window])
    return Arithmetic(
        size=size,
        channels=channels,
        window=window,
        padding_mode=settings.padding_mode,
        groups=settings.groups,
        output=output,
        formulas=window.formulas(size),
        unreached=window.unreached(size),
        receptive_field=(rows.size, columns.size),
        multiply_adds=convolution_multiply_adds(
            channels[0], window.kernel, (channels[1], *output), settings.groups
        ),
        weights=weights,
        parameters=weights + channels[1],
    )


def _check_groups(groups: int, channels: tuple[int, int]) -> None:
    if not isinstance(groups, int) or groups < 1:
        raise UsageError(f"groups {groups!r}: should be a whole number of at least 1")
    for count, which in zip(channels, ("input", "output"), strict=True):
        if count % groups:
            raise UsageError(f"groups {groups}: does not divide the {count} {which} channels")


def _check_padding(size: Pair, padding: Sides, mode: str) -> None:
    """Refuse a padding that copies more than the picture has."""
    if mode not in _MODES:
        raise UsageError(f"padding mode {mode!r}: should be one of {', '.join(_MODES)}")
    for axis, what in enumerate(("rows", "columns")):
        most = max(padding[2 * axis : 2 * axis + 2])
        if mode == "reflect" and most >= size[axis]:
            raise UsageError(
                f"padding of {most} {what} by reflection: the picture has {size[axis]}, and less "
                "than that can be mirrored"
            )
        if mode == "circular" and most > size[axis]:
            raise UsageError(
                f"circular padding of {most} {what}: the picture has only {size[axis]} to go round"
            )


def outside(known: Arithmetic) -> NDArray[np.bool_]:
    """Which cells of the padded picture are padding, whatever they copy."""
    top, _, left, _ = known.padding
    found = np.ones(known.window.padded(known.size), bool)
    found[top : top + known.size[0], left : left + known.size[1]] = False
    return found


def padded(maps: Maps, known: Arithmetic) -> Maps:
    """Maps (C, H, W) with their padding around them."""
    rows, columns = known.sources()
    found: Maps = maps[:, rows[:, None], columns]
    return np.where((rows[:, None] == NOWHERE) | (columns == NOWHERE), 0.0, found)


def prepared(
    picture: Any, weight: Any, bias: Any, settings: Settings
) -> tuple[Maps, Maps, Maps, Arithmetic]:
    """Picture (C, H, W), weight (O, C / groups, rows, columns) and bias (O,), and their arithmetic.

    Raises:
        UsageError: they do not go together.
    """
    maps, kernels = as_maps(picture), as_numbers(weight, "weight")
    if kernels.ndim == 2:
        kernels = kernels[None, None]
    if kernels.ndim != 4 or not kernels.size:
        raise UsageError(
            f"weight: should be (channels out, channels in, rows, columns), not {kernels.shape}"
        )
    kernel = (kernels.shape[2], kernels.shape[3])
    known = arithmetic((maps.shape[1], maps.shape[2]), kernel, settings, (len(maps), len(kernels)))
    if kernels.shape[1] * settings.groups != len(maps):
        raise UsageError(
            f"weight: is for {kernels.shape[1] * settings.groups} channels, and the picture has "
            f"{len(maps)}; pictures are (channels, rows, columns)"
        )
    biases = np.zeros(len(kernels)) if bias is None else as_numbers(bias, "bias")
    if biases.shape != (len(kernels),):
        raise UsageError(f"bias: should be one number for each of {len(kernels)} output channels")
    return maps, kernels, biases, known


def convolve(picture: Any, weight: Any, bias: Any = None, settings: Settings = PLAIN) -> Maps:
    """What the convolution makes of a picture: (O, H', W'), computed in float64 by torch.

    Args:
        picture: (C, H, W), or (H, W) of one channel; `maps.maps_of` makes it of pixels (H, W, C).
        weight: (O, C / groups, rows, columns), or (rows, columns) for one channel to one.
        bias: (O,).
        settings: how the kernel moves.

    Raises:
        UsageError: torch would refuse it too; the text says what to change.
    """
    maps, kernels, biases, known = prepared(picture, weight, bias, settings)
    with torch.no_grad():
        found = nn.functional.conv2d(
            torch.from_numpy(padded(maps, known))[None],
            torch.tensor(kernels),
            torch.tensor(biases),
            stride=known.window.stride,
            dilation=known.window.dilation,
            groups=known.groups,
        )
    return np.asarray(found[0].numpy())
