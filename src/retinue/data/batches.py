"""From a split to batches: which pictures, in which order, varied how."""

from collections.abc import Iterator

import torch
from torch import Tensor

from retinue.data.augment import AUGMENTATIONS
from retinue.data.imagedata import Split
from retinue.data.mixing import mix
from retinue.images import Pixels
from retinue.seeds import seed_for


class Batches:
    """The training batches of a split.

    Batch `step` of epoch `n` depends on nothing but the seed, n and step, so that training can go
    on anywhere. All batches of an epoch are of one size, give or take a picture.

    Which half of the pictures is mirrored alternates: what one epoch shows as it is, the next shows
    mirrored, so that two epochs show both (Jordan 2024, arXiv:2404.00498, section 3.6).
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
    ) -> None:
        """`classes` is needed where `mixup` or `cutmix`, parameters of `mix`, is not 0."""
        self.split = split
        self.size = size
        self.augment = AUGMENTATIONS[augment]
        self.seed = seed
        self.device = device
        self.mixing = (classes, mixup, cutmix)
        generator = torch.Generator().manual_seed(seed_for(seed, "flip"))
        self.flips = torch.rand(len(split), generator=generator) < 0.5 if flip else None
        self.steps = max(1, -(-len(split) // batch_size))
        self.labels = torch.from_numpy(split.labels)

    def __len__(self) -> int:
        return self.steps

    def order(self, number: int) -> Tensor:
        """The positions of the split's pictures in the order of an epoch."""
        generator = torch.Generator().manual_seed(seed_for(self.seed, "order", number))
        return torch.randperm(len(self.split), generator=generator)

    def epoch(self, number: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images, labels) from step `start` on.

        Images are NCHW in channels_last order, uint8 or float from 0 to 255; labels are (N,), or
        (N, classes) where pictures are mixed.
        """
        generator = torch.Generator()
        for step, chosen in enumerate(self.order(number).tensor_split(self.steps)):
            if step >= start:
                generator.manual_seed(seed_for(self.seed, "augment", number, step))
                images = to_tensor(self.split.take(chosen.numpy())).to(self.device)
                mirrored = None if self.flips is None else self.flips[chosen] ^ bool(number % 2)
                images = self.augment(images, self.size, mirrored, generator)
                labels = self.labels[chosen].to(self.device)
                yield mix(images, labels, *self.mixing, generator)


def in_order(
    split: Split, size: tuple[int, int], batch_size: int, device: torch.device | str = "cpu"
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images, labels) of a whole split in its order, the centre of each picture."""
    labels = torch.from_numpy(split.labels)
    centre, no_draws = AUGMENTATIONS["none"], torch.Generator()
    for start in range(0, len(split), batch_size):
        part = slice(start, start + batch_size)
        images = to_tensor(split.take(part)).to(device)
        yield centre(images, size, None, no_draws), labels[part].to(device)


def to_tensor(pictures: Pixels) -> Tensor:
    """Pictures (N, H, W, C) uint8 to a tensor (N, C, H, W), over the same memory if it may be."""
    return torch.from_numpy(pictures if pictures.flags.writeable else pictures.copy()).permute(
        0, 3, 1, 2
    )
