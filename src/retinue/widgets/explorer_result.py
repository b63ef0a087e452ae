"""What the convolution explorer's settings make of its picture, computed by torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retinue.explaining.convolution.convolve import Arithmetic, arithmetic, convolve
from retinue.explaining.convolution.maps import Maps, maps_of
from retinue.explaining.convolution.pooling import Pooling, pool, relu
from retinue.explaining.convolution.trace import Trace, trace
from retinue.images import Pixels
from retinue.widgets.explorer_checks import settings_of, shape_of
from retinue.widgets.explorer_learned import Learned
from retinue.widgets.explorer_pictures import GRID
from retinue.widgets.panel import Value

COLOURS = ("red", "green", "blue")


@dataclass(frozen=True)
class Result:
    """The maps (C, H, W) on the way: `numbers` as the kernel gets them, what it makes of them, and
    what ReLU and pooling make of that, where they follow.
    """

    numbers: Maps
    output: Maps
    active: Maps | None
    pooled: Maps | None


def computed(state: Mapping[str, Value], learned: Learned | None) -> Result:
    """All maps of the explorer for a state that was checked."""
    numbers = numbers_of(state, learned)
    weights, bias = kernel_of(state, len(numbers))
    output = convolve(numbers, weights, bias, settings_of(state, _groups(state, len(numbers))))
    active = relu(output) if state["activation"] == "relu" else None
    pooled = None
    if state["pooling"] != "none":
        window = Pooling(state["pool_size"], state["pooling"], state["pool_stride"])
        pooled = pool(output if active is None else active, window)
    return Result(numbers, output, active, pooled)


def traces(state: Mapping[str, Value], learned: Learned | None) -> list[Trace]:
    """How the pointed cell of each output channel comes about."""
    numbers = numbers_of(state, learned)
    weights, bias = kernel_of(state, len(numbers))
    settings = settings_of(state, _groups(state, len(numbers)))
    names = COLOURS if len(numbers) == 3 else ("",)
    row, column = state["position"]
    return [
        trace(numbers, weights, bias, settings, (channel, row, column), names)
        for channel in range(len(weights))
    ]


def known_sizes(state: Mapping[str, Value]) -> Arithmetic:
    """Sizes and costs of a layer with this kernel, from the picture's channels to `channels_out`.

    Raises:
        UsageError: torch would refuse it too.
    """
    height, width, channels = shape_of(state)
    rows, columns = state["kernel_size"]
    channels_out = (channels, state["channels_out"])
    return arithmetic((height, width), (rows, columns), settings_of(state), channels_out)


def pixels_of(state: Mapping[str, Value]) -> Pixels:
    """The picture (H, W, C) uint8; of a grid its numbers."""
    if state["picture"] == GRID:
        return np.array(state["grid"], np.uint8)[:, :, None]
    return np.frombuffer(state["pixels"], np.uint8).reshape(state["shape"])


def numbers_of(state: Mapping[str, Value], learned: Learned | None) -> Maps:
    """The picture's channels (C, H, W), normalised where that is chosen."""
    maps = maps_of(pixels_of(state))
    if learned is None or not state["normalised"]:
        return maps
    mean, std = (np.array(part)[:, None, None] for part in (learned.mean, learned.std))
    return np.asarray((maps - mean) / std)


def kernel_of(state: Mapping[str, Value], channels: int) -> tuple[Maps, Maps]:
    """Weights (O, C / groups, rows, columns) and biases (O,) as torch takes them."""
    slices = np.array(state["values"], np.float64)
    slices = np.repeat(slices, channels, axis=0) if len(slices) < channels else slices
    weights = slices[:, None] if state["channels"] == "apart" else slices[None]
    return weights, np.full(len(weights), float(state["bias"]))


def _groups(state: Mapping[str, Value], channels: int) -> int:
    return channels if state["channels"] == "apart" else 1
