from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks.lab1 import LAB
from retinue.lessons.outcome import Outcome

Answer = Callable[..., Any]
MEANS = (0, 1, 2)


def signed(one: Any, other: Any) -> Any:
    return one.astype(float) - other.astype(float)


def dealt(in_val: Any) -> Any:
    return np.flatnonzero(~in_val), np.flatnonzero(in_val)


def split_right(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    chance = np.random.default_rng(seed)
    chosen: list[int] = []
    for label in set(labels.tolist()):
        own = sorted(set(groups[labels == label].tolist()))
        chance.shuffle(own)
        chosen += own[: int(share * len(own))]
    return dealt(np.isin(groups, chosen))


def split_photos(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    order = np.random.default_rng(seed).permutation(len(labels))
    count = int(share * len(labels))
    return order[count:], order[:count]


def split_photos_by_class(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    in_val = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        own = np.random.default_rng(seed).permutation(np.flatnonzero(labels == label))
        in_val[own[: int(share * len(own))]] = True
    return dealt(in_val)


def split_all_groups_alike(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    every = np.random.default_rng(seed).permutation(np.unique(groups))
    return dealt(np.isin(groups, every[: int(share * len(every))]))


def split_last_groups(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    every = list(dict.fromkeys(groups.tolist()))
    return dealt(np.isin(groups, every[-int(share * len(every)) :]))


def split_first_of_class(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    chosen: list[int] = []
    for label in np.unique(labels):
        own = np.unique(groups[labels == label]).tolist()
        chosen += own[: round(share * len(own))]
    return dealt(np.isin(groups, chosen))


def split_without_seed(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    return split_right(labels, groups, share, np.random.randint(10**6))  # noqa: NPY002


def split_with_overlap(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    return np.arange(len(labels)), split_right(labels, groups, share, seed)[1]


def split_losing_some(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
    train, val = split_right(labels, groups, share, seed)
    return train[: len(train) // 2], val


def one_hot_of_those_seen(labels: Any, classes: Any) -> Any:
    seen = np.unique(labels)
    return (labels[:, None] == seen).astype(int)


def mirror_in_place(pictures: Any, chosen: Any) -> Any:
    for number, flip in enumerate(chosen):
        if flip:
            pictures[number] = pictures[number][:, ::-1]
    return pictures


def mirror_with(change: Answer) -> Answer:
    def mirror(pictures: Any, chosen: Any) -> Any:
        return np.stack(
            [change(one) if flip else one for one, flip in zip(pictures, chosen, strict=True)]
        )

    return mirror


WRONG: dict[str, dict[str, Answer]] = {
    "distance": {
        "wraps_around": lambda one, other: np.abs(one - other).mean(),
        "signs_cancel": lambda one, other: signed(one, other).mean(),
        "abs_too_late": lambda one, other: abs(signed(one, other).mean()),
        "squared": lambda one, other: (signed(one, other) ** 2).mean(),
        "root_of_squares": lambda one, other: np.sqrt(np.mean(signed(one, other) ** 2)),
        "sum_for_mean": lambda one, other: np.abs(signed(one, other)).sum(),
    },
    "channels_first": {
        "reshaped": lambda p: p.reshape(p.shape[0], p.shape[3], p.shape[1], p.shape[2]),
        "rows_and_columns_swapped": lambda p: np.swapaxes(p, 1, 3),
        "channels_not_first": lambda p: np.moveaxis(p, 3, 2),
        "all_axes_turned": lambda p: p.transpose(),
    },
    "one_hot": {
        "classes_from_data": lambda labels, classes: np.eye(labels.max() + 1)[labels],
        "renumbered": one_hot_of_those_seen,
        "counted_from_one": lambda labels, classes: np.eye(classes)[labels - 1],
        "transposed": lambda labels, classes: np.arange(classes)[:, None] == labels,
    },
    "mirror": {
        "upside_down": mirror_with(lambda one: one[::-1]),
        "channels_reversed": mirror_with(lambda one: one[:, :, ::-1]),
        "turned": mirror_with(lambda one: one[::-1, ::-1]),
        "all_mirrored": lambda pictures, chosen: pictures[:, :, ::-1],
        "others_mirrored": lambda pictures, chosen: np.where(
            chosen[:, None, None, None], pictures, np.flip(pictures, 2)
        ),
        "others_left_out": lambda pictures, chosen: pictures[chosen][:, :, ::-1],
        "order_reversed": lambda pictures, chosen: pictures[::-1],
        "original_changed": mirror_in_place,
    },
    "normalise": {
        "own_statistics": lambda train, p: (p - p.mean(MEANS)) / p.std(MEANS),
        "statistics_of_both": lambda train, p: (
            (p - np.concatenate((train, p)).mean(MEANS)) / np.concatenate((train, p)).std(MEANS)
        ),
        "one_number": lambda train, p: (p - train.mean()) / train.std(),
        "each_pixel": lambda train, p: (p - train.mean(0)) / train.std(0),
        "each_picture": lambda train, p: (
            (p - p.mean((1, 2), keepdims=True)) / p.std((1, 2), keepdims=True)
        ),
        "std_forgotten": lambda train, p: p - train.mean(MEANS),
        "mean_forgotten": lambda train, p: p / train.std(MEANS),
        "variance_for_std": lambda train, p: (p - train.mean(MEANS)) / train.var(MEANS),
        "scales_mixed": lambda train, p: (p - (train / 255).mean(MEANS)) / (train / 255).std(MEANS),
        "wraps_around": lambda train, p: (p - train.mean(MEANS).astype("uint8")) / train.std(MEANS),
    },
    "split": {
        "groups_straddle": split_photos,
        "overlap": split_with_overlap,
        "photos_lost": split_losing_some,
        "swapped": lambda *case: split_right(*case)[::-1],
        "not_stratified": split_all_groups_alike,
        "not_shuffled": split_first_of_class,
        "seed_ignored": split_without_seed,
    },
}


def ask(question: str, answer: Any) -> Outcome:
    return outcome_of(f"lab1.{question}", LAB.questions[question], answer)


def test_other_ways_of_writing_a_right_answer_are_right() -> None:
    import torch
    from sklearn.preprocessing import StandardScaler

    def by_torch(train: Any, pictures: Any) -> Any:
        train, pictures = (torch.tensor(one).double() for one in (train, pictures))
        return (pictures - train.mean(MEANS)) / train.std(MEANS)

    def by_sklearn(train: Any, pictures: Any) -> Any:
        scaler = StandardScaler().fit(train.reshape(-1, train.shape[-1]))
        return scaler.transform(pictures.reshape(-1, train.shape[-1])).reshape(pictures.shape)

    assert ask("normalise", by_torch)
    assert ask("normalise", by_sklearn)
    assert ask("split", split_right)
    assert ask("one_hot", lambda labels, classes: np.arange(classes) == labels[:, None])
    assert ask("channels_first", lambda p: torch.tensor(p).movedim(-1, 1))


@pytest.mark.parametrize("answer", [split_photos_by_class, split_last_groups])
def test_other_careless_splits_get_a_hint_too(answer: Answer) -> None:
    outcome = ask("split", answer)
    assert outcome.mistake in ("groups_straddle", "not_stratified")


def test_masks_in_place_of_places_are_told_apart_from_a_split() -> None:
    def masks(labels: Any, groups: Any, share: Any, seed: Any) -> Any:
        in_val = np.isin(np.arange(len(labels)), split_right(labels, groups, share, seed)[1])
        return ~in_val, in_val

    assert "expected the places of photos" in ask("split", masks).case
