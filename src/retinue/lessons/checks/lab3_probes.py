"""Lab 3: a small network and an optimiser that note what is done with them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

FEATURES, CLASSES = 5, 4
Batch = tuple[Tensor, Tensor]


@dataclass
class Notes:
    """What was done: the order of forward passes, backward passes and updates, and how."""

    order: list[str] = field(default_factory=list)
    in_training: list[bool] = field(default_factory=list)  # at each forward pass
    noting: list[bool] = field(default_factory=list)  # whether gradients could follow from it
    cleared: list[bool] = field(default_factory=list)  # before each backward pass
    ready: list[bool] = field(default_factory=list)  # whether an update had gradients to go by


class Watched(nn.Module):
    """A linear layer from pictures (N, FEATURES) to logits (N, CLASSES) that takes notes."""

    def __init__(self) -> None:
        super().__init__()
        self.notes = Notes()
        self.layer = nn.Linear(FEATURES, CLASSES)
        with torch.no_grad():
            generator = torch.Generator().manual_seed(1)
            for weight in self.layer.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator))
        self.layer.weight.register_hook(self._note_backward)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, FEATURES) -> logits (N, CLASSES)."""
        self.notes.order.append("forward")
        self.notes.in_training.append(self.training)
        self.notes.noting.append(torch.is_grad_enabled())
        logits: Tensor = self.layer(pictures)
        return logits

    def _note_backward(self, _: Tensor) -> None:
        before = self.layer.weight.grad
        self.notes.order.append("backward")
        self.notes.cleared.append(before is None or not bool(before.any()))


class WatchedSGD(torch.optim.SGD):
    """Gradient descent that notes its updates."""

    def __init__(self, network: Watched, rate: float) -> None:
        super().__init__(network.parameters(), lr=rate)
        self.network = network

    def step(self, closure: Any = None) -> Any:
        """Update the weights, and note whether there was anything to go by."""
        gradient = self.network.layer.weight.grad
        self.network.notes.order.append("step")
        self.network.notes.ready.append(gradient is not None and bool(gradient.any()))
        return super().step(closure)


def batches(sizes: Sequence[int], seed: int = 0) -> list[Batch]:
    """Batches of random pictures (n, FEATURES) with labels (n,), of these sizes."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(size, FEATURES, generator=generator),
            torch.randint(0, CLASSES, (size,), generator=generator),
        )
        for size in sizes
    ]
