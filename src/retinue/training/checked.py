"""A network that somebody else trained: copied, normalised, and checked at every batch."""

import copy
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.models.catalogue import wrap
from retinue.models.graph import in_a_line
from retinue.prediction.classifier import Classifier

Numbers = float | Sequence[float]
Statistics = tuple[list[float], list[float]]
FIRST = 32  # pictures of each split that are tried before anything is written


def normalised_copy(
    model: nn.Module, mean: Numbers, std: Numbers, channels: int
) -> tuple[nn.Sequential, Statistics]:
    """A copy of a network after its normalisation: pixels 0 to 255 in, whatever it gives out.

    Args:
        model: it stays as it is.
        mean: what was subtracted from pixel values from 0 to 1; one number, or one a channel.
        std: what they were then divided by.
        channels: of the pictures.

    Returns the network, and mean and deviation of each channel on the scale 0 to 255.

    Raises:
        UsageError: it cannot be copied, or the numbers are not such as pixels from 0 to 1 have.
    """
    statistics = _statistics(mean, std, channels)
    try:
        copied = copy.deepcopy(model)
    except Exception as error:
        raise UsageError(f"the network cannot be copied: {in_a_line(error)}") from error
    return wrap(copied, *statistics, as_torch=True), statistics


class Checked(nn.Module):
    """A network whose every output must be logits (N, classes), all of them numbers."""

    def __init__(self, network: nn.Module, classes: int) -> None:
        super().__init__()
        self.network = network
        self.classes = classes

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, classes), as the network gives them.

        Raises:
            UsageError: it gives something else, or fails.
        """
        shape = tuple(pictures.shape)
        try:
            found = self.network(pictures)
        except Exception as error:
            told = f"{type(error).__name__}: {in_a_line(error)}"
            raise UsageError(f"the network fails on pictures {shape}: {told}") from error
        wanted = (len(pictures), self.classes)
        if not isinstance(found, Tensor):
            raise UsageError(f"the network gives a {type(found).__name__}, not logits {wanted}")
        if tuple(found.shape) != wanted or not found.is_floating_point():
            raise UsageError(
                f"the network gives {tuple(found.shape)} {found.dtype} for pictures {shape}, not "
                f"logits {wanted}: a number for each class of the data"
            )
        if not bool(torch.isfinite(found).all()):
            raise UsageError("the network gives logits that are NaN or infinite")
        return found


def require_logits(classifier: Classifier, data: ImageData) -> None:
    """Try a `Checked` network on the first pictures of each split.

    Raises:
        UsageError: what it gives are no logits, or they are probabilities.
    """
    for split in data.splits.values():
        if not len(split):
            continue
        logits = classifier.logits(split.at(np.arange(min(FIRST, len(split)))))
        if logits.min() >= 0 and bool(np.allclose(logits.sum(axis=1), 1, atol=1e-4)):
            raise UsageError(
                "the network gives probabilities, for those of each picture add up to 1; give it "
                "without its softmax"
            )


def _statistics(mean: Numbers, std: Numbers, channels: int) -> Statistics:
    """Mean and deviation, one number a channel, on the scale 0 to 255.

    Raises:
        UsageError: they are not such as pixels from 0 to 1 have.
    """
    means, deviations = _by_channel("mean", mean, channels), _by_channel("std", std, channels)
    if not all(0 <= value <= 1 for value in means):
        raise UsageError(f"mean={mean}: give it for pixels from 0 to 1")
    if not all(0 < value < math.inf for value in deviations):
        raise UsageError(f"std={std}: give numbers above 0, for pixels from 0 to 1")
    return [255 * value for value in means], [255 * value for value in deviations]


def _by_channel(word: str, numbers: Numbers, channels: int) -> list[float]:
    """One number for each channel."""
    try:
        found: list[float] = np.asarray(numbers, np.float64).reshape(-1).tolist()
    except (TypeError, ValueError):
        raise UsageError(f"{word}={numbers!r}: give a number, or one a channel") from None
    if len(found) not in (1, channels):
        raise UsageError(f"{word}: {len(found)} numbers for pictures of {channels} channels")
    return found if len(found) == channels else found * channels
