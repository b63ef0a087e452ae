"""The history of another loop comes out in the words of history.jsonl, or is refused."""

from typing import Any

import numpy as np
import pytest
import torch

from retinue.errors import UsageError
from retinue.training.history import KEYS, history_lines


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("loss", "train_loss"), ("accuracy", "train_accuracy"), ("acc", "train_accuracy"),
        ("train_loss", "train_loss"), ("training_accuracy", "train_accuracy"),
        ("sparse_categorical_accuracy", "train_accuracy"), ("val_loss", "val_loss"),
        ("val_accuracy", "val_accuracy"), ("val_acc", "val_accuracy"),
        ("valid_loss", "val_loss"), ("validation_accuracy", "val_accuracy"),
        ("val_sparse_categorical_accuracy", "val_accuracy"), ("subset_acc", "subset_accuracy"),
        ("learning_rate", "lr"), ("lr", "lr"), ("seconds", "seconds"), ("time", "seconds"),
        ("Val_Loss ", "val_loss"), ("val_f1", "val_f1"),
    ],
)  # fmt: skip
def test_usual_names_are_known_and_others_kept(word: str, key: str) -> None:
    (line,) = history_lines([{word: 0.25}])
    assert line == {**dict.fromkeys(KEYS), key: 0.25, "epoch": 1}


def test_a_line_has_the_keys_of_history_jsonl() -> None:
    lines = history_lines([{"loss": 2.0}, {"loss": 1.0, "val_acc": 0.5}])
    assert [list(line) for line in lines] == [list(KEYS)] * 2
    assert [line["epoch"] for line in lines] == [1, 2]
    assert (lines[0]["val_accuracy"], lines[1]["val_accuracy"]) == (None, 0.5)


def test_a_mapping_of_lists_is_the_same() -> None:
    columns: dict[str, Any] = {"loss": [2.0, 1.0], "val_accuracy": np.array([0.25, 0.5])}
    rows = [{"loss": 2.0, "val_accuracy": 0.25}, {"loss": 1.0, "val_accuracy": 0.5}]
    assert history_lines(columns) == history_lines(rows) == history_lines(iter(rows))


@pytest.mark.parametrize("nothing", [None, [], {}, {"loss": []}])
def test_no_history_is_no_lines(nothing: Any) -> None:
    assert history_lines(nothing) == []


@pytest.mark.parametrize(
    "value",
    [0.5, np.float32(0.5), np.array(0.5), np.array([0.5]), torch.tensor(0.5, requires_grad=True)],
)
def test_numbers_of_every_library_are_numbers(value: Any) -> None:
    assert history_lines([{"loss": value}])[0]["train_loss"] == 0.5


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), torch.tensor(-torch.inf)])
def test_what_is_not_finite_is_not_known(value: Any) -> None:
    assert history_lines([{"loss": value}])[0]["train_loss"] is None


@pytest.mark.parametrize("first", [0, 1, 7])
def test_epochs_may_be_counted_from_anywhere(first: int) -> None:
    lines = history_lines([{"epoch": first}, {"epoch": first + 1}])
    assert [line["epoch"] for line in lines] == [1, 2]


@pytest.mark.parametrize(
    ("history", "told"),
    [
        (3, "history: is of type int; give a mapping an epoch"),
        ([0.3, 0.2], "history: has a float for epoch 1; give a mapping an epoch"),
        ("loss", "history: has a str for epoch 1"),
        ([{"loss": 1}, None], "history: has a NoneType for epoch 2"),
        ({"loss": 0.3}, "history: is a mapping of what are no lists"),
        ({"loss": [1, 2], "acc": [0.5]}, "different lengths: loss has 2, acc has 1"),
        ([{"loss": "low"}], "history: 'loss' of epoch 1 is no number: 'low'"),
        ([{"loss": [1, 2]}], r"is no number: \[1, 2\]"),
        ([{"loss": torch.ones(2)}], "is no number: tensor"),
        ([{"loss": 1, "train_loss": 1}], "two keys of epoch 1 mean train_loss"),
        ([{"acc": 0.5}, {"acc": 93.5}], "'acc' of epoch 2 is 93.5; give shares from 0 to 1"),
        ([{"epoch": 1}, {"epoch": 5}], "epoch 5 follows epoch 1; give every epoch"),
    ],
)
def test_another_shape_is_refused_in_one_line(history: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        history_lines(history)
    assert "\n" not in str(caught.value)
