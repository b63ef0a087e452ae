"""Gradual unfreezing: the last layers of a pretrained network learn first, and fastest.

Howard and Ruder, "Universal language model fine-tuning", 2018, arXiv:1801.06146, section 3.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from retinue.models.heads import Head

PARTS = 3  # of the body, of equally many layers
SLOWER = 2.6  # each part learns so many times slower than the one after it
LATER = 0.15  # of the training, until the next part joins in


@dataclass(frozen=True)
class Part:
    """Layers of a network that learn together: from when on (0 to 1), and at what share of lr.

    `weights` are those of their own parameters that learn at all.
    """

    layers: tuple[nn.Module, ...]
    weights: tuple[nn.Parameter, ...]
    begins: float
    lr_scale: float


def parts_of(network: nn.Module, head: Head) -> list[Part]:
    """The head, then the body from its end to its beginning."""
    last = network.get_submodule(head.layer)
    layers = [layer for layer in network.modules() if _counts(layer)]
    body = [layer for layer in layers if layer is not last]
    bounds = [round(len(body) * number / PARTS) for number in range(PARTS + 1)]
    parts = [_part([last], 0.0, 1.0)]
    for number in range(PARTS):
        first, end = bounds[PARTS - number - 1], bounds[PARTS - number]
        parts.append(_part(body[first:end], number * LATER, SLOWER ** -(number + 1)))
    return [part for part in parts if part.layers]


class Unfreezing:
    """Holds still the parts of a network that do not learn yet, batch norm and dropout included.

    The statistics of batch norm stay those of the pretrained network to the end: few batches of few
    pictures give worse ones, and weights that learn by these fail by the ones that are kept.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts

    def __call__(self, progress: float) -> None:
        """Let those parts learn whose time has come; to be called after `model.train()`."""
        for part in self.parts:
            learns = progress >= part.begins
            for layer in part.layers:
                # Its own: layers within it may belong to other parts.
                layer.training = learns and not isinstance(layer, _BatchNorm)
            for weight in part.weights:
                weight.requires_grad_(learns)


def _part(layers: Sequence[nn.Module], begins: float, lr_scale: float) -> Part:
    weights = [weight for layer in layers for weight in layer.parameters(recurse=False)]
    learning = tuple(weight for weight in weights if weight.requires_grad)
    return Part(tuple(layers), learning, begins, lr_scale)


def _counts(layer: nn.Module) -> bool:
    """Whether a layer holds no others, or has tensors of its own."""
    own = [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
    return bool(own) or not list(layer.children())
