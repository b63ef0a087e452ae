"""What several networks are made of: activations, initial weights, the residual sum, the head."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

Activation = Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "elu", "hardswish"]

# None works in place: a hook that keeps the layer's input would find it overwritten.
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "hardswish": nn.Hardswish,
}


def named(**layers: nn.Module) -> nn.Sequential:
    """The layers one after the other, under the names given."""
    return nn.Sequential(OrderedDict(layers))


class Residual(nn.Module):
    """`activation(body(x) + shortcut(x))`; He et al., "Deep residual learning", 2015, figure 2.

    Takes and returns feature maps (N, C, H, W); both branches must give the same shape.
    """

    def __init__(self, body: nn.Module, shortcut: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut
        self.activation = activation

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> the block's output, (N, C', H', W')."""
        total: Tensor = self.activation(self.body(maps) + self.shortcut(maps))
        return total


def every(stride: tuple[int, int]) -> nn.Module:
    """Every stride-th pixel from the first on: the only ones a strided 1x1 convolution looks at.

    It stands before a 1x1 convolution in place of that one's stride. oneDNN writes past its memory
    when it trains a strided 1x1 convolution of fewer than 16 channels in channels_last order: wrong
    gradients or a crash (github.com/uxlfoundation/oneDNN/issues/6035, open as of torch 2.14).
    """
    return nn.MaxPool2d(1, stride)


def projection(
    channels_in: int, channels_out: int, stride: tuple[int, int], batch_norm: bool = True
) -> nn.Module:
    """The shortcut of a residual block: nothing where the shape stays, else a 1x1 convolution.

    This is option B of He et al., 2015, section 4.1.
    """
    if channels_in == channels_out and stride == (1, 1):
        return nn.Identity()
    shortcut = nn.Sequential() if stride == (1, 1) else named(every=every(stride))
    shortcut.add_module("conv", nn.Conv2d(channels_in, channels_out, 1, bias=not batch_norm))
    if batch_norm:
        shortcut.add_module("norm", nn.BatchNorm2d(channels_out))
    return shortcut


def averaging_head(channels: int, classes: int, dropout: float) -> nn.Sequential:
    """Every channel's mean, then one linear layer: (N, channels, H, W) -> logits (N, classes).

    Lin, Chen and Yan, "Network in network", 2013, section 3.2.
    """
    head = named(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    if dropout:
        head.add_module("dropout", nn.Dropout(dropout))
    head.add_module("output", nn.Linear(channels, classes))
    return head


def initialise_convolutions(network: nn.Module, activation: Activation) -> None:
    """Kaiming initial weights and zero biases for every convolution (He et al., 2015).

    "Delving deep into rectifiers". The draws come from torch's global generator.
    """
    # torch knows no gain for the smooth relatives of ReLU; ReLU's own comes nearest.
    gain_of: Literal["relu", "leaky_relu", "tanh"] = (
        activation if activation in ("leaky_relu", "tanh") else "relu"
    )
    slope = 0.01 if activation == "leaky_relu" else 0.0
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, a=slope, nonlinearity=gain_of)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
