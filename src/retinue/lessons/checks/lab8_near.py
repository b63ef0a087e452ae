"""Lab 8: photos that are nearly alike, by a fingerprint of 64 bits."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from retinue.lessons.comparing import compare

HINTS = {
    "wraps_around": (
        "Pixels are uint8: what is 3 - 5 there? Compare them, or make them whole numbers first."
    ),
    "bits_alike": "Equal pictures should be 0 apart. What do you count?",
    "down_the_columns": (
        "You compared each pixel with the one below it. Which of the two axes runs along a row?"
    ),
    "equal_is_brighter": "A pixel as bright as its neighbour is not brighter.",
    "share_for_count": "Count the bits that differ; this is their share.",
    "against_the_mean": (
        "You compared each pixel with the mean of its picture. What happens to that when one half "
        "of the picture lies in the shade? Compare with the neighbour."
    ),
    "pixels_counted": (
        "You counted pixels that differ. Make the picture a little brighter: all of them do. "
        "Compare the fingerprints."
    ),
}


def check(answer: Any) -> None:
    """Whether it counts the bits in which the fingerprints of two pictures differ."""
    compare(answer, _cases(), _right, MISTAKES, words=_words)


def _words(one: Any, other: Any) -> str:
    return f"for two pictures that begin with {one[0, :4].tolist()} and {other[0, :4].tolist()}"


def _cases() -> Iterator[tuple[Any, Any]]:
    """Pairs of pictures (8, 9) uint8: strange to one another, brightened, noisy, and with ties."""
    draw = np.random.default_rng(0)
    for number in range(12):
        one = draw.integers(0, 200, (8, 9))
        other = one + 20 + draw.integers(0, 1 + 12 * (number % 3), (8, 9))
        if number % 4 == 0:
            other = draw.integers(0, 256, (8, 9))
        if number % 4 == 1:
            one, other = one // 64 * 64, other // 64 * 64
        yield one.astype(np.uint8), other.astype(np.uint8)


def _slopes(picture: Any, kernel: tuple[int, int] = (1, 2)) -> Any:
    weights = torch.tensor([-1.0, 1.0]).reshape(1, 1, *kernel)
    return functional.conv2d(torch.from_numpy(picture).float()[None, None], weights).flatten()


def _apart(one: Any, other: Any) -> int:
    return int((one != other).sum())


def _right(one: Any, other: Any) -> int:
    return _apart(_slopes(one) > 0, _slopes(other) > 0)


def _wrapped(one: Any, other: Any) -> int:
    # In uint8 a difference is above 0 wherever there is one.
    return _apart(_slopes(one) != 0, _slopes(other) != 0)


def _downwards(one: Any, other: Any) -> int:
    return _apart(_slopes(one, (2, 1)) > 0, _slopes(other, (2, 1)) > 0)


def _mean(one: Any, other: Any) -> int:
    return _apart((one > one.mean()).ravel(), (other > other.mean()).ravel())


MISTAKES: dict[str, Callable[[Any, Any], float]] = {
    "wraps_around": _wrapped,
    "bits_alike": lambda one, other: 64 - _right(one, other),
    "down_the_columns": _downwards,
    "equal_is_brighter": lambda one, other: _apart(_slopes(one) >= 0, _slopes(other) >= 0),
    "share_for_count": lambda one, other: _right(one, other) / 64,
    "against_the_mean": _mean,
    "pixels_counted": lambda one, other: _apart(one.ravel(), other.ravel()),
}
