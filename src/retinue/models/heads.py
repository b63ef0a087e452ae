"""The last layer of a network, which transfer replaces, and what goes into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.models.catalogue import MODELS, build_network


@dataclass(frozen=True)
class Head:
    """The last layer by its name in the network, and the tensors that go with the classes.

    Those are its own, and of other layers where a network has more heads than one.
    """

    layer: str
    tensors: tuple[str, ...]


def head_of(
    network: nn.Module,
    name: str,
    classes: int,
    channels: int,
    size: tuple[int, int],
    arguments: Mapping[str, Any],
) -> Head:
    """The head of a network that was built under a name, by those arguments, for so many classes.

    Of Retinue's own networks it is `head.output`; of others' it is what changes its shape with the
    number of classes; of a user's own the last linear layer with an output a class.

    Raises:
        UsageError: there is no such layer.
    """
    if name in MODELS:
        layers = ["head.output"]
    elif ":" not in name:
        ours, larger = network.state_dict(), _shapes(name, classes + 1, channels, size, arguments)
        names = [key for key, tensor in ours.items() if larger[key] != tensor.shape]
        layers = [key.rpartition(".")[0] for key in names]
    else:
        layers = [
            key
            for key, part in network.named_modules()
            if isinstance(part, nn.Linear) and part.out_features == classes
        ][-1:]
    if not layers:
        raise UsageError(f"model {name}: has no linear layer at its end, which transfer replaces")
    tensors = [
        f"{layer}.{key}"
        for layer in dict.fromkeys(layers)
        for key in network.get_submodule(layer).state_dict()
    ]
    return Head(layers[-1], tuple(tensors))


def _shapes(
    name: str, classes: int, channels: int, size: tuple[int, int], arguments: Mapping[str, Any]
) -> dict[str, torch.Size]:
    """The shape of every tensor of a network, by name; where it can be had, without making them."""
    try:
        with torch.device("meta"):
            network = build_network(name, classes, channels, size, arguments)
    except (UsageError, RuntimeError):  # some look at numbers while they are made
        with torch.random.fork_rng():
            network = build_network(name, classes, channels, size, arguments)
    return {key: tensor.shape for key, tensor in network.state_dict().items()}


def linear_head(network: nn.Module, head: Head) -> nn.Linear:
    """The head as the linear layer that it is.

    Raises:
        UsageError: it is none.
    """
    layer = network.get_submodule(head.layer)
    if not isinstance(layer, nn.Linear):
        raise UsageError(
            f"its last layer, {head.layer}, is {type(layer).__name__} and not linear: "
            "use :finetune or :full"
        )
    if len(head.tensors) > len(layer.state_dict()):
        raise UsageError("it has more heads than one: use :finetune or :full")
    return layer


class Features(nn.Module):
    """A network up to its head: pictures in, what the last layer gets out, (N, D)."""

    def __init__(self, model: nn.Module, layer: nn.Linear) -> None:
        super().__init__()
        self.model, self.layer = model, layer

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, C, H, W), 0 to 255 -> (N, D).

        Raises:
            UsageError: the last layer gets something else than a vector a picture.
        """
        caught: list[Tensor] = []
        hook = self.layer.register_forward_pre_hook(lambda _, given: caught.append(given[0]))
        try:
            self.model(pictures)
        finally:
            hook.remove()
        if len(caught) != 1 or caught[0].ndim != 2:
            raise UsageError(
                "the last layer of this network works on more than a vector a picture: use "
                ":finetune or :full"
            )
        return caught[0]
