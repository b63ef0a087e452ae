"""From a split to batches: which pictures, in which order, varied how."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from retinue.data.augment import AUGMENTATIONS
from retinue.data.imagedata import Split
from retinue.data.mixing import mix
from retinue.images import Fit, Pixels, enlarge
from retinue.seeds import seed_for


class Batches:
    """The training batches of a split.

    Batch `step` of epoch `n` depends on nothing but the seed, n and step, so that training can go
    on anywhere; where not all are taken, also on `losses`. All batches of an epoch are of one size,
    give or take a picture.

    With `hardest` below 1, epochs after the first take only that share of the pictures: those whose
    loss was largest when they were last seen. What is left out keeps its loss, and comes back when
    the others' have fallen below it. It costs no extra pass: a simple form of selective
    backpropagation (Jiang et al. 2019, arXiv:1910.00762).

    Which half of the pictures is mirrored alternates: what one epoch shows as it is, the next shows
    mirrored, so that two epochs show both (Jordan 2024, arXiv:2404.00498, section 3.6).

    Pictures that are stored smaller than `size` are varied as they are, and then enlarged.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        size: tuple[int, int],
        augment: str = "none",
        flip: bool = False,
        seed: int = 0,
        device: torch.device | str = "cpu",
        classes: int = 0,
        mixup: float = 0.0,
        cutmix: float = 0.0,
        hardest: float = 1.0,
        fit: Fit = "crop",
    ) -> None:
        """`classes` is needed where `mixup` or `cutmix`, parameters of `mix`, is not 0."""
        self.split = split
        self.size = size
        self.fit = fit
        self.varied_at = _stored_or(size, split)
        self.augment = AUGMENTATIONS[augment]
        self.seed = seed
        self.device = device
        self.mixing = (classes, mixup, cutmix)
        generator = torch.Generator().manual_seed(seed_for(seed, "flip"))
        self.flips = torch.rand(len(split), generator=generator) < 0.5 if flip else None
        self.batch_size = batch_size
        self.labels = torch.from_numpy(split.labels)
        self.taken = max(1, round(hardest * len(split)))
        # Of each picture when it was last seen; kept only where somebody asks for them.
        self.losses = torch.full((len(split),), math.inf) if hardest < 1 else None
        # The epoch whose pictures were chosen last, and they: its own steps change the losses.
        self.chosen: tuple[int, Tensor] | None = None

    def steps(self, number: int) -> int:
        """How many batches an epoch has, counted from 0."""
        taken = len(self.split) if number == 0 else self.taken
        return max(1, -(-taken // self.batch_size))

    def order(self, number: int) -> tuple[Tensor, ...]:
        """The positions in the split of each batch's pictures."""
        generator = torch.Generator().manual_seed(seed_for(self.seed, "order", number))
        order = torch.randperm(len(self.split), generator=generator)
        if self.losses is not None and number > 0:
            if self.chosen is None or self.chosen[0] != number:
                # Among equal losses, such as those of pictures not seen yet, the order decides.
                largest = self.losses[order].argsort(descending=True, stable=True)[: self.taken]
                self.chosen = number, order[largest.sort().values]
            order = self.chosen[1]
        return order.tensor_split(self.steps(number))

    @torch.no_grad()
    def note(self, positions: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Remember the losses of the pictures at some positions, without label smoothing."""
        if self.losses is not None:
            losses = nn.functional.cross_entropy(logits.float(), labels, reduction="none")
            self.losses[positions] = losses.cpu()

    def epoch(
        self, number: int, start: int = 0, order: tuple[Tensor, ...] | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images, labels) from step `start` on; `order` is `order(number)` if it is known.

        Images are NCHW in channels_last order, uint8 or float from 0 to 255; labels are (N,), or
        (N, classes) where pictures are mixed.
        """
        generator = torch.Generator()
        for step, chosen in enumerate(order or self.order(number)):
            if step >= start:
                generator.manual_seed(seed_for(self.seed, "augment", number, step))
                images = to_tensor(self.split.take(chosen.numpy())).to(self.device)
                mirrored = None if self.flips is None else self.flips[chosen] ^ bool(number % 2)
                images = self.augment(images, self.varied_at, mirrored, generator)
                images = brought(images, self.size, self.fit)
                labels = self.labels[chosen].to(self.device)
                yield mix(images, labels, *self.mixing, generator)


def in_order(
    split: Split,
    size: tuple[int, int],
    batch_size: int,
    device: torch.device | str = "cpu",
    fit: Fit = "crop",
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images, labels) of a whole split in its order, the centre of each picture."""
    labels = torch.from_numpy(split.labels)
    centre, no_draws = AUGMENTATIONS["none"], torch.Generator()
    for start in range(0, len(split), batch_size):
        part = slice(start, start + batch_size)
        images = to_tensor(split.take(part)).to(device)
        images = centre(images, _stored_or(size, split), None, no_draws)
        yield brought(images, size, fit), labels[part].to(device)


def brought(images: Tensor, size: tuple[int, int], fit: Fit) -> Tensor:
    """Pictures (N, C, H, W) enlarged to `size` by the one resize there is; as they are if of it."""
    if tuple(images.shape[2:]) == size:
        return images
    if images.is_floating_point():
        images = images.round().clamp(0, 255).to(torch.uint8)
    pixels = images.permute(0, 2, 3, 1).cpu().numpy()
    return to_tensor(enlarge(pixels, size, fit)).to(images.device)


def _stored_or(size: tuple[int, int], split: Split) -> tuple[int, int]:
    """`size`, or that of the stored pictures where they are smaller."""
    height, width = split.store.shape[1:3]
    return (height, width) if height < size[0] or width < size[1] else size


def to_tensor(pictures: Pixels) -> Tensor:
    """Pictures (N, H, W, C) uint8 to a tensor (N, C, H, W), over the same memory if it may be."""
    return torch.from_numpy(pictures if pictures.flags.writeable else pictures.copy()).permute(
        0, 3, 1, 2
    )
