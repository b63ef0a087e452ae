"""Checks of lab 1 about what is made of pictures and labels before training."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from retinue.data.batches import to_tensor
from retinue.images import Pixels
from retinue.lessons.comparing import compare

Labels = NDArray[np.int64]

# So loose that a deviation by n - 1 in place of n, of a thousand pixels and more, is right too.
LOOSE = 2e-3
NOTHING = 1e-12  # what torch adds to a variance


def check_one_hot(answer: Any) -> None:
    """Labels as rows with a single 1."""
    cases = [
        (np.array([2, 0, 1, 2]), 3),
        (np.array([0, 2]), 4),
        (np.array([3, 1, 3, 1, 1]), 4),
        (np.random.default_rng(0).integers(0, 9, 12), 10),
    ]
    compare(
        answer,
        cases,
        _one_hot,
        {
            "classes_from_data": lambda labels, classes: _one_hot(labels, -1),
            "renumbered": lambda labels, classes: _one_hot(_renumbered(labels), -1),
            "counted_from_one": lambda labels, classes: _one_hot(labels, classes).roll(-1, 1),
            "transposed": lambda labels, classes: _one_hot(labels, classes).T,
        },
        words=lambda labels, classes: f"for labels {labels.tolist()} and {classes} classes",
    )


def check_normalise(answer: Any) -> None:
    """Each channel by the mean and the deviation of the training pictures."""
    draw = np.random.default_rng(0)

    def drawn(count: int, low: int, channels: int) -> Pixels:
        """Pictures whose channels differ in range."""
        tops = 90 + low + 40 * np.arange(channels)
        return draw.integers(low, tops, (count, 9, 11, channels)).astype(np.uint8)

    cases = [(drawn(14, 0, 3), drawn(3, 40, 3)), (drawn(12, 20, 1), drawn(5, 60, 1)),
             (drawn(20, 60, 3), drawn(4, 0, 3))]  # fmt: skip
    compare(
        answer,
        cases,
        _normalised,
        {
            "own_statistics": lambda train, pictures: _normalised(pictures, pictures),
            "statistics_of_both": lambda train, pictures: _normalised(
                np.concatenate([train, pictures]), pictures
            ),
            "one_number": lambda train, pictures: _normalised(
                train[..., None].reshape(len(train), 1, -1, 1), pictures.reshape(1, 1, -1, 1)
            ).reshape(pictures.shape),
            "each_pixel": lambda train, pictures: _normalised(
                train.reshape(len(train), 1, 1, -1), pictures.reshape(len(pictures), 1, 1, -1)
            ).reshape(pictures.shape),
            "each_picture": lambda train, pictures: np.concatenate(
                [_normalised(one[None], one[None]) for one in pictures]
            ),
            "std_forgotten": lambda train, pictures: _by(pictures, _statistics(train)[0], 1),
            "mean_forgotten": lambda train, pictures: _by(pictures, 0, _statistics(train)[1]),
            "variance_for_std": lambda train, pictures: _by(
                pictures, _statistics(train)[0], _statistics(train)[1] ** 2
            ),
            "scales_mixed": lambda train, pictures: _by(
                pictures, _statistics(train)[0] / 255, _statistics(train)[1] / 255**2
            ),
            "wraps_around": lambda train, pictures: _by(
                pictures - _statistics(train)[0].numpy().astype(np.uint8), 0, _statistics(train)[1]
            ),
        },
        tolerance=LOOSE,
        words=lambda train, pictures: (
            f"for train of shape {train.shape} and pictures of shape {pictures.shape}"
        ),
    )


def _one_hot(labels: Labels, classes: int) -> Tensor:
    return functional.one_hot(torch.from_numpy(labels), classes)


def _renumbered(labels: Labels) -> Labels:
    """The labels that occur, counted from 0 in their order."""
    return np.unique(labels, return_inverse=True)[1]


def _normalised(train: Pixels, pictures: Pixels) -> NDArray[np.float64]:
    return _by(pictures, *_statistics(train))


def _statistics(train: Pixels) -> tuple[Tensor, Tensor]:
    """What a batch normalisation remembers of a batch, but the variance by n and not by n - 1."""
    maps = to_tensor(train).double()
    first, second = torch.zeros(maps.shape[1]).double(), torch.ones(maps.shape[1]).double()
    functional.batch_norm(maps, first, second, training=True, momentum=1.0)
    return first, second * (1 - maps.shape[1] / maps.numel())


def _by(pictures: Pixels, first: Tensor | float, second: Tensor | float) -> NDArray[np.float64]:
    """What a batch normalisation that remembers this makes of pictures."""
    maps = to_tensor(pictures).double()
    none = torch.zeros(maps.shape[1]).double()
    found = functional.batch_norm(maps, none + first, none + second, eps=NOTHING)
    return found.permute(0, 2, 3, 1).numpy()
