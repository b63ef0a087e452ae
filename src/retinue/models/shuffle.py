"""Pixels in another order, always the same one: the control that shows why neighbours matter."""

from typing import Any

import torch
from torch import Tensor, nn

from retinue.seeds import seed_for

PURPOSE = "shuffle-pixels"


class ShufflePixels(nn.Module):
    """Puts the pixels of every picture into one fixed order, all channels of a pixel together.

    Pixels are counted row by row: place `i` of what comes out has pixel `order[i]` of the picture.
    Networks of linear layers learn from such pictures what they learn from others; convolutions,
    which count on neighbours, do not. Zhang et al., "Understanding deep learning requires
    rethinking generalization", 2017, section 2.1, "shuffled pixels".
    """

    order: Tensor

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        """Draw the order (H * W,) from the seed alone; torch's global generator is not touched.

        It is `torch.randperm` with a generator seeded by
        `retinue.seeds.seed_for(seed, "shuffle-pixels")`. `size` is (height, width).
        """
        super().__init__()
        self.seed, self.size = seed, size
        generator = torch.Generator("cpu").manual_seed(seed_for(seed, PURPOSE))
        order = torch.randperm(size[0] * size[1], generator=generator, device="cpu")
        self.register_buffer("order", order)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), in the same order in memory.

        Raises:
            ValueError: pictures of another size, for which there is no order.
        """
        if tuple(pictures.shape[2:]) != self.size:
            found, wanted = ("x".join(map(str, one)) for one in (pictures.shape[2:], self.size))
            raise ValueError(f"the order of pixels is one of {wanted}, the pictures are {found}")
        count, channels, height, width = pictures.shape
        if pictures.is_contiguous():
            return pictures.flatten(2).index_select(2, self.order).view(pictures.shape)
        # In channels_last order all channels of a pixel lie together, and are copied at once.
        pixels = pictures.permute(0, 2, 3, 1).flatten(1, 2).index_select(1, self.order)
        return pixels.view(count, height, width, channels).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        """The seed, for `print(model)`."""
        return f"seed={self.seed}"

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take over an order from a file, which must be one.

        Raises:
            RuntimeError: it has a pixel twice, or one that there is not.
        """
        order = state_dict.get(f"{prefix}order")
        if order is not None and not torch.equal(
            order.cpu().sort().values, torch.arange(self.order.numel())
        ):
            raise RuntimeError(f"{prefix}order is no order of the pixels")
        super()._load_from_state_dict(state_dict, prefix, *rest)


def shuffle_of(seed: int | None, size: tuple[int, int]) -> ShufflePixels | None:
    """The layer for a recipe's `model.shuffle_pixels`; None where that is not given."""
    return None if seed is None else ShufflePixels(seed, size)
