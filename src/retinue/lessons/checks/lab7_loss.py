"""Lab 7: Keras' cross entropies, held against torch's."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from retinue.lessons.comparing import compare

HINTS = {
    "softmax_twice": (
        "With from_logits=False the outputs are probabilities already, yet your loss is the one "
        "of a function that takes the softmax itself. What does it do to numbers between 0 and 1?"
    ),
    "logits_taken_for_probabilities": (
        "With from_logits=True the outputs may be below 0. What must be done before a logarithm?"
    ),
    "sum_for_mean": "The loss grows with the number of pictures. What does Keras give for a batch?",
    "mean_over_classes_too": (
        "You divided by pictures times classes. Of a row of a one-hot target only one number "
        "counts."
    ),
    "softmax_over_pictures": (
        "Each picture's probabilities must add up to 1. Along which axis does your softmax run?"
    ),
    "sign_lost": "A loss is not negative: what is the logarithm of a number below 1?",
}


def check(answer: Any) -> None:
    """Whether it is right for both kinds of targets and both kinds of outputs."""
    compare(answer, _cases(), _right, MISTAKES, words=_words)


def _words(targets: Any, outputs: Any, from_logits: bool) -> str:
    return (
        f"for targets of shape {targets.shape}, outputs of shape {outputs.shape}, "
        f"from_logits={from_logits}"
    )


def _cases() -> Iterator[tuple[Any, Any, bool]]:
    draw = np.random.default_rng(0)
    for number in range(8):
        count, classes = int(draw.integers(3, 9)), int(draw.integers(3, 8))
        logits = draw.normal(size=(count, classes)) * 2
        from_logits, one_hot = number % 2 == 0, number % 4 > 1
        outputs = logits if from_logits else np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        labels = draw.integers(0, classes, count)
        yield np.eye(classes)[labels] if one_hot else labels, outputs, from_logits


def _tensors(targets: Any, outputs: Any) -> tuple[Tensor, Tensor]:
    labels = torch.as_tensor(targets)
    return labels.argmax(1) if labels.ndim == 2 else labels, torch.as_tensor(outputs)


def _right(targets: Any, outputs: Any, from_logits: bool) -> float:
    labels, rows = _tensors(targets, outputs)
    if from_logits:
        return float(functional.cross_entropy(rows, labels))
    return float(functional.nll_loss(rows.log(), labels))


def _always_logits(targets: Any, outputs: Any, from_logits: bool) -> float:
    return _right(targets, outputs, True)


def _never_logits(targets: Any, outputs: Any, from_logits: bool) -> float:
    return _right(targets, outputs, False)


def _over_pictures(targets: Any, outputs: Any, from_logits: bool) -> float:
    labels, rows = _tensors(targets, outputs)
    said = rows.log_softmax(0) if from_logits else rows.log()
    return float(functional.nll_loss(said, labels))


MISTAKES: dict[str, Callable[..., float]] = {
    "softmax_twice": _always_logits,
    "logits_taken_for_probabilities": _never_logits,
    "sum_for_mean": lambda targets, outputs, logits: (
        _right(targets, outputs, logits) * len(outputs)
    ),
    "mean_over_classes_too": lambda targets, outputs, logits: (
        _right(targets, outputs, logits) / outputs.shape[1]
    ),
    "softmax_over_pictures": _over_pictures,
    "sign_lost": lambda targets, outputs, logits: -_right(targets, outputs, logits),
}
