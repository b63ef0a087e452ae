"""The learned filters of a network's first convolution, as kernels of the explorer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.layers import convolutions
from retinue.models.normalise import Normalise
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.widgets.explorer_checks import LIMITS, checked
from retinue.wording import printable

MOST = 64  # filters, the strongest ones


@dataclass(frozen=True)
class Learned:
    """Filters of the first convolution: weights (n, C, rows, columns), biases (n,), by strength.

    `numbers` are those of the filters in the layer, which has `total`. `mean` and `std` (C,) are
    what the network subtracts from pixels 0 to 255, and divides by, before it; `settings` are the
    layer's stride, padding, padding_mode and dilation.
    """

    layer: str
    numbers: tuple[int, ...]
    total: int
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    settings: dict[str, Any]

    @property
    def channels(self) -> int:
        """Of the pictures that the network takes: 1 or 3."""
        return len(self.mean)

    def chosen(self, preset: str) -> dict[str, Any] | None:
        """The explorer's settings for `filter 5` and the like; None where there is no such."""
        names = [f"filter {number}" for number in self.numbers]
        if preset not in names:
            return None
        at = names.index(preset)
        return {
            "preset": preset,
            "kernel_size": list(self.weights.shape[2:]),
            "values": self.weights[at].tolist(),
            "bias": float(self.biases[at]),
            "normalised": True,
            "channels": "sum",
            **self.settings,
        }

    def as_dict(self) -> dict[str, Any]:
        """What the page needs."""
        count, layer = len(self.numbers), printable(self.layer, 80)
        some = f"{count} of {self.total}" if count < self.total else str(count)
        return {
            "title": f"{some} filters of {layer}, the strongest first",
            "channels": self.channels,
            "largest": float(np.abs(self.weights).max(initial=0.0)),
            "mean": list(self.mean),
            "std": list(self.std),
            "settings": self.settings,
            "filters": [
                {"number": number, "values": values.tolist(), "bias": float(bias)}
                for number, values, bias in zip(
                    self.numbers, self.weights, self.biases, strict=True
                )
            ],
        }


def learned_filters(source: Classifier | Run | nn.Module | str | Path) -> Learned:
    """The filters of a run's network, or of a classifier or module given.

    Filters are numbered from 0, as in `retinue.explaining.maps.filters`.

    Raises:
        UsageError: there is no such run, or its network does not begin with a convolution that the
            explorer can show.
    """
    model = _network(source)
    found = convolutions(model)
    if not found:
        raise UsageError("run: its network has no convolution, and so no filters to show")
    name, layer = next(iter(found.items()))
    _require_simple(name, layer)
    weights = layer.weight.detach().cpu().double().numpy()
    order = np.argsort(-np.abs(weights).sum(axis=(1, 2, 3)), kind="stable")[:MOST]
    biases = np.zeros(len(weights)) if layer.bias is None else layer.bias.detach().cpu().numpy()
    mean, std = _normalisation(model, weights.shape[1])
    return Learned(
        layer=name,
        numbers=tuple(order.tolist()),
        total=len(weights),
        weights=weights[order],
        biases=biases[order].astype(np.float64),
        mean=mean,
        std=std,
        settings=_settings(name, layer),
    )


def _network(source: Classifier | Run | nn.Module | str | Path) -> nn.Module:
    if isinstance(source, nn.Module):
        return source
    return source.model if isinstance(source, Classifier) else Classifier.load(source).model


def _require_simple(name: str, layer: nn.Conv2d) -> None:
    channels = layer.in_channels // layer.groups
    largest = max(layer.kernel_size)
    if layer.groups > 1 or channels not in (1, 3) or largest > LIMITS["kernel"]:
        raise UsageError(
            f"run: its first convolution, {printable(name)}, takes {layer.in_channels} channels in "
            f"{layer.groups} groups with a kernel of {largest}; the explorer shows those of 1 or 3 "
            f"channels and kernels up to {LIMITS['kernel']}"
        )


def _settings(name: str, layer: nn.Conv2d) -> dict[str, Any]:
    """How the layer moves its kernel, as the explorer has it."""
    values = {
        "stride": layer.stride,
        "padding": layer.padding,
        "padding_mode": layer.padding_mode,
        "dilation": layer.dilation,
    }
    try:
        return {key: checked(key, value) for key, value in values.items()}
    except UsageError as error:
        raise UsageError(f"run: its first convolution, {printable(name)}: {error}") from None


def _normalisation(model: nn.Module, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What the network does to pixels first; nothing where it is another's module."""
    for part in model.modules():
        if isinstance(part, Normalise) and part.mean.numel() == channels:
            return tuple(part.mean.flatten().tolist()), tuple(part.std.flatten().tolist())
    return (0.0,) * channels, (1.0,) * channels
