"""The network `fast`: made to be trained in seconds to minutes on a processor without a GPU."""

import torch
from torch import Tensor, nn

from retinue.models.blocks import ACTIVATIONS, Activation, Residual, named
from retinue.models.settings import Count
from retinue.models.shapes import trace

# A block halves the map and leaves at least this many pixels on the shorter side.
FEWEST_PIXELS = 3
# Larger pictures are halved by the first convolution, and by every second one after it.
LARGEST_AT_FULL_SIZE = 64
# The memory of batch norm is short: the weights change fast. In torch's sense, the new share.
NORM_MOMENTUM = 0.4
# Keeps the whitening of directions in which the pictures hardly vary from blowing up noise.
WHITENING_EPSILON = 5e-4
# Of the 12 directions of 2x2 colour patches the last 4 hold next to nothing; 8 and their negatives
# fill the 16 lanes of a vector of the processor.
DIRECTIONS = 8


def fast(
    classes: int,
    channels: int,
    size: tuple[int, int],
    *,
    width: Count = 32,
    depth: Count = 2,
    activation: Activation = "hardswish",
) -> nn.Module:
    """A whitening convolution, blocks that halve the map, and the maximum of each channel.

    After Keller Jordan's airbench ("94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024,
    arXiv:2404.00498), with as many blocks as the pictures allow: 1 for 8x8, 3 for 28x28 and 32x32,
    4 for 64x64. The maximum over the whole last map lets it take pictures of other sizes too, so
    that training can begin at fewer pixels. Takes (N, channels, height, width); returns logits
    (N, classes).

    Args:
        classes: how many.
        channels: of the picture.
        size: (height, width) of the picture.
        width: channels of the first block; the last two have 4 times as many.
        depth: convolutions of a block; from 3 on with a shortcut around all but the first.
        activation: what follows every normalisation. On a processor hardswish takes the time of
            relu, and learns nearly as much as gelu, which takes four times as long.
    """
    stride = 2 if min(size) > LARGEST_AT_FULL_SIZE else 1
    whiten = WhiteningConv2d(channels, stride)
    widths = block_widths((min(size) - whiten.kernel_size[0]) // stride + 1, width)
    features = named(whiten=whiten, act=ACTIVATIONS[activation]())
    inputs = whiten.out_channels
    for number, outputs in enumerate(widths, 1):
        features.add_module(f"block{number}", _block(inputs, outputs, depth, activation))
        inputs = outputs
    trace(features, channels, size, "features")
    return named(features=features, head=_head(inputs, classes))


def block_widths(pixels: int, width: int) -> list[int]:
    """Channels of each block for a map of `pixels` pixels on the shorter side.

    `block_widths(31, 32)` is [32, 128, 128]. Wide blocks stand where the map is small.
    """
    blocks = 1
    while pixels >> (blocks + 1) >= FEWEST_PIXELS:
        blocks += 1
    if blocks <= 3:
        return [width, 4 * width, 4 * width][:blocks] if blocks > 1 else [4 * width]
    return [width] * (blocks - 3) + [2 * width, 4 * width, 4 * width]


class WhiteningConv2d(nn.Conv2d):
    """A convolution whose filters decorrelate the patches of the training pictures, and stay fixed.

    Its filters are the principal directions of the patches, each divided by its deviation, and
    their negatives: what comes out has about unit variance, and an activation loses nothing.
    `fit` computes them once before training; until then they are random. Without a bias nothing
    before the first block learns, so that the backward pass ends there.
    """

    weight: nn.Parameter

    def __init__(self, channels: int, stride: int = 1) -> None:
        patch = 2 if channels > 1 and stride == 1 else 3
        directions = min(channels * patch * patch, DIRECTIONS)
        super().__init__(channels, 2 * directions, patch, stride, bias=False)
        self.weight.requires_grad_(False)

    @torch.no_grad()
    def fit(self, pictures: Tensor) -> None:
        """Set the filters from pictures (N, C, H, W), normalised as the network gets them."""
        side = self.kernel_size[0]
        patches = pictures.float().unfold(2, side, 1).unfold(3, side, 1)
        rows = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, self.in_channels * side * side)
        covariance = (rows.T @ rows / len(rows)).double()
        variances, directions = torch.linalg.eigh(covariance)
        most = self.out_channels // 2
        variances, directions = variances[-most:].flip(0), directions[:, -most:].flip(1)
        # The sign of an eigenvector is arbitrary: it is fixed, so that all machines agree.
        largest = directions.abs().argmax(0, keepdim=True)
        directions = directions * directions.gather(0, largest).sign()
        filters = (directions / (variances + WHITENING_EPSILON).sqrt()).T
        filters = filters.reshape(most, self.in_channels, side, side)
        self.weight.copy_(torch.cat([filters, -filters]))


class Scale(nn.Module):
    """Its input times a constant: what a last layer learns at the rate of all others."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        """Any shape in, the same out."""
        return values * self.factor

    def extra_repr(self) -> str:
        """The constant, for `print(model)`."""
        return f"{self.factor:g}"


def _block(inputs: int, outputs: int, depth: int, activation: Activation) -> nn.Sequential:
    """Convolve, halve by maxima, normalise; then more convolutions at the smaller size."""
    act = ACTIVATIONS[activation]
    block = named(
        conv1=_convolution(inputs, outputs),
        pool=nn.MaxPool2d(2),  # before the norm, which then works on a quarter of the values
        norm1=_norm(outputs),
        act1=act(),
    )
    rest = nn.Sequential() if depth >= 3 else block
    for number in range(2, depth + 1):
        rest.add_module(f"conv{number}", _convolution(outputs, outputs))
        rest.add_module(f"norm{number}", _norm(outputs))
        if number < depth or rest is block:
            rest.add_module(f"act{number}", act())
    if rest is not block:
        block.add_module("residual", Residual(rest, nn.Identity(), act()))
    return block


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """3x3, 'same', without bias; it begins by passing its input on (dirac), the rest at random."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.dirac_(layer.weight.data[:inputs])
    return layer


def _norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with a short memory and no scale of its own."""
    norm = nn.BatchNorm2d(channels, momentum=NORM_MOMENTUM)
    norm.weight.requires_grad_(False)
    return norm


def _head(channels: int, classes: int) -> nn.Sequential:
    """The largest value of each channel to logits, small at first: of deviation 1 / channels.

    The scale makes the last layer learn as fast as airbench's at the learning rate of the biases.
    """
    factor = 1 / (4.5 * channels**0.5)
    output = nn.Linear(channels, classes, bias=False)
    output.weight.data.mul_(1 / (output.weight.data.std() * channels * factor))
    return named(
        pool=nn.AdaptiveMaxPool2d(1), flatten=nn.Flatten(), scale=Scale(factor), output=output
    )
