"""A map of a network that has lost its weights: what does not change then was never learned."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from retinue.seeds import seed_for

# Rank correlations from which on two maps count as alike.
ALIKE, PARTLY = 0.7, 0.4
DRAWS = 10  # at most, until one has a map
FEW = 25  # places; of fewer a rank correlation of 0.4 is common by chance


@dataclass(frozen=True, eq=False)
class Check:
    """The map (H, W) of the same network with weights drawn at random, and how alike the two are.

    Adebayo et al., "Sanity checks for saliency maps", 2018: a map that stays the same when all
    layers lose what they learned explains the picture, not the network. `similarity` is Spearman's
    rank correlation of how strong the places are, whatever the sign; None where one of the two is
    the same everywhere. `places` is how many values the map was made from, `draw` counts from 0: a
    draw under which the map is the same everywhere tells nothing, and the next one is taken.
    """

    heat: NDArray[np.float64]
    similarity: float | None
    places: int
    seed: int
    draw: int = 0

    def told(self) -> str:
        """The similarity, briefly."""
        if self.similarity is None:
            return "no similarity can be stated"
        return f"rank correlation {self.similarity:.2f}"

    def sentence(self) -> str:
        """What the comparison means, in words."""
        start = "With weights drawn at random"
        if self.similarity is None:
            return f"{start} one of the two maps is the same everywhere: {self.told()}."
        few = f" With {self.places} places, chance alone can do this." if self.places < FEW else ""
        return f"{start} {self._meaning()}{few}"

    def as_dict(self) -> dict[str, Any]:
        """The numbers, without the map, as JSON has them."""
        return {
            "similarity": self.similarity,
            "places": self.places,
            "seed": self.seed,
            "draw": self.draw,
        }

    def _meaning(self) -> str:
        assert self.similarity is not None  # noqa: S101
        if self.similarity >= ALIKE:
            return (
                f"the map stays nearly the same ({self.told()}): it shows the picture more than "
                "what the network learned."
            )
        if self.similarity >= PARTLY:
            return (
                f"part of the map stays ({self.told()}): that part is the picture's, not the "
                "network's."
            )
        return (
            f"the map is another one ({self.told()}): it depends on what the network learned. "
            "That alone does not make it right."
        )


def similarity(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """Spearman's rank correlation of the absolute values; None where either is constant."""
    from scipy.stats import spearmanr

    strengths = np.abs(one).ravel(), np.abs(other).ravel()
    if any(np.ptp(values) == 0 for values in strengths):
        return None
    return float(spearmanr(*strengths).statistic)


@torch.no_grad()
def randomised(model: nn.Module, pictures: Tensor, seed: int, draw: int = 0) -> nn.Module:
    """A copy whose every weight is drawn from a normal distribution like its layer's own.

    Mean and deviation are those of the tensor that is replaced, so that the scale of each layer
    stays. Batch norm measures its mean and variance anew on the pictures, one layer after the
    other; with the learned ones some channels would drown all others. torch's global generator is
    not used.

    Args:
        model: in eval mode; stays as it is.
        pictures: (N, C, H, W), as the network takes them.
        seed: of all draws.
        draw: which of them, from 0 on.
    """
    drawn = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed_for(seed, "randomised weights", step=draw))
    for weight in drawn.parameters():
        if weight.is_floating_point():
            noise = torch.randn(weight.shape, generator=generator).to(weight)
            weight.copy_(weight.mean() + weight.std(correction=0) * noise)
    with _measuring(drawn):
        drawn(pictures)
    return drawn


@contextmanager
def _measuring(model: nn.Module) -> Iterator[None]:
    """While it lasts, every batch norm takes the statistics of what it gets, before it works."""

    def measure(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        values, mean, variance = given[0], layer.running_mean, layer.running_var
        if isinstance(mean, Tensor) and isinstance(variance, Tensor):
            axes = [axis for axis in range(values.dim()) if axis != 1]
            if values.numel() > values.shape[1]:  # one value has no spread
                mean.copy_(values.mean(axes))
                variance.copy_(values.var(axes, correction=0))

    norms = [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]
    hooks = [layer.register_forward_pre_hook(measure) for layer in norms]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
