"""Lab 3: cross-entropy from logits, held against torch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from retinue.lessons.comparing import compare, same, shown
from retinue.lessons.question import WrongError

HINTS = {
    "softmax_twice": "Your losses are too near to one another. How often does a score pass "
    "through a softmax before you take the logarithm?",
    "softmax_forgotten": "A score is no probability: yours may even be negative. What turns the "
    "scores of one picture into numbers that are positive and have the sum 1?",
    "wrong_axis": "Print the sum of each row of your probabilities. A row is one picture: over "
    "what do its probabilities have to sum up to 1?",
    "log_forgotten": "A right answer given with certainty has to cost 0, and a wrong one without "
    "limit. Which function makes that of a probability?",
    "sign_wrong": "What is the logarithm of a number below 1: positive or negative? And what "
    "should a loss be?",
    "mean_forgotten": "With twice the pictures your loss is twice as large. Should it be?",
    "one_loss_each": "These are the losses of the single pictures. What is asked for is one "
    "number for the batch.",
    "divided_by_all": "You divide by the number of entries of the whole table. How many losses "
    "are there really, one for each ...?",
    "other_logarithm": "The loss is too small by the same factor everywhere. Which base has the "
    "logarithm of your function, and which one is meant?",
    "unstable": "For large scores this is no number any more: e to the power of 1000 is too large "
    "for a computer. Softmax stays the same if you take the same number away from all scores of a "
    "picture. Which number would help?",
    "log_clipped": "No error, but the loss of a large mistake is cut off: a small number inside "
    "the logarithm hides it. Write the logarithm of the fraction as a difference instead.",
}


def check_cross_entropy(answer: Any) -> None:
    """Hold `cross_entropy(logits, labels)` against torch: small scores first, then large ones."""
    compare(answer, _cases(), _right, _MISTAKES)
    for logits, labels in _large_cases():
        _check_large(answer, logits, labels)


def _check_large(answer: Any, logits: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
    expected = _right(logits, labels)
    try:
        got = answer(logits.copy(), labels.copy())
    except OverflowError as error:
        raise WrongError(f"for scores such as {shown(logits)}: {error}", "unstable") from error
    if same(got, expected):
        return
    case = f"for the scores {shown(logits)}\ngives {shown(got)}\nexpected {shown(expected)}"
    is_number = isinstance(got, int | float | np.number) and np.isfinite(float(got))
    raise WrongError(case, "log_clipped" if is_number else "unstable")


def _cases() -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    random = np.random.default_rng(0)
    for count, classes in ((1, 3), (5, 4), (4, 7), (9, 2)):
        yield 2 * random.normal(size=(count, classes)), random.integers(0, classes, count)


def _large_cases() -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    yield np.array([[1000.0, 990.0, -1000.0], [3.0, 1.0, 0.0]]), np.array([2, 0])
    yield np.array([[-1000.0, -1010.0], [-2000.0, -1995.0]]), np.array([0, 0])


def _both(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(logits), torch.from_numpy(labels)


def _right(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return F.cross_entropy(*_both(logits, labels)).item()


def _softmax_twice(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    scores, truth = _both(logits, labels)
    return F.cross_entropy(scores.softmax(1), truth).item()


def _scores(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return F.nll_loss(*_both(logits, labels)).item()


def _over_pictures(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    scores, truth = _both(logits, labels)
    return F.nll_loss(scores.log_softmax(0), truth).item()


def _shares(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    scores, truth = _both(logits, labels)
    return F.nll_loss(scores.softmax(1), truth).item()


def _sum(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return F.cross_entropy(*_both(logits, labels), reduction="sum").item()


def _each(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(F.cross_entropy(*_both(logits, labels), reduction="none").numpy())


_MISTAKES = {
    "sign_wrong": lambda logits, labels: -_right(logits, labels),
    "softmax_twice": _softmax_twice,
    "softmax_forgotten": _scores,
    "wrong_axis": _over_pictures,
    "log_forgotten": _shares,
    "one_loss_each": _each,
    "mean_forgotten": _sum,
    "divided_by_all": lambda logits, labels: _right(logits, labels) / logits.shape[1],
    "other_logarithm": lambda logits, labels: _right(logits, labels) / np.log(2),
}
