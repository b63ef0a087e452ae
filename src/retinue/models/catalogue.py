"""The networks by name.

Every factory takes `(classes, channels, size, *, settings...)` and returns a network from pixels
already normalised, (N, channels, height, width) float, to logits (N, classes). Its last layer is
`head.output`.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from retinue.errors import UsageError
from retinue.models.backbones import CERTIFIED, Backbone, backbone, build_backbone
from retinue.models.cnn import cnn
from retinue.models.efficientnet_lite import efficientnet_lite0
from retinue.models.fast import fast
from retinue.models.memory import channels_last_is_safe
from retinue.models.normalise import Normalise
from retinue.models.own import build_own
from retinue.models.resnet import resnet_small
from retinue.models.settings import checked, jsonable, suggestion
from retinue.models.shuffle import ShufflePixels, shuffle_of
from retinue.models.small import keras_lesson, lenet, mlp, softmax

TRANSFER = ("linear", "finetune", "full")


@dataclass(frozen=True)
class Entry:
    """A network of the catalogue: what makes it, and what it is in one line."""

    factory: Callable[..., nn.Module]
    summary: str


MODELS: dict[str, Entry] = {
    "softmax": Entry(softmax, "softmax regression: one linear layer on the pixels"),
    "mlp": Entry(mlp, "multilayer perceptron: hidden layers on the pixels"),
    "lenet": Entry(lenet, "LeNet-5 of 1998: two convolutions, three linear layers"),
    "keras-lesson": Entry(keras_lesson, "the small convolutional network of a Keras lesson"),
    "cnn": Entry(cnn, "convolutional network in stages; depth, width and all else can be set"),
    "fast": Entry(fast, "whitening, wide blocks, maxima: trained quickest on a plain processor"),
    "resnet-small": Entry(resnet_small, "residual network for small pictures (ResNet-20 and kin)"),
    "efficientnet_lite0": Entry(efficientnet_lite0, "for photos, with ImageNet weights at hand"),
}


def build(
    name: str,
    *,
    classes: int,
    channels: int,
    size: tuple[int, int],
    arguments: Mapping[str, Any],
    mean: Sequence[float],
    std: Sequence[float],
    shuffle_pixels: int | None = None,
) -> nn.Sequential:
    """A network with its normalisation: pixels 0 to 255 in, logits (N, classes) out.

    Initial weights are drawn from torch's global generator, which the caller seeds.

    Args:
        name: one of `MODELS`, a backbone of torchvision, `timm/NAME`, or `package.module:factory`,
            a function or class of the user's.
        classes: how many.
        channels: of the pictures.
        size: (height, width) of the pictures.
        arguments: settings of the network; the others keep their defaults.
        mean: of the training pictures' values, 0 to 255, one for each channel.
        std: their standard deviation, likewise.
        shuffle_pixels: seed of an order into which pixels are put first; None leaves them.

    Raises:
        UsageError: an unknown name or setting, or a value that does not suit.
        ImpossibleNetworkError: a layer runs out of pixels.
    """
    network = build_network(name, classes, channels, size, arguments)
    return wrap(network, mean, std, shuffle=shuffle_of(shuffle_pixels, size))


def build_network(
    name: str, classes: int, channels: int, size: tuple[int, int], arguments: Mapping[str, Any]
) -> nn.Module:
    """The network without its normalisation; parameters and errors as those of `build`."""
    if ":" in name:
        return build_own(name, classes=classes, channels=channels, size=size, arguments=arguments)
    if name in MODELS:
        settings = checked(name, MODELS[name].factory, arguments)
        return MODELS[name].factory(classes, channels, size, **settings)
    found = _backbone(name)
    if channels != 3:
        raise UsageError(f"model {name}: takes pictures of three channels; give --channels 3")
    return build_backbone(found, classes, arguments)


def wrap(
    module: nn.Module,
    mean: Sequence[float],
    std: Sequence[float],
    as_torch: bool = False,
    shuffle: ShufflePixels | None = None,
) -> nn.Sequential:
    """The module after its normalisation: parts `normalise`, `shuffle` if given, and `network`.

    `as_torch` gives it pictures in the order in memory that torch makes by itself, which code from
    elsewhere may count on, as `view` does.
    """
    safe = channels_last_is_safe(module) and not as_torch
    order = torch.preserve_format if safe else torch.contiguous_format
    parts: OrderedDict[str, nn.Module] = OrderedDict(normalise=Normalise(mean, std, order))
    if shuffle is not None:
        parts["shuffle"] = shuffle
    parts["network"] = module
    return nn.Sequential(parts)


def split_way(name: str) -> tuple[str, str]:
    """`resnet18:linear` is the network resnet18, and the way of transfer; that may be empty."""
    network, _, way = name.rpartition(":")
    return (network, way) if way in TRANSFER and network else (name, "")


def is_known(name: str) -> bool:
    """Whether the network of that name can be built without a user's code."""
    return name in MODELS or (":" not in name and backbone(name) is not None)


def resolved_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a network, defaults filled in, as JSON has it; for the recipe.

    Of a user's own network, and of others' backbones, only the settings given are known.
    """
    if ":" in name:
        return dict(arguments)
    if name in MODELS:
        return jsonable(checked(name, MODELS[name].factory, arguments))
    _backbone(name)
    return dict(arguments)


def _backbone(name: str) -> Backbone:
    """The backbone of that name."""
    found = backbone(name)
    if found is None:
        raise UsageError(
            f"there is no model '{name}'{suggestion(name, [*MODELS, *CERTIFIED])} Models are: "
            f"{', '.join(MODELS)}, torchvision's ({', '.join(CERTIFIED)}, ...), timm/NAME, or your "
            "own as package.module:factory"
        )
    return found
