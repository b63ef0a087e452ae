"""Views: a picture as it is shown to a finished network, whose logits are averaged over them.

Each function takes pictures (N, C, H, W), uint8 or float, and gives (weight, view) of every view,
of the same shape; the weights sum to 1. Weights and views are those of airbench (Jordan 2024,
arXiv:2404.00498), whose pictures are of 32 x 32 pixels.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from retinue.data.augment import reflected

Views = list[tuple[float, Tensor]]


def one(images: Tensor) -> Views:
    """The pictures as they are."""
    return [(1.0, images)]


def flip(images: Tensor) -> Views:
    """The pictures and their mirror images, alike."""
    return [(0.5, images), (0.5, images.flip(3))]


def shift(images: Tensor) -> Views:
    """The pictures by a half, and by a quarter each moved up and left, and down and right.

    They move by a pixel where the shorter side has up to 64, else by round(side / 32). What comes
    in from outside is the mirrored edge.
    """
    side = min(images.shape[2:])
    step = 1 if side <= 64 else round(side / 32)
    return [(0.5, images), (0.25, _moved(images, -step)), (0.25, _moved(images, step))]


def flip_shift(images: Tensor) -> Views:
    """The three views of `shift`, each with its mirror image."""
    return [
        (moved_weight * weight, view)
        for moved_weight, moved in shift(images)
        for weight, view in flip(moved)
    ]


VIEWS: dict[str, Callable[[Tensor], Views]] = {
    "one": one,
    "flip": flip,
    "shift": shift,
    "flip-shift": flip_shift,
}


def average(model: nn.Module, images: Tensor, views: str) -> Tensor:
    """Logits (N, K), float64, of pictures (N, C, H, W), averaged over the views of that name."""
    parts = [weight * model(view).double() for weight, view in VIEWS[views](images)]
    return torch.stack(parts).sum(0)


def _moved(images: Tensor, step: int) -> Tensor:
    """Pictures whose content moved by `step` rows and columns, down and right above 0."""
    rows, columns = (
        reflected(torch.arange(length, device=images.device) - step, length)
        for length in images.shape[2:]
    )
    # Indexing NHWC copies whole pixels, and the result is channels_last like its source.
    return images.permute(0, 2, 3, 1)[:, rows[:, None], columns].permute(0, 3, 1, 2)
