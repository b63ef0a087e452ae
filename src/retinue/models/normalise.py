"""Normalisation as the network's first layer, so that it is saved and exported with the weights."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalise(nn.Module):
    """Pixels 0 to 255 in, numbers of mean 0 and standard deviation 1 (over the training split) out.

    Takes (N, C, H, W), uint8 or float, both 0 to 255; returns float32 of the same shape.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        memory_format: torch.memory_format = torch.preserve_format,
    ) -> None:
        """`mean` and `std`: one number a channel, in units of pixel values 0 to 255.

        `memory_format` is the order in which the network after it gets its numbers.
        """
        super().__init__()
        self.memory_format = memory_format
        if len(mean) != len(std):
            raise ValueError(f"{len(mean)} means but {len(std)} standard deviations")
        # A channel that never varies has deviation 0 and carries nothing: 1 keeps it finite.
        deviations = [value if value > 0 else 1.0 for value in std]
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(deviations, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, C, H, W) uint8 or float 0 to 255 -> (N, C, H, W) float32."""
        normalised = (pictures.float() - self.mean) / self.std
        if self.memory_format == torch.contiguous_format:
            # With one channel a tensor is in both orders at once; only a copy has torch's strides.
            normalised = normalised.clone(memory_format=torch.contiguous_format)
        return normalised.to(torch.float32, memory_format=self.memory_format)

    def extra_repr(self) -> str:
        """The numbers, for `print(model)`."""
        return f"mean={self.mean.flatten().tolist()}, std={self.std.flatten().tolist()}"
