"""Three ways to a map of what speaks for a class, as captum computes them."""

from typing import Literal

import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.models.normalise import Normalise

Baseline = Literal["mean", "black"]

AT_ONCE = 2**18  # pixels of pictures that go through a network together


def grad_cam(model: nn.Module, pixels: Tensor, target: int, layer: nn.Module) -> Tensor:
    """Grad-CAM (H, W), nowhere below zero; Selvaraju et al. 2017, equations 1 and 2.

    The layer's maps, each weighted by the mean of its gradient, are added up and what is below zero
    is cut; then they are enlarged to the picture (bilinear, corners not aligned).

    Args:
        model: takes (N, C, H, W) from 0 to 255; without layers that work in place.
        pixels: (1, C, H, W) float from 0 to 255.
        target: the number of the class whose logit is explained.
        layer: gives maps; one that runs several times counts by its last run.
    """
    from captum.attr import LayerGradCam

    method = LayerGradCam(model, layer)
    asking = pixels.detach().clone().requires_grad_()
    maps: Tensor = method.attribute(asking, target=target, relu_attributions=True)
    sides = list(pixels.shape[2:])
    enlarged = nn.functional.interpolate(maps, sides, mode="bilinear", align_corners=False)
    return enlarged.detach()[0, 0]


def integrated_gradients(
    model: nn.Module, pixels: Tensor, target: int, baseline: Tensor, steps: int
) -> Tensor:
    """Integrated gradients, added up over the channels, (H, W); Sundararajan et al. 2017.

    Their sum is the difference of the logits of picture and baseline, but for the error of the
    integral, which is taken at the `steps` places of Gauss and Legendre. Other arguments
    are those of `grad_cam`; `baseline` has the shape of `pixels`.
    """
    from captum.attr import IntegratedGradients

    found: Tensor = IntegratedGradients(model).attribute(
        pixels,
        baselines=baseline,
        target=target,
        n_steps=steps,
        internal_batch_size=_at_once(pixels),
    )
    return found.detach()[0].sum(0)


def occlusion(
    model: nn.Module,
    pixels: Tensor,
    target: int,
    baseline: Tensor,
    window: tuple[int, int],
    stride: tuple[int, int],
) -> Tensor:
    """How far the logit falls where a window covers the picture, (H, W); Zeiler and Fergus 2014.

    A pixel has the mean of the windows that covered it; at the right and lower edge a window may be
    cut off. Other arguments are those of `integrated_gradients`; `window` and `stride`
    are (rows, columns).
    """
    from captum.attr import Occlusion

    channels = pixels.shape[1]
    found: Tensor = Occlusion(model).attribute(
        pixels,
        sliding_window_shapes=(channels, *window),
        strides=(channels, *stride),
        baselines=baseline,
        target=target,
        perturbations_per_eval=_at_once(pixels),
    )
    return found.detach()[0].mean(0)


def baseline_of(model: nn.Module, pixels: Tensor, kind: Baseline) -> Tensor:
    """The picture that says nothing, of the shape of `pixels`.

    `mean` is the colour that the network's normalisation makes zero: the mean of the pictures that
    it, or its backbone, was trained on.

    Raises:
        UsageError: the network has no normalisation that knows the mean.
    """
    if kind == "black":
        return torch.zeros_like(pixels)
    mean = _mean(model)
    if mean is None:
        raise UsageError("baseline mean: this network does not know it; use baseline black")
    return mean.expand_as(pixels).to(pixels).clone()


def usual_baseline(model: nn.Module) -> Baseline:
    """`mean` where the network knows it, else `black`."""
    return "black" if _mean(model) is None else "mean"


def _mean(model: nn.Module) -> Tensor | None:
    """The mean colour (1, C, 1, 1) that the normalisation takes away."""
    return next((part.mean for part in model.modules() if isinstance(part, Normalise)), None)


def _at_once(pixels: Tensor) -> int:
    """How many pictures of that size go through the network together."""
    return max(1, AT_ONCE // (pixels.shape[2] * pixels.shape[3]))
