"""Checks of lab 1 about the numbers of pictures and their places."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from retinue.data import augment
from retinue.data.batches import to_tensor
from retinue.images import Pixels
from retinue.lessons.comparing import compare
from retinue.lessons.question import WrongError

Chosen = NDArray[np.bool_]


def check_distance(answer: Any) -> None:
    """The mean absolute difference of two uint8 pictures."""
    draw = np.random.default_rng(0)
    shapes = [(2, 3, 1), *((*draw.integers(2, 9, 2), channels) for channels in (3, 1, 3))]
    cases = [[draw.integers(0, 256, shape, dtype=np.uint8) for _ in "ab"] for shape in shapes]
    compare(
        answer,
        cases,
        lambda *pair: functional.l1_loss(*_floats(*pair)).item(),
        {
            "wraps_around": lambda one, other: _floats(one - other, other)[0].mean(),
            "signs_cancel": _difference,
            "abs_too_late": lambda *pair: _difference(*pair).abs(),
            "squared": lambda *pair: functional.mse_loss(*_floats(*pair)),
            "root_of_squares": lambda *pair: functional.mse_loss(*_floats(*pair)).sqrt(),
            "sum_for_mean": lambda one, other: functional.l1_loss(*_floats(one, other)) * one.size,
        },
        words=lambda one, other: f"for the pictures {_in_full(one)} and {_in_full(other)}",
    )


def check_channels_first(answer: Any) -> None:
    """(N, H, W, C) to (N, C, H, W)."""
    draw = np.random.default_rng(0)
    shapes = [(2, 4, 5, 3), (1, 6, 3, 3), (4, 2, 7, 1), (3, 5, 5, 3)]
    compare(
        answer,
        [[draw.integers(0, 256, shape, dtype=np.uint8)] for shape in shapes],
        to_tensor,
        {
            "reshaped": lambda pictures: pictures.reshape(to_tensor(pictures).shape),
            "rows_and_columns_swapped": lambda pictures: to_tensor(pictures).mT,
            "channels_not_first": lambda pictures: to_tensor(pictures).transpose(1, 2),
            "all_axes_turned": lambda pictures: pictures.T,
        },
        words=lambda pictures: f"for pictures of shape {pictures.shape}",
    )


def check_mirror(answer: Any) -> None:
    """Some pictures mirrored left to right, and the given ones left alone."""
    draw = np.random.default_rng(0)
    shapes = [(3, 3, 4, 3), (5, 4, 2, 1), (4, 6, 5, 3), (6, 5, 5, 3)]
    cases = [(draw.integers(0, 256, shape, dtype=np.uint8), _some(shape[0])) for shape in shapes]
    compare(
        answer,
        cases,
        _mirrored,
        {
            "upside_down": _upside_down,
            "channels_reversed": lambda pictures, chosen: _mirrored(
                pictures.swapaxes(2, 3), chosen
            ).swapaxes(2, 3),
            "turned": lambda pictures, chosen: _upside_down(_mirrored(pictures, chosen), chosen),
            "all_mirrored": lambda pictures, chosen: _mirrored(pictures, chosen | True),
            "others_mirrored": lambda pictures, chosen: _mirrored(pictures, ~chosen),
            "others_left_out": lambda pictures, chosen: _mirrored(pictures, chosen)[chosen],
            "order_reversed": lambda pictures, chosen: np.flip(pictures, 0),
        },
        words=lambda pictures, chosen: (
            f"for pictures of shape {pictures.shape}, chosen {chosen.tolist()}"
        ),
    )
    _check_left_alone(answer, cases[0])


def _check_left_alone(answer: Any, case: Sequence[Any]) -> None:
    given = case[0].copy()
    answer(given, case[1].copy())
    if not np.array_equal(given, case[0]):
        changed = int((given != case[0]).any(axis=(1, 2, 3)).sum())
        raise WrongError(
            f"the pictures that were handed in are others after the call: {changed} of "
            f"{len(given)} changed",
            "original_changed",
        )


def _in_full(picture: Pixels) -> str:
    """A small picture with its numbers, a larger one by its shape."""
    return f"{picture.tolist()}" if picture.size <= 8 else f"of shape {picture.shape}"


def _some(count: int) -> Chosen:
    """Every other one, from the first on."""
    return np.resize(np.array([True, False]), count)


def _mirrored(pictures: Pixels, chosen: Chosen) -> Pixels:
    found = augment.mirror(to_tensor(pictures.copy()), torch.from_numpy(chosen))
    return found.permute(0, 2, 3, 1).numpy()


def _upside_down(pictures: Pixels, chosen: Chosen) -> Pixels:
    return _mirrored(pictures.swapaxes(1, 2), chosen).swapaxes(1, 2)


def _difference(one: Pixels, other: Pixels) -> torch.Tensor:
    left, right = _floats(one, other)
    return left.mean() - right.mean()


def _floats(one: Pixels, other: Pixels) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(one).double(), torch.from_numpy(other).double()
