"""A copy of a network in which every path from a pixel to a unit counts."""

import copy

import torch
from torch import nn

from retinue.explaining.layers import layers
from retinue.models.normalise import Normalise

_ACTIVATIONS = nn.ReLU.__module__  # where torch has all of its activations


def linearised(model: nn.Module) -> nn.Module:
    """A copy of a network whose gradients show receptive fields without holes.

    In a network as it is a pixel can be within a unit's field and yet have no gradient: activations
    are switched off, a max pooling looks away from all values but one, weights cancel. In the copy
    all weights are equal and positive and biases are zero, activations pass on what they get,
    average poolings stand in for max poolings, batch norms neither shift nor scale, and pixels are
    not normalised. So the gradient of a unit is the number of its paths to each pixel, each with
    the share that its filters give it, for every picture alike; Luo et al., 2016, section 2,
    "the simplest case". Its answers mean nothing.

    What a network calls as a function, as `torch.nn.functional.max_pool2d`, stays as it is, as do
    max poolings with gaps. Layers that look at the whole picture go on doing so. The copy computes
    in float64, where the corners of a deep network's field do not vanish, and in eval mode; layers
    have the names of the original.

    Raises:
        UsageError: the network is a graph, which shows no layers.
    """
    layers(model)
    twin = copy.deepcopy(model).double().eval()
    for parent in list(twin.modules()):
        for name, layer in parent.named_children():
            setattr(parent, name, _passing_on(layer))
    for layer in twin.modules():
        _even_out(layer)
    return twin


def _passing_on(layer: nn.Module) -> nn.Module:
    """What stands in for a layer: the layer itself where it is linear already."""
    match layer:
        case nn.MaxPool2d(dilation=1 | (1, 1)):
            return nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)
        case nn.AdaptiveMaxPool2d():
            return nn.AdaptiveAvgPool2d(layer.output_size)
        case Normalise():
            return nn.Identity()
        case nn.MultiheadAttention():
            return layer
    return nn.Identity() if type(layer).__module__ == _ACTIVATIONS else layer


@torch.no_grad()
def _even_out(layer: nn.Module) -> None:
    """Give a layer's own weights one positive value, filters adding up to 1, and biases 0."""
    for name, parameter in layer.named_parameters(recurse=False):
        share = 1 / parameter[0].numel() if parameter.dim() > 1 else 1.0
        nn.init.constant_(parameter, 0.0 if "bias" in name else share)
    if isinstance(layer, nn.modules.batchnorm._NormBase):
        layer.reset_running_stats()
