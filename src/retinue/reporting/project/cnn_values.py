"""What model.py says of the network `cnn`, whose every setting may differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from torch import nn

from retinue.models.cnn import cnn
from retinue.models.layout import Convolution, Stage, plan
from retinue.models.settings import checked
from retinue.models.shapes import both, times
from retinue.models.weights import ModelCard
from retinue.reporting.project.layers import brief, is_activation, layer_source, listed, window

Values = dict[str, Any]


def cnn_values(card: ModelCard, network: nn.Module) -> Values:
    """What the template of a `cnn` asks for."""
    settings = checked(card.name, cnn, card.arguments)
    padding = settings["padding"]
    stages = plan(
        card.preprocess.channels,
        card.preprocess.size,
        depth=settings["depth"],
        width=settings["width"],
        kernel=both(settings["kernel_size"]),
        stride=both(settings["stride"]),
        padding=None if padding == "same" else both(0 if padding == "valid" else padding),
        pools=settings["pooling"] != "none",
        halve_above=settings["halve_above"],
    )
    convolutions = [one for stage in stages for one in stage.convolutions]
    activation = settings["activation"]
    act = layer_source(next(layer for layer in network.modules() if is_activation(layer)))
    return {
        "residual": settings["residual"],
        "batch_norm": settings["batch_norm"],
        "act": act,
        "conv": _convolution(convolutions, settings["batch_norm"]),
        "shortcut": _shortcut([_residual(pair) for stage in stages for pair in _pairs(stage)]),
        "lines": _lines(stages, card.preprocess.size, settings),
        "init": _INIT.get(activation, 'nonlinearity="relu"'),
        "head": listed(network.get_submodule("head")),
    }


_INIT = {
    "leaky_relu": 'a=0.01, nonlinearity="leaky_relu"',
    "tanh": 'nonlinearity="tanh"',
}


def _convolution(every: Sequence[Convolution], batch_norm: bool) -> Values:
    """The function that makes one convolution, as all of these are made.

    Only the first may have another stride. Where it is of 1x1 with a stride, pixels are picked out
    before it, for the reason that stands with `retinue.models.blocks.every`.
    """
    first, last = every[0], every[-1]
    left, right, top, bottom = first.sides
    first_picks, picks = (one.kernel == (1, 1) and one.stride != (1, 1) for one in (first, last))
    uneven, padded = (left, top) != (right, bottom), any(first.sides)
    stride, by_number = brief(last.stride), ""
    if first.stride != last.stride and not first_picks:
        stride, by_number = "stride", _by_number(first, last)
    padding: Any = (top, left)
    if uneven or picks:
        padding = 0
    elif first_picks and padded:
        padding = f"0 if number == 1 else {brief(padding)}"
    stride = "1" if picks else stride
    shape = window(first.kernel, 1 if stride == "1" else stride, padding, not batch_norm)
    return {
        "kernel": times(first.kernel),
        "arguments": ["inputs", "outputs", *shape],
        "stride_by_number": by_number,
        "first_alone": first_picks and not picks,
        "first_stride": brief(first.stride),
        "pad_first": padded,
        "pads": uneven or (picks and padded),
        "picks": picks,
        "picked": _by_number(first, last),
        "sides": first.sides,
    }


def _by_number(first: Convolution, last: Convolution) -> str:
    """The stride of a convolution, by its number."""
    if first.stride == last.stride:
        return brief(last.stride)
    return f"{brief(first.stride)} if number == 1 else {brief(last.stride)}"


def _pairs(stage: Stage) -> list[tuple[Convolution, ...]]:
    """The convolutions of each residual block."""
    every = stage.convolutions
    return [every[at : at + 2] for at in range(0, len(every), 2)]


@dataclass(frozen=True)
class _Residual:
    """A residual block: the number of its first convolution, channels, and stride of all of it."""

    number: int
    channels: tuple[int, ...]
    stride: tuple[int, int]

    @property
    def widens(self) -> bool:
        return self.channels[0] != self.channels[-1]

    @property
    def strided(self) -> bool:
        return self.stride != (1, 1)

    @property
    def source(self) -> str:
        channels = ", ".join(map(str, self.channels))
        stride = f", stride={brief(self.stride)}" if self.strided else ""
        return f"Residual({self.number}, {channels}{stride})"


def _residual(pair: tuple[Convolution, ...]) -> _Residual:
    channels = (pair[0].channels_in, *(one.channels_out for one in pair))
    rows, columns = (prod(one.stride[axis] for one in pair) for axis in (0, 1))
    return _Residual(pair[0].number, channels, (rows, columns))


def _shortcut(blocks: Sequence[_Residual]) -> Values:
    """What the shortcuts of these blocks do, and where only some do it, under which condition."""
    projecting = [one for one in blocks if one.widens or one.strided]
    strided = [one for one in blocks if one.strided]
    kinds = {brief(one.stride) for one in strided}
    pairs = any("(" in kind for kind in kinds)
    one = "(1, 1)" if pairs else "1"
    kind = "tuple[int, int]" if pairs else "int"
    condition = ""
    if 0 < len(projecting) < len(blocks):
        condition = "channels[0] != channels[-1]"
        if any(not block.widens for block in strided):
            condition += f" or stride != {one}"
    return {
        "parameters": ["self", "number: int", "*channels: int"]
        + ([f"stride: {kind} = {one}"] if strided else []),
        "pairs": any(len(block.channels) > 2 for block in blocks),
        "projects": bool(projecting),
        "condition": condition,
        "every": bool(strided) and len(strided) == len(projecting),
        "every_if": bool(strided),
        "one": one,
    }


def _lines(
    stages: Sequence[Stage], size: tuple[int, int], settings: Values
) -> list[tuple[str, str]]:
    """The layers of the features as arguments of an OrderedDict, with the size of their maps."""
    pool = "nn.AvgPool2d(2)" if settings["pooling"] == "average" else "nn.MaxPool2d(2)"
    lines, blocks = [], 0
    for number, stage in enumerate(stages, 1):
        comment = f"from maps of {times(size)} pixels"
        for pair in _pairs(stage):
            blocks += 1
            if settings["residual"]:
                lines.append((comment, f"block{blocks}={_residual(pair).source}"))
                comment = ""
                continue
            for one in pair:
                sizes = f"{one.number}, {one.channels_in}, {one.channels_out}"
                lines.append((comment, f"**convolution({sizes})"))
                comment = ""
        for one in stage.convolutions:
            size = one.output(size)
        if stage.pool:
            lines.append(("", f"pool{number}={pool}"))
            size = size[0] // 2, size[1] // 2
    return lines
