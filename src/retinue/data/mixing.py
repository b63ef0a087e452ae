"""Mixing: each picture of a batch with another one, and their labels in the same shares.

Draws come from a generator on the CPU, as in `retinue.data.augment`, each picture drawing its own.
"""

from collections.abc import Callable

import torch
from scipy.special import betaincinv
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812

Mix = Callable[[Tensor, Tensor, int, float, Generator], tuple[Tensor, Tensor]]


def mix(
    images: Tensor,
    labels: Tensor,
    classes: int,
    mixup: float,
    cutmix: float,
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """Mix a batch by `blend` or `paste`, whose alphas are `mixup` and `cutmix`; 0 is off.

    Where both are on, the batch takes one of the two, drawn fairly. Where both are off, pictures
    and labels (N,) are given back as they are, and nothing is drawn.
    """
    ways: list[tuple[Mix, float]] = [(blend, mixup), (paste, cutmix)]
    ways = [(way, alpha) for way, alpha in ways if alpha]
    if not ways:
        return images, labels
    way, alpha = ways[int(torch.randint(len(ways), (), generator=generator))]
    return way(images, labels, classes, alpha, generator)


def blend(
    images: Tensor, labels: Tensor, classes: int, alpha: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Mixup: lay a partner over each picture.

    Takes pictures (N, C, H, W), uint8 or float, and labels (N,). The picture's share comes from
    Beta(alpha, alpha). Returns float32 pictures and soft labels (N, classes), float32.
    Zhang et al. 2018, arXiv:1710.09412; their code draws one share for a whole batch.
    """
    share = shares(len(images), alpha, generator).to(images.device)
    blended = torch.lerp(_partners(images).float(), images.float(), share[:, None, None, None])
    return blended, soften(labels, classes, share)


def paste(
    images: Tensor, labels: Tensor, classes: int, alpha: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """CutMix: paste a rectangle of a partner into each picture, at the partner's own place.

    Takes and returns what `blend` does, but pictures keep their type. The rectangle has the
    picture's aspect and a centre anywhere, and may be cut by the edge; the labels go by the area
    that was really pasted. Yun et al. 2019, arXiv:1905.04899; their code draws one rectangle for
    a whole batch.
    """
    count, _, height, width = images.shape
    side = (1 - shares(count, alpha, generator)).sqrt()
    centre = torch.rand(2, count, generator=generator)
    rows, columns = _between(centre[0], side, height), _between(centre[1], side, width)
    inside = (rows[:, :, None] & columns[:, None, :]).to(images.device)
    pasted = torch.where(inside[:, None], _partners(images), images)
    return pasted, soften(labels, classes, 1 - inside.float().mean(dim=(1, 2)))


def shares(count: int, alpha: float, generator: Generator) -> Tensor:
    """Draws (count,), float32 on the CPU, from Beta(alpha, alpha).

    Each is one uniform draw put through the inverse of the distribution function: torch's own
    Beta takes no generator, and methods of rejection draw an unknown number of times.
    """
    uniform = torch.rand(count, generator=generator, dtype=torch.float64)
    return torch.from_numpy(betaincinv(alpha, alpha, uniform.numpy())).float()


def soften(labels: Tensor, classes: int, share: Tensor) -> Tensor:
    """Soft labels (N, classes): `share` (N,) for a picture's own, the rest for its partner's."""
    hot = F.one_hot(labels, classes).float()
    return torch.lerp(_partners(hot), hot, share[:, None])


def _partners(batch: Tensor) -> Tensor:
    """The one before each, which is as random as any: batches come in random order."""
    return batch.roll(1, 0)


def _between(centre: Tensor, side: Tensor, length: int) -> Tensor:
    """Which of `length` pixels lie within side / 2 of the centre (N,), as a mask (N, length)."""
    start = ((centre - side / 2) * length).round()[:, None]
    stop = ((centre + side / 2) * length).round()[:, None]
    pixels = torch.arange(length)
    return (pixels >= start) & (pixels < stop)
