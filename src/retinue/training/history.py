"""The history of a loop that is not Retinue's, in the words of history.jsonl."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

from retinue.errors import UsageError

History = Iterable[Mapping[str, Any]] | Mapping[str, Sequence[Any]]

KEYS = (
    "epoch", "lr", "train_loss", "train_accuracy", "subset_loss", "subset_accuracy",
    "val_loss", "val_accuracy", "seconds", "pictures_per_second",
)  # fmt: skip
_PREFIXES = {
    "train": ("", "train_", "training_"),
    "subset": ("subset_",),
    "val": ("val_", "valid_", "validation_"),
}
_MEASURES = {
    "loss": ("loss",),
    "accuracy": ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy"),
}
# What others call a key, and what it is called here.
_WORDS = {
    f"{prefix}{word}": f"{part}_{measure}"
    for part, prefixes in _PREFIXES.items()
    for prefix in prefixes
    for measure, words in _MEASURES.items()
    for word in words
} | {"learning_rate": "lr", "time": "seconds"}


def history_lines(history: History | None) -> list[dict[str, Any]]:
    """A line an epoch as history.jsonl has it; what is not known is None.

    Args:
        history: a mapping an epoch, as {"loss": 0.3, "val_accuracy": 0.9}, or a mapping of lists,
            as Keras' `History.history`. Accuracies are shares from 0 to 1. Other measures keep
            their names. Numbers that are not finite become None.

    Raises:
        UsageError: it has another shape, two keys that mean the same, or what is no number.
    """
    epochs = _epochs(history)
    named = [_named(given, number) for number, given in enumerate(epochs, 1)]
    _require_all([one["epoch"] for one in named if one.get("epoch") is not None])
    blank = dict.fromkeys(KEYS)
    return [{**blank, **one, "epoch": number} for number, one in enumerate(named, 1)]


def _epochs(history: History | None) -> list[Mapping[str, Any]]:
    """A mapping an epoch."""
    if isinstance(history, Mapping):
        return _rows(history)
    try:
        epochs = [] if history is None else list(history)
    except TypeError:
        raise UsageError(_shape(f"is of type {type(history).__name__}")) from None
    for number, one in enumerate(epochs, 1):
        if not isinstance(one, Mapping):
            raise UsageError(_shape(f"has a {type(one).__name__} for epoch {number}"))
    return epochs


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[Mapping[str, Any]]:
    """A mapping an epoch from a list a key."""
    try:
        lengths = {key: len(values) for key, values in columns.items()}
    except TypeError:
        raise UsageError(_shape("is a mapping of what are no lists")) from None
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise UsageError(f"history: its lists are of different lengths: {told}")
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _named(given: Mapping[str, Any], epoch: int) -> dict[str, float | None]:
    """One epoch with the keys of history.jsonl."""
    found: dict[str, float | None] = {}
    for word, value in given.items():
        plain = str(word).strip().lower()
        key = _WORDS.get(plain, plain)
        if key in found:
            raise UsageError(f"history: two keys of epoch {epoch} mean {key}, one of them {word!r}")
        number = _number(value, f"history: {word!r} of epoch {epoch}")
        if key.endswith("_accuracy") and number is not None and not 0 <= number <= 1:
            raise UsageError(
                f"history: {word!r} of epoch {epoch} is {number:g}; give shares from 0 to 1"
            )
        found[key] = number
    return found


def _number(value: Any, what: str) -> float | None:
    """A number of Python's, NumPy's or torch's; None where there is none or it is not finite."""
    if value is None:
        return None
    number = None
    with suppress(TypeError, ValueError, RuntimeError):
        plain = value.item() if hasattr(value, "item") else value
        number = None if isinstance(plain, str) else float(plain)
    if number is None:
        raise UsageError(f"{what} is no number: {value!r:.40}")
    return number if math.isfinite(number) else None


def _require_all(numbers: list[float | None]) -> None:
    """Refuse a history that counts its epochs and leaves some out."""
    told = [number for number in numbers if number is not None]
    for before, after in pairwise(told):
        if after != before + 1:
            raise UsageError(f"history: epoch {after:g} follows epoch {before:g}; give every epoch")


def _shape(what: str) -> str:
    return f"history: {what}; give a mapping an epoch, as [{{'loss': 0.3, 'val_accuracy': 0.9}}]"
