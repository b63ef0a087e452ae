"""Lab 7: what padding "same" of Keras puts around a picture."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from retinue.lessons.comparing import compare

HINTS = {
    "as_in_torch": (
        "padding = kernel // 2 on both sides is what one writes in PyTorch. Keras starts from the "
        "size that must come out. How many zeros does that need here, and for an even kernel?"
    ),
    "extra_in_front": (
        "The number of zeros is right. If it is odd, one side gets one more: which side does "
        "TensorFlow choose?"
    ),
    "stride_forgotten": (
        "With a stride of 1 this is right. With a larger one the last window begins earlier; "
        "draw the windows of a row of 7 values, kernel 3, stride 2."
    ),
    "floor_for_ceil": (
        "How many values come out when the stride does not divide the size? With Keras no pixel "
        "is lost."
    ),
    "below_zero": (
        "Nobody can put a negative number of zeros around a picture. What happens when the stride "
        "is larger than the kernel?"
    ),
    "all_at_one_side": "The number of zeros is right, but they lie on one side. Share them out.",
}


def check(answer: Any) -> None:
    """Whether it is right, against the fewest zeros with which enough windows fit."""
    compare(answer, _cases(), _right, MISTAKES, words=_words)


def _words(size: int, kernel: int, stride: int) -> str:
    return f"for size {size}, kernel {kernel}, stride {stride}"


def _cases() -> Iterator[tuple[int, int, int]]:
    yield from ((28, 3, 1), (7, 2, 2), (10, 4, 1), (28, 3, 2), (8, 1, 3), (7, 1, 2), (6, 1, 4))
    draw = np.random.default_rng(0)
    for _ in range(30):
        size, kernel, stride = (int(draw.integers(*ends)) for ends in ((6, 33), (1, 8), (1, 5)))
        yield size, min(kernel, size), stride


def _windows(length: int, kernel: int, stride: int) -> int:
    return len(range(0, length - kernel + 1, stride))


def _fewest(size: int, kernel: int, stride: int, wanted: int, start: int = 0) -> int:
    zeros = start
    while _windows(size + zeros, kernel, stride) < wanted:
        zeros += 1
    return zeros


def _shared(zeros: int) -> tuple[int, int]:
    return zeros // 2, zeros - zeros // 2


def _right(size: int, kernel: int, stride: int) -> tuple[int, int]:
    return _shared(_fewest(size, kernel, stride, len(range(0, size, stride))))


MISTAKES: dict[str, Callable[[int, int, int], Any]] = {
    "as_in_torch": lambda size, kernel, stride: (kernel // 2, kernel // 2),
    "extra_in_front": lambda size, kernel, stride: _right(size, kernel, stride)[::-1],
    "stride_forgotten": lambda size, kernel, stride: _right(size, kernel, 1),
    "floor_for_ceil": lambda size, kernel, stride: _shared(
        _fewest(size, kernel, stride, size // stride)
    ),
    "below_zero": lambda size, kernel, stride: _shared(
        _fewest(size, kernel, stride, len(range(0, size, stride)), -size)
    ),
    "all_at_one_side": lambda size, kernel, stride: (0, sum(_right(size, kernel, stride))),
}
