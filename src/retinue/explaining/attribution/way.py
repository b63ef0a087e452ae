"""How a map of what speaks for a class is made: the method, and its settings."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.attribution.layer import MapLayer, map_layer
from retinue.explaining.attribution.methods import (
    Baseline,
    baseline_of,
    grad_cam,
    integrated_gradients,
    occlusion,
    usual_baseline,
)
from retinue.explaining.layers import find_layer, out_of_place
from retinue.models.describe import evaluating
from retinue.models.graph import GraphNetwork
from retinue.models.settings import suggestion
from retinue.models.shapes import times

Method = Literal["grad-cam", "integrated-gradients", "occlusion"]
Pair = tuple[int, int]

METHODS: dict[Method, str] = {
    "grad-cam": "Grad-CAM",
    "integrated-gradients": "Integrated gradients",
    "occlusion": "Occlusion",
}
STEPS = 50
_BASELINES = {"mean": "the network's mean colour", "black": "black"}


@dataclass(frozen=True)
class Way:
    """A method with those of the settings that it has; the others are None.

    `window` and `stride` are (rows, columns) in pixels.
    """

    method: Method
    layer: MapLayer | None = None
    baseline: Baseline | None = None
    steps: int | None = None
    window: Pair | None = None
    stride: Pair | None = None

    @property
    def signed(self) -> bool:
        """Whether the map also has what speaks against the class, below zero."""
        return self.method != "grad-cam"

    def sentence(self) -> str:
        """How to read the map."""
        name, against = METHODS[self.method], _BASELINES[self.baseline or "mean"]
        if self.layer:
            channels, height, width = self.layer.shape
            return (
                f"{name} of {self.layer.name}: its {channels} maps of {height} x {width} added up, "
                "each by how much it raises the answer."
            )
        if self.steps:
            return (
                f"{name}: what each pixel adds to the answer on the way from {against} to the "
                f"picture, in {self.steps} steps."
            )
        return (
            f"{name}: how far the answer falls where a window of {times(self.window or 1)} pixels "
            f"is covered with {against}."
        )

    def heat(self, model: nn.Module, pixels: Tensor, target: int) -> Tensor:
        """The map (H, W) of a class's logit; above zero is what speaks for the class.

        Args:
            model: takes (N, C, H, W) from 0 to 255; is afterwards as before.
            pixels: (1, C, H, W) float from 0 to 255.
            target: the number of the class.
        """
        with torch.inference_mode(False), evaluating(model), out_of_place(model):
            if self.layer:
                return grad_cam(model, pixels, target, find_layer(model, self.layer.name))
            baseline = baseline_of(model, pixels, self.baseline or "mean")
            if self.window and self.stride:
                return occlusion(model, pixels, target, baseline, self.window, self.stride)
            return integrated_gradients(model, pixels, target, baseline, self.steps or STEPS)


def way_of(
    model: nn.Module,
    pixels: Tensor,
    method: str,
    *,
    layer: str | None = None,
    baseline: str | None = None,
    steps: int = STEPS,
    window: Pair | None = None,
    stride: Pair | None = None,
) -> Way:
    """The method with its settings, those left out chosen for this network and picture.

    The baseline is the mean colour where the network knows it, else black. A window has a fifth of
    the picture's shorter side and moves by half of its own.

    Raises:
        UsageError: there is no such method, or a setting does not suit it, network or picture.
    """
    if method not in METHODS:
        raise UsageError(
            f"method '{method}': there is no such{suggestion(method, METHODS)} Methods are: "
            f"{', '.join(METHODS)}"
        )
    if layer is not None and method != "grad-cam":
        raise UsageError(f"--layer {layer}: only grad-cam looks at one layer, not {method}")
    start = baseline or usual_baseline(model)
    if start not in get_args(Baseline):
        raise UsageError(f"baseline '{baseline}': is mean or black")
    if method == "grad-cam":
        with evaluating(model):
            return Way("grad-cam", map_layer(model, pixels, layer))
    if method == "occlusion":
        window, stride = _windows((pixels.shape[2], pixels.shape[3]), window, stride)
        return Way("occlusion", baseline=cast(Baseline, start), window=window, stride=stride)
    _check_path(model, steps)
    return Way("integrated-gradients", baseline=cast(Baseline, start), steps=steps)


def is_graph(model: nn.Module) -> bool:
    """Whether it can only be run: it has neither gradients nor weights to draw anew."""
    return any(isinstance(part, GraphNetwork) for part in model.modules())


def _check_path(model: nn.Module, steps: int) -> None:
    """Refuse what integrated gradients cannot do."""
    if is_graph(model):
        raise UsageError(
            "integrated-gradients: this network is stored as a graph, which gives no gradients; "
            "use occlusion, or give its code with --model package.module:factory"
        )
    if steps < 1:
        raise UsageError(f"steps {steps}: is a whole number above 0")


def _windows(size: Pair, window: Pair | None, stride: Pair | None) -> tuple[Pair, Pair]:
    """Window and stride for a picture of that size; those given are checked."""
    side = max(1, round(min(size) / 5))
    window = window or (side, side)
    stride = stride or (max(1, window[0] // 2), max(1, window[1] // 2))
    if not all(1 <= part <= whole for part, whole in zip(window, size, strict=True)):
        raise UsageError(f"window {times(window)}: does not lie in a picture of {times(size)}")
    if not all(1 <= step <= part for step, part in zip(stride, window, strict=True)):
        raise UsageError(
            f"stride {times(stride)}: is from 1 to the window's {times(window)}, or pixels are "
            "left out"
        )
    return window, stride
