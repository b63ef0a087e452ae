"""What model.py says of each network of the catalogue: the template, and what goes into it."""

from collections.abc import Callable
from typing import Any

from torch import nn

from retinue.models.fast import NORM_MOMENTUM, WHITENING_EPSILON, fast
from retinue.models.resnet import resnet_small
from retinue.models.settings import checked
from retinue.models.weights import ModelCard
from retinue.reporting.project.cnn_values import cnn_values
from retinue.reporting.project.layers import layer_source, listed
from retinue.reporting.project.source_text import render

Values = dict[str, Any]
_HALVED_TO = 32  # pixels of the picture, a side, to one of EfficientNet-Lite0's last maps
ABOUT = {
    "softmax": "Softmax regression: one linear layer on the pixels.",
    "mlp": "A multilayer perceptron: hidden layers on the pixels.",
    "lenet": "LeNet-5 (LeCun et al. 1998), as it is commonly written today.",
    "keras-lesson": "The small convolutional network of a Keras lesson.",
    "cnn": "A convolutional network in stages, each at half the pixels of the one before.",
    "fast": "Whitening, wide blocks that halve the map, and the maximum of each channel.",
    "resnet-small": "A residual network for small pictures (He et al. 2015).",
    "efficientnet_lite0": "EfficientNet-Lite0 (Tan and Le 2019, arXiv:1905.11946; Liu 2020).",
}


def model_source(card: ModelCard, network: nn.Module) -> str:
    """model.py for the network of a card, of which `network` is one without its normalisation."""
    template, values = _NETWORKS[card.name](card, network)
    height, width = card.preprocess.size
    common = {
        "about": ABOUT[card.name],
        "mean": tuple(card.mean),
        "std": tuple(value if value > 0 else 1.0 for value in card.std),
        "channels": card.preprocess.channels,
        "height": height,
        "width": width,
        "classes": len(card.classes),
        "channels_last": any(isinstance(layer, nn.Conv2d) for layer in network.modules()),
    }
    return render(f"model/{template}.py.j2", {**common, **values})


def _plain(card: ModelCard, network: nn.Module) -> tuple[str, Values]:
    return "plain", {
        "features": listed(getattr(network, "features", nn.Sequential())),
        "head": listed(network.get_submodule("head")),
        "glorot": card.name == "keras-lesson",
    }


def _resnet(card: ModelCard, network: nn.Module) -> tuple[str, Values]:
    settings = checked(card.name, resnet_small, card.arguments)
    features = network.get_submodule("features")
    width, blocks = settings["width"], (settings["depth"] - 2) // 6
    before = [(name, layer) for name, layer in features.named_children() if "stage" not in name]
    stages = [
        (f"stage{number}", f"stage({inputs}, {outputs}, stride={stride})")
        for number, inputs, outputs, stride in (
            (1, width, width, 1),
            (2, width, 2 * width, 2),
            (3, 2 * width, 4 * width, 2),
        )
    ]
    return "resnet", {
        "blocks": blocks,
        "zero_init": settings["zero_init"],
        "features": [*((name, layer_source(layer)) for name, layer in before), *stages],
        "head": listed(network.get_submodule("head")),
        "init": 'nonlinearity="relu"',
    }


def _fast(card: ModelCard, network: nn.Module) -> tuple[str, Values]:
    features: Any = network.get_submodule("features")
    whiten = features.whiten
    blocks = [layer for name, layer in features.named_children() if name.startswith("block")]
    widths = [(layer.conv1.in_channels, layer.conv1.out_channels) for layer in blocks]
    return "fast", {
        "directions": whiten.out_channels // 2,
        "patch": whiten.kernel_size[0],
        "stride": whiten.stride[0],
        "epsilon": WHITENING_EPSILON,
        "momentum": NORM_MOMENTUM,
        "act": layer_source(features.act),
        "depth": checked(card.name, fast, card.arguments)["depth"],
        "widths": widths,
        "last": widths[-1][1],
    }


def _efficientnet(card: ModelCard, network: nn.Module) -> tuple[str, Values]:
    # Where every map has an even side before it is halved, all are padded alike.
    odd = any(side % _HALVED_TO for side in card.preprocess.size)
    return "efficientnet", {"head": listed(network.get_submodule("head")), "odd": odd}


def _cnn(card: ModelCard, network: nn.Module) -> tuple[str, Values]:
    return "cnn", cnn_values(card, network)


_NETWORKS: dict[str, Callable[[ModelCard, nn.Module], tuple[str, Values]]] = {
    "softmax": _plain,
    "mlp": _plain,
    "lenet": _plain,
    "keras-lesson": _plain,
    "cnn": _cnn,
    "fast": _fast,
    "resnet-small": _resnet,
    "efficientnet_lite0": _efficientnet,
}
NETWORKS = tuple(_NETWORKS)
