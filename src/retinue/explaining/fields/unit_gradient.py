"""How strongly one unit of a network depends on each pixel of a picture, measured."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.fields.layer_fields import as_numbers_of, found_by
from retinue.explaining.layers import outputs
from retinue.models.describe import evaluating
from retinue.wording import printable

Heat = NDArray[np.float64]  # (H, W)

SHARE = 0.95  # of the gradient, in what is called the effective field


def unit_gradient(model: nn.Module, batch: Tensor, layer: str, unit: tuple[int, ...]) -> Heat:
    """The gradient of one unit with respect to the picture: (H, W), none below 0.

    The unit is the sum of all channels at its place; the gradient is that by the pixels' values,
    0 to 255, and its absolute values are added up over the picture's channels. Neither the network
    nor any gradient kept in it is changed.

    Args:
        model: pixels in, as `Classifier.model`.
        batch: (1, C, H, W), one picture.
        layer: its name; `name:2` is a second run in a pass.
        unit: (row, column) of a map (C, H, W), or the number in a vector (F,) or of a token (T, D).

    Raises:
        UsageError: there is no such layer, or the gradient is no number.
    """
    base, watched, run = found_by(model, layer)
    pixels = as_numbers_of(model, batch).detach().clone().requires_grad_()
    with torch.enable_grad(), evaluating(model), outputs(model, {base: watched}) as found:
        model(pixels)
        gradient = _of_unit(found[run], unit, pixels)
    heat: Heat = gradient[0].abs().sum(dim=0).cpu().double().numpy()
    if not np.isfinite(heat).all():
        raise UsageError(
            f"--layer {printable(layer)}: its gradient for this picture is no number; the network "
            "computes something like 0 divided by 0"
        )
    return heat


def _of_unit(output: Tensor, unit: tuple[int, ...], pixels: Tensor) -> Tensor:
    """The gradient of a unit by the pixels; zero where it does not depend on them."""
    places = output[0].movedim(0, -1) if output.dim() == 4 else output[0]
    total = places[unit].sum()
    if not total.requires_grad:
        return torch.zeros_like(pixels)
    (gradient,) = torch.autograd.grad(total, pixels, allow_unused=True)
    return torch.zeros_like(pixels) if gradient is None else gradient
