"""EfficientNet-Lite0: a network for photos that a small machine can bear.

Tan and Le, "EfficientNet", 2019, arXiv:1905.11946, as simplified by Liu, "Higher accuracy on vision
models with EfficientNet-Lite", 2020: no squeeze-and-excitation, ReLU6, stem and head of fixed size.
"""

import torch
from torch import Tensor, nn

from retinue.models.blocks import named
from retinue.models.settings import Fraction

NORM = {"eps": 1e-3, "momentum": 0.01}
# Of each stage: blocks, kernel, stride of the first block, how much wider inside, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, LAST = 32, 1280


def efficientnet_lite0(
    classes: int, channels: int, size: tuple[int, int], *, dropout: Fraction = 0.2
) -> nn.Module:
    """EfficientNet-Lite0: 4.6 million weights, made for 224 x 224 pixels.

    Takes (N, channels, height, width); returns logits (N, classes). Its tensors stand in the order
    of timm's `tf_efficientnet_lite0`.
    """
    features = named(stem=_convolution(channels, STEM, 3, 2), act=nn.ReLU6())
    inputs = STEM
    for stage, (blocks, kernel, stride, widening, outputs) in enumerate(STAGES, 1):
        for number in range(blocks):
            step = stride if number == 0 else 1
            block = InvertedResidual(inputs, outputs, kernel, step, widening)
            features.add_module(f"stage{stage}_block{number + 1}", block)
            inputs = outputs
    features.add_module("last", _convolution(inputs, LAST, 1))
    features.add_module("last_act", nn.ReLU6())
    head = named(
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        dropout=nn.Dropout(dropout),
        output=nn.Linear(LAST, classes),
    )
    _initialise(features)
    return named(features=features, head=head)


class SamePadding(nn.Module):
    """Zeros around maps, so that a strided convolution gives ceil(side / stride) pixels a side.

    As TensorFlow pads: where the sum is odd, one more on the right and below.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H', W')."""
        high, wide = (
            max(0, (-(-side // self.stride) - 1) * self.stride + self.kernel - side)
            for side in maps.shape[2:]
        )
        sides = (wide // 2, wide - wide // 2, high // 2, high - high // 2)
        return nn.functional.pad(maps, sides)


class InvertedResidual(nn.Module):
    """Wider by a 1x1 convolution, filtered channel by channel, and narrow again.

    Sandler et al., "MobileNetV2", 2018, arXiv:1801.04381, figure 3. Its input is added where shape
    allows. (N, C, H, W) -> (N, C', H / stride, W / stride).
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, widening: int) -> None:
        super().__init__()
        inner = inputs * widening
        self.body = nn.Sequential()
        if widening > 1:
            self.body.add_module("widen", _convolution(inputs, inner, 1))
            self.body.add_module("act1", nn.ReLU6())
        self.body.add_module("filter", _convolution(inner, inner, kernel, stride, groups=inner))
        self.body.add_module("act2", nn.ReLU6())
        self.body.add_module("narrow", _convolution(inner, outputs, 1))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W')."""
        found: Tensor = self.body(maps)
        return found + maps if self.adds else found


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """A convolution without bias, and its batch norm."""
    layers = named(pad=SamePadding(kernel, stride)) if stride > 1 else nn.Sequential()
    padding = kernel // 2 if stride == 1 else 0
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
    layers.add_module("conv", conv)
    layers.add_module("norm", nn.BatchNorm2d(outputs, eps=NORM["eps"], momentum=NORM["momentum"]))
    return layers


@torch.no_grad()
def _initialise(features: nn.Module) -> None:
    """Kaiming initial weights by what goes out of a filter (He et al. 2015)."""
    for layer in features.modules():
        if isinstance(layer, nn.Conv2d):
            fan = layer.kernel_size[0] * layer.kernel_size[1] * layer.out_channels // layer.groups
            nn.init.normal_(layer.weight, 0.0, (2 / fan) ** 0.5)
