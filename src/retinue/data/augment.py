"""Augmentation: pure functions on a batch (N, C, H, W), each picture drawing its own.

Draws come from a generator on the CPU, for the whole batch at once, so that they are the same on
every device and for every number of workers.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812

# (images, size, which of them are mirrored or None, generator) -> images of `size`
Augment = Callable[[Tensor, tuple[int, int], Tensor | None, Generator], Tensor]


def none(
    images: Tensor, size: tuple[int, int], mirrored: Tensor | None, generator: Generator
) -> Tensor:
    """The centre of `size`, unchanged: what evaluation sees."""
    return _centre(images, size)


def light(
    images: Tensor, size: tuple[int, int], mirrored: Tensor | None, generator: Generator
) -> Tensor:
    """As `basic`, but moved by a sixteenth at most, and crops of at least 60 % of the area.

    For trainings of few epochs, in which no picture is seen often enough to be learnt by heart.
    """
    return _moved_or_cropped(images, size, mirrored, generator, 1 / 16, 0.6)


def basic(
    images: Tensor, size: tuple[int, int], mirrored: Tensor | None, generator: Generator
) -> Tensor:
    """Move or crop at random, and mirror the pictures that `mirrored` (N,) names.

    Pictures stored at the network's size are padded by an eighth and cropped; larger ones
    (photos) get a random resized crop of 35 to 100 % of the area.
    """
    return _moved_or_cropped(images, size, mirrored, generator, 1 / 8, 0.35)


def strong(
    images: Tensor, size: tuple[int, int], mirrored: Tensor | None, generator: Generator
) -> Tensor:
    """Crop, rotate, shear, mirror, change colours, and cut a square out."""
    small = tuple(images.shape[2:]) == size
    area = (0.6, 1.2) if small else (0.25, 1.0)
    images = warp(images, size, generator, area, aspect=4 / 3, degrees=15, shear=0.15)
    images = mirror(images, mirrored)
    return cutout(colours(images, generator), size[0] // 4, generator)


AUGMENTATIONS: dict[str, Augment] = {"none": none, "light": light, "basic": basic, "strong": strong}


def shift(images: Tensor, most: int, generator: Generator) -> Tensor:
    """Move each picture by up to `most` pixels in both directions.

    What comes in from outside is black for grey pictures (signs on a ground) and the mirrored
    edge for colour (photos).
    """
    draws = torch.randint(-most, most + 1, (2, len(images), 1), generator=generator)
    return _windows(images, draws, most) if images.is_cpu else _gathered(images, draws)


def mirror(images: Tensor, mirrored: Tensor | None) -> Tensor:
    """Mirror the pictures that `mirrored` (N,) names left to right."""
    if mirrored is None:
        return images
    chosen = mirrored.nonzero()[:, 0].to(images.device)
    result = images.clone()
    result[chosen] = images[chosen].flip(3)
    return result


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring a batch to another size, bilinearly and antialiased; of the same type and order."""
    if tuple(images.shape[2:]) == size:
        return images
    return F.interpolate(images, size, mode="bilinear", antialias=True)


def warp(
    images: Tensor,
    size: tuple[int, int],
    generator: Generator,
    area: tuple[float, float],
    aspect: float,
    degrees: float = 0.0,
    shear: float = 0.0,
) -> Tensor:
    """Cut a random part of each picture, `area` of its own, and bring it to `size` bilinearly.

    The part's aspect ratio is drawn between 1/aspect and aspect, it is turned by up to `degrees`
    and sheared; it stays inside where it is smaller than the picture. Returns float32.
    """
    count = len(images)
    draw = torch.rand(6, count, generator=generator)
    share = (area[0] + (area[1] - area[0]) * draw[0]).sqrt()
    ratio = torch.exp((2 * draw[1] - 1) * math.log(aspect) / 2)
    high, wide = share / ratio, share * ratio
    if area[1] <= 1:
        high, wide = high.clamp(max=1), wide.clamp(max=1)
    centre_y = (2 * draw[2] - 1) * (1 - high).abs()
    centre_x = (2 * draw[3] - 1) * (1 - wide).abs()
    angle = (2 * draw[4] - 1) * math.radians(degrees)
    slant = (2 * draw[5] - 1) * shear
    cos, sin = angle.cos(), angle.sin()
    # affine_grid maps output coordinates (-1 to 1) to input coordinates: scale, shear, turn, move.
    across = torch.stack([wide * cos, high * (slant * cos - sin), centre_x], dim=1)
    down = torch.stack([wide * sin, high * (slant * sin + cos), centre_y], dim=1)
    theta = torch.stack([across, down], dim=1).to(images.device)
    grid = F.affine_grid(theta, [count, images.shape[1], *size], align_corners=False)
    floats = images.float()
    mode = "zeros" if images.shape[1] == 1 else "reflection"
    warped: Tensor = F.grid_sample(
        floats, grid, mode="bilinear", padding_mode=mode, align_corners=False
    )
    return warped


def colours(images: Tensor, generator: Generator, strength: float = 0.4) -> Tensor:
    """Change brightness, contrast and (of colour pictures) saturation, each by up to `strength`."""
    factors = 1 + strength * (2 * torch.rand(3, len(images), 1, 1, 1, generator=generator) - 1)
    brightness, contrast, saturation = factors.to(images.device).unbind()
    images = images.float() * brightness
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * contrast
    grey = images.mean(dim=1, keepdim=True)
    return (grey + (images - grey) * saturation).clamp(0, 255)


def cutout(images: Tensor, side: int, generator: Generator) -> Tensor:
    """Paint a square of `side` pixels at a random place in the picture's mean colour.

    DeVries and Taylor 2017, arXiv:1708.04552.
    """
    count, _, height, width = images.shape
    draw = torch.rand(2, count, 1, generator=generator).to(images.device)
    top, left = (draw[0] * height - side / 2).round(), (draw[1] * width - side / 2).round()
    rows = torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device)
    inside = ((rows >= top) & (rows < top + side))[:, :, None]
    inside = inside & ((columns >= left) & (columns < left + side))[:, None, :]
    mean = images.float().mean(dim=(2, 3), keepdim=True).to(images.dtype)
    return torch.where(inside[:, None], mean, images)


def reflected(positions: Tensor, length: int) -> Tensor:
    """Fold positions outside 0..length-1 back inside, mirrored at the edge pixels."""
    last = length - 1
    if not last:
        return torch.zeros_like(positions)
    return last - (positions % (2 * last) - last).abs()


def _windows(images: Tensor, draws: Tensor, most: int) -> Tensor:
    """`_gathered` by NumPy, which copies whole rows: eight times as fast on a processor."""
    count, channels, height, width = images.shape
    mode: Literal["constant", "reflect"] = "constant" if channels == 1 else "reflect"
    border = (most, most)
    pixels = images.permute(0, 2, 3, 1).numpy()
    padded = np.pad(pixels, ((0, 0), border, border, (0, 0)), mode)
    windows = sliding_window_view(padded, (height, width), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    down, right = (draws[:, :, 0] + most).numpy()
    return torch.from_numpy(windows[np.arange(count), down, right]).permute(0, 3, 1, 2)


def _gathered(images: Tensor, draws: Tensor) -> Tensor:
    """Each picture from (down, right) of its own on, on any device; draws are (2, N, 1)."""
    count, channels, height, width = images.shape
    draws = draws.to(images.device)
    rows = torch.arange(height, device=images.device) + draws[0]
    columns = torch.arange(width, device=images.device) + draws[1]
    picture = torch.arange(count, device=images.device)[:, None, None]
    inside_rows, inside_columns = reflected(rows, height), reflected(columns, width)
    # Indexing NHWC copies whole pixels, and the result is channels_last like its source.
    moved = images.permute(0, 2, 3, 1)[picture, inside_rows[:, :, None], inside_columns[:, None, :]]
    if channels == 1:
        inside = (inside_rows == rows)[:, :, None] & (inside_columns == columns)[:, None, :]
        moved = moved * inside[..., None]
    return moved.permute(0, 3, 1, 2)


def _moved_or_cropped(
    images: Tensor,
    size: tuple[int, int],
    mirrored: Tensor | None,
    generator: Generator,
    most: float,
    least_area: float,
) -> Tensor:
    if tuple(images.shape[2:]) == size:
        images = shift(images, max(1, round(size[0] * most)), generator)
    else:
        images = warp(images, size, generator, area=(least_area, 1.0), aspect=4 / 3)
    return mirror(images, mirrored)


def _centre(images: Tensor, size: tuple[int, int]) -> Tensor:
    top, left = (images.shape[2] - size[0]) // 2, (images.shape[3] - size[1]) // 2
    return images[:, :, top : top + size[0], left : left + size[1]]
