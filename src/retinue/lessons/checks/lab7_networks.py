"""Lab 7: networks as Keras lists them, drawn by chance, and what they make of pictures."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

Layer = dict[str, Any]
Case = tuple[list[Layer], tuple[int, int, int]]


def cases(count: int = 6) -> Iterator[Case]:
    """Lists of layers with the shape (height, width, channels) of a picture, height unlike width.

    The first has every kind of layer and both kinds of padding.
    """
    draw = np.random.default_rng(0)
    for number in range(count):
        shape = (int(draw.integers(14, 20)), int(draw.integers(21, 26)), int(draw.integers(2, 5)))
        layers: list[Layer] = []
        for padding in ("same", "valid") if number == 0 else draw.permutation(["same", "valid"]):
            layers.append(
                {
                    "layer": "Conv2D",
                    "filters": int(draw.integers(5, 10)),
                    "kernel_size": int(draw.choice([3, 5])),
                    "padding": str(padding),
                    "activation": "relu",
                }
            )
            layers.append({"layer": "MaxPooling2D", "pool_size": 2})
        layers.append({"layer": "Flatten"})
        if number % 2 == 0:
            layers.append({"layer": "Dropout", "rate": 0.2})
        hidden, classes = int(draw.integers(11, 20)), int(draw.integers(3, 9))
        layers.append({"layer": "Dense", "units": hidden, "activation": "relu"})
        layers.append({"layer": "Dense", "units": classes, "activation": "softmax"})
        yield layers, shape


def through(
    layers: Sequence[Layer],
    maps: Tensor,
    weights: Iterator[tuple[Tensor, Tensor | None]],
    *,
    activate: bool = True,
    channels_last: bool = False,
) -> Tensor:
    """What pictures (N, C, H, W) become, without the softmax: logits (N, K).

    Raises:
        RuntimeError: weights that do not fit.
    """
    for layer in layers:
        match layer["layer"]:
            case "Conv2D":
                weight, bias = next(weights)
                around = (weight.shape[-1] // 2,) * 4 if layer["padding"] == "same" else (0,) * 4
                maps = functional.conv2d(functional.pad(maps, around), weight, bias)
            case "MaxPooling2D":
                maps = functional.max_pool2d(maps, layer["pool_size"])
            case "Flatten":
                maps = (maps.permute(0, 2, 3, 1) if channels_last else maps).flatten(1)
            case "Dense":
                maps = functional.linear(maps, *next(weights))
        if layer.get("activation") == "relu" and activate:
            maps = maps.relu()
    return maps


def counts(
    layers: Sequence[Layer],
    shape: tuple[int, int, int],
    *,
    bias: bool = True,
    one_channel: bool = False,
    flat_kernel: bool = False,
    channels_only: bool = False,
) -> list[int]:
    """How many parameters torch's layers have; the settings make known mistakes."""
    found = []
    maps = torch.zeros(1, shape[2], *shape[:2])
    for layer in layers:
        count = 0
        if layer["layer"] == "Conv2D":
            filters, kernel = layer["filters"], layer["kernel_size"]
            taken = 1 if one_channel else maps.shape[1]
            kind = nn.Conv1d if flat_kernel else nn.Conv2d
            count = _count(kind(taken, filters, kernel, bias=bias))
            maps = functional.conv2d(
                maps, torch.zeros(filters, maps.shape[1], kernel, kernel), padding=layer["padding"]
            )
        elif layer["layer"] == "MaxPooling2D":
            maps = functional.max_pool2d(maps, layer["pool_size"])
        elif layer["layer"] == "Flatten":
            maps = maps[:, :, 0, 0] if channels_only else maps.flatten(1)
        elif layer["layer"] == "Dense":
            count = _count(nn.Linear(maps.shape[1], layer["units"], bias=bias))
            maps = torch.zeros(1, layer["units"])
        found.append(count)
    return found


def weights_of(network: nn.Module) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Weights and biases of convolutions and linear layers, in their order."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            yield layer.weight, layer.bias


def _count(layer: nn.Module) -> int:
    return sum(one.numel() for one in layer.parameters())
