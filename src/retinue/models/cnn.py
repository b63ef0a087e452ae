"""The network `cnn`: a plain or residual convolutional network with everything a learner varies."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from math import prod

from torch import nn

from retinue.errors import UsageError
from retinue.models.blocks import (
    ACTIVATIONS,
    Activation,
    Residual,
    averaging_head,
    every,
    initialise_convolutions,
    named,
    projection,
)
from retinue.models.layout import Convolution, Stage, plan
from retinue.models.settings import Count, Fraction, Padding, Pair, Pooling, Whole
from retinue.models.shapes import both, times, trace

Layers = Iterator[tuple[str, nn.Module]]


def cnn(
    classes: int,
    channels: int,
    size: tuple[int, int],
    *,
    depth: Count = 6,
    width: Count = 32,
    kernel_size: Count | Pair = 3,
    stride: Count | Pair = 1,
    padding: Padding = "same",
    pooling: Pooling = "max",
    batch_norm: bool = True,
    residual: bool = False,
    dropout: Fraction = 0.0,
    activation: Activation = "relu",
    dense: Whole = 0,
    halve_above: Whole = 64,
) -> nn.Module:
    """A convolutional network in stages, each at half the pixels of the one before.

    A stage ends in a 2x2 pooling as long as at least 4 pixels are left on the shorter side, and
    channels double as pixels halve, up to 4 times `width`; `layout.plan` says it exactly.
    Takes (N, channels, height, width); returns logits (N, classes).

    Args:
        classes: how many.
        channels: of the picture.
        size: (height, width) of the picture.
        depth: how many convolutions; projections of residual blocks do not count.
        width: channels that the first convolution makes.
        kernel_size: of every convolution, one number or (rows, columns).
        stride: of every convolution, likewise.
        padding: zeros around a map, likewise; `same` keeps its size, `valid` is none.
        pooling: with `none` the map shrinks only by `stride` and `padding`.
        batch_norm: a normalisation after every convolution (Ioffe and Szegedy, 2015).
        residual: shortcuts around pairs of convolutions (He et al., 2015).
        dropout: the part of values that is dropped before the last linear layer.
        activation: what follows every convolution.
        dense: units of a hidden linear layer on the flattened maps; 0 averages each map instead.
        halve_above: pictures with more pixels on the shorter side are halved by the first
            convolution: layers at full size would cost most and see least.
    """
    stages = plan(
        channels,
        size,
        depth=depth,
        width=width,
        kernel=both(kernel_size),
        stride=both(stride),
        padding=None if padding == "same" else both(0 if padding == "valid" else padding),
        pools=pooling != "none",
        halve_above=halve_above,
    )
    act = ACTIVATIONS[activation]
    features = nn.Sequential(OrderedDict(_stages(stages, batch_norm, residual, act, pooling)))
    initialise_convolutions(features, activation)
    maps = trace(features, channels, size, "features")
    return named(features=features, head=_head(maps, classes, dense, dropout, act))


def _stages(
    stages: list[Stage],
    batch_norm: bool,
    residual: bool,
    act: Callable[[], nn.Module],
    pooling: Pooling,
) -> Layers:
    """Every layer of the plan with its name, in order."""
    blocks = count(1)
    for number, stage in enumerate(stages, 1):
        if residual:
            for first in range(0, len(stage.convolutions), 2):
                pair = stage.convolutions[first : first + 2]
                yield f"block{next(blocks)}", _block(pair, batch_norm, act)
        else:
            for convolution in stage.convolutions:
                yield from _convolution(convolution, batch_norm)
                yield f"act{convolution.number}", act()
        if stage.pool:
            yield f"pool{number}", nn.AvgPool2d(2) if pooling == "average" else nn.MaxPool2d(2)


def _convolution(convolution: Convolution, batch_norm: bool) -> Layers:
    """One convolution, with what has to stand before it and its normalisation after it."""
    number, stride, sides = convolution.number, convolution.stride, convolution.sides
    left, right, top, bottom = sides
    picks = convolution.kernel == (1, 1) and stride != (1, 1)  # the reason is with `every`
    # 'same' with an even kernel pads unevenly, which nn.Conv2d does only with a warning.
    pads = (left, top) != (right, bottom) or (picks and any(sides))
    if pads:
        yield f"pad{number}", nn.ZeroPad2d(sides)
    if picks:
        yield f"every{number}", every(stride)
    yield (
        f"conv{number}",
        nn.Conv2d(
            convolution.channels_in,
            convolution.channels_out,
            convolution.kernel,
            (1, 1) if picks else stride,
            padding=0 if pads else (top, left),
            bias=not batch_norm,  # the normalisation would take it away again
        ),
    )
    if batch_norm:
        yield f"norm{number}", nn.BatchNorm2d(convolution.channels_out)


def _block(
    pair: tuple[Convolution, ...], batch_norm: bool, act: Callable[[], nn.Module]
) -> Residual:
    """One or two convolutions with a shortcut around them."""
    if not pair[0].keeps_size:
        raise UsageError(
            f"model cnn: residual needs maps that keep their size, which a kernel of "
            f"{times(pair[0].kernel)} does not leave them with this padding; use padding 'same'"
        )
    body: OrderedDict[str, nn.Module] = OrderedDict()
    for convolution in pair:
        if body:
            body[f"act{pair[0].number}"] = act()
        body.update(_convolution(convolution, batch_norm))
    stride = (
        prod(convolution.stride[0] for convolution in pair),
        prod(convolution.stride[1] for convolution in pair),
    )
    shortcut = projection(pair[0].channels_in, pair[-1].channels_out, stride, batch_norm)
    return Residual(nn.Sequential(body), shortcut, act())


def _head(
    maps: Sequence[int], classes: int, dense: int, dropout: float, act: Callable[[], nn.Module]
) -> nn.Sequential:
    """Maps (N, C, H, W) to logits (N, classes): through means, or through a hidden layer."""
    if not dense:
        return averaging_head(maps[0], classes, dropout)
    head = named(flatten=nn.Flatten(), dense=nn.Linear(prod(maps), dense), act=act())
    if dropout:
        head.add_module("dropout", nn.Dropout(dropout))
    head.add_module("output", nn.Linear(dense, classes))
    return head
