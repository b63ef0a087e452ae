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
from retinue.models.cnn import cnn
from retinue.models.fast import fast
from retinue.models.memory import channels_last_is_safe
from retinue.models.normalise import Normalise
from retinue.models.own import build_own
from retinue.models.resnet import resnet_small
from retinue.models.settings import checked, jsonable, suggestion
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
) -> nn.Sequential:
    """A network with its normalisation: pixels 0 to 255 in, logits (N, classes) out.

    Initial weights are drawn from torch's global generator, which the caller seeds.

    Args:
        name: one of `MODELS`, or `package.module:factory`, a function or class of the user's.
        classes: how many.
        channels: of the pictures.
        size: (height, width) of the pictures.
        arguments: settings of the network; the others keep their defaults.
        mean: of the training pictures' values, 0 to 255, one for each channel.
        std: their standard deviation, likewise.

    Raises:
        UsageError: an unknown name or setting, or a value that does not suit.
        ImpossibleNetworkError: a layer runs out of pixels.
    """
    if ":" in name:
        _refuse_transfer(name)
        network = build_own(
            name, classes=classes, channels=channels, size=size, arguments=arguments
        )
    else:
        settings = checked(name, _entry(name).factory, arguments)
        network = _entry(name).factory(classes, channels, size, **settings)
    return wrap(network, mean, std)


def wrap(module: nn.Module, mean: Sequence[float], std: Sequence[float]) -> nn.Sequential:
    """The module after its normalisation: parts `normalise` and `network`."""
    safe = channels_last_is_safe(module)
    order = torch.preserve_format if safe else torch.contiguous_format
    return nn.Sequential(OrderedDict(normalise=Normalise(mean, std, order), network=module))


def resolved_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a network, defaults filled in, as JSON has it; for the recipe.

    Of a user's own network only the settings given are known.
    """
    if ":" in name:
        _refuse_transfer(name)
        return dict(arguments)
    return jsonable(checked(name, _entry(name).factory, arguments))


def _entry(name: str) -> Entry:
    """The entry of that name."""
    if name not in MODELS:
        raise UsageError(
            f"there is no model '{name}'{suggestion(name, MODELS)} Models are: "
            f"{', '.join(MODELS)}, or your own as package.module:factory"
        )
    return MODELS[name]


def _refuse_transfer(name: str) -> None:
    """The words of transfer learning are reserved."""
    if name.rpartition(":")[2] in TRANSFER:
        raise UsageError(f"model {name}: transfer learning is not available in this version")
