"""Residual networks for small pictures."""

from collections import OrderedDict

from torch import nn

from retinue.errors import UsageError
from retinue.models.blocks import (
    Residual,
    averaging_head,
    initialise_convolutions,
    named,
    projection,
)
from retinue.models.settings import Count, Fraction
from retinue.models.shapes import trace

# Pictures with more pixels than this on the shorter side are first reduced to a quarter.
LARGEST_AT_FULL_SIZE = 64


def resnet_small(
    classes: int,
    channels: int,
    size: tuple[int, int],
    *,
    depth: Count = 20,
    width: Count = 16,
    dropout: Fraction = 0.0,
    zero_init: bool = True,
) -> nn.Module:
    """The residual network for CIFAR-10: He et al., "Deep residual learning", 2015, section 4.2.

    A convolution, then three stages of (depth - 2) / 6 blocks with `width`, 2 and 4 times `width`
    channels, the second and third beginning with stride 2. Where the shape changes the shortcut is
    a 1x1 convolution (option B; the paper's CIFAR networks pad with zeros, option A). Depth 20
    has 0.27 million parameters.

    Pictures of more than 64 pixels on the shorter side are first reduced to a quarter: the first
    convolution has stride 2 and a 3x3 max pooling of stride 2 follows, like the paper's ImageNet
    networks (its table 1).

    Takes (N, channels, height, width); returns logits (N, classes).

    Args:
        classes: how many.
        channels: of the picture.
        size: (height, width) of the picture.
        depth: 6n + 2, such as 8, 14, 20, 32.
        width: channels of the first stage.
        dropout: before the last linear layer.
        zero_init: whether each block starts as its shortcut alone, the scale of its last
            normalisation being zero (Goyal et al., "Accurate, large minibatch SGD", 2017).
    """
    blocks, rest = divmod(depth - 2, 6)
    if rest or blocks < 1:
        lower = max(8, depth - rest)
        raise UsageError(
            f"model resnet-small: depth={depth} should be 6n + 2, such as {lower} or {lower + 6}"
        )
    features = _stem(channels, width, large=min(size) > LARGEST_AT_FULL_SIZE)
    for number, outputs in enumerate((width, 2 * width, 4 * width), 1):
        inputs = width if number == 1 else outputs // 2
        stage = _stage(blocks, inputs, outputs, stride=1 if number == 1 else 2)
        features.add_module(f"stage{number}", stage)
    initialise_convolutions(features, "relu")
    if zero_init:
        _start_as_shortcuts(features)
    trace(features, channels, size, "features")
    return named(features=features, head=averaging_head(4 * width, classes, dropout))


def _stem(channels: int, width: int, large: bool) -> nn.Sequential:
    """The first convolution; large pictures are halved twice."""
    stem = named(
        conv1=nn.Conv2d(channels, width, 3, 2 if large else 1, padding=1, bias=False),
        norm1=nn.BatchNorm2d(width),
        act1=nn.ReLU(),
    )
    if large:
        stem.add_module("pool1", nn.MaxPool2d(3, 2, padding=1))
    return stem


def _stage(blocks: int, inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """Blocks at one size of the map; the first changes channels and pixels."""
    return nn.Sequential(
        OrderedDict(
            (
                f"block{number}",
                _block(inputs, outputs, stride) if number == 1 else _block(outputs, outputs, 1),
            )
            for number in range(1, blocks + 1)
        )
    )


def _block(inputs: int, outputs: int, stride: int) -> Residual:
    """Two 3x3 convolutions and a shortcut around them."""
    body = named(
        conv1=nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        norm1=nn.BatchNorm2d(outputs),
        act1=nn.ReLU(),
        conv2=nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        norm2=nn.BatchNorm2d(outputs),
    )
    return Residual(body, projection(inputs, outputs, (stride, stride)), nn.ReLU())


def _start_as_shortcuts(features: nn.Module) -> None:
    """Set the scale of the last normalisation of every block's body to zero."""
    for name, layer in features.named_modules():
        if name.endswith("body.norm2") and isinstance(layer, nn.BatchNorm2d):
            nn.init.zeros_(layer.weight)
