"""What a network's last linear layer gets: the numbers that it tells the classes apart by."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from retinue.data.cache import Progress
from retinue.data.imagedata import Split
from retinue.errors import UsageError
from retinue.explaining.layers import inputs, layers
from retinue.images import Pixels
from retinue.models.describe import evaluating
from retinue.prediction.classifier import Classifier
from retinue.prediction.views import VIEWS

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Penultimate:
    """Features (N, D) of pictures, the input of the layer of that name, and the logits (N, K).

    Of a classifier with several views both are averaged over them, with the same weights.
    """

    layer: str
    features: Floats
    logits: NDArray[np.float64]


def penultimate(
    classifier: Classifier, pictures: Pixels | Split, progress: Progress | None = None
) -> Penultimate:
    """Send pictures through the network, once, and keep what its last linear layer gets.

    Args:
        classifier: any whose network ends in a linear layer.
        pictures: (N, H, W, C) uint8, stored or of the network's size, or a split.
        progress: is told how far it is.

    Raises:
        UsageError: the network has no such layer, or it gets more than a vector a picture.
    """
    model, rules = classifier.model, classifier.preprocess
    name, layer = last_linear(model, rules.channels, rules.size, len(classifier.classes))
    parts: list[Floats] = []
    with evaluating(model), inputs(model, {name: layer}) as given:
        hook = model.register_forward_hook(
            lambda *_: parts.append(given[name].float().cpu().numpy())
        )
        try:
            logits = classifier.logits(pictures, progress)
        finally:
            hook.remove()
    return Penultimate(name, _averaged(parts, classifier, layer.in_features), logits)


def last_linear(
    model: nn.Module, channels: int, size: tuple[int, int], classes: int
) -> tuple[str, nn.Linear]:
    """The linear layer with an output a class that runs last, by its name; found by one picture.

    Raises:
        UsageError: there is none, it gets more than a vector a picture, or the network is a graph.
    """
    linear = {
        name: layer
        for name, layer in layers(model).items()
        if isinstance(layer, nn.Linear) and layer.out_features == classes
    }
    device = next((tensor.device for tensor in model.parameters()), torch.device("cpu"))
    with torch.no_grad(), evaluating(model), inputs(model, linear) as given:
        model(torch.zeros(1, channels, *size, device=device))
        shapes = {run: tensor.shape for run, tensor in given.items()}
    if not shapes:
        raise UsageError(
            f"the network has no linear layer with an output for each of its {classes} classes, "
            "whose input could be shown"
        )
    run, shape = list(shapes.items())[-1]
    if run not in linear or len(shape) != 2:  # a second run has a name of its own
        raise UsageError(
            f"layer {run.partition(':')[0]} gets more than one vector a picture, so that there is "
            "none to show"
        )
    return run, linear[run]


def _averaged(parts: list[Floats], classifier: Classifier, width: int) -> Floats:
    """Features (N, D) of all batches, of each of which the views come one after the other."""
    rules = classifier.preprocess
    picture = torch.zeros(1, rules.channels, *rules.size)
    weights = [weight for weight, _ in VIEWS[classifier.views](picture)]
    averages = [
        np.average(np.stack(parts[at : at + len(weights)]), axis=0, weights=weights)
        for at in range(0, len(parts), len(weights))
    ]
    features = np.concatenate(averages) if averages else np.zeros((0, width))
    return features.astype(np.float32)
