"""Who is in train, val and test: shares, what stays together, and what it must not depend on."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from retinue.data.splits import Assignment, SplitRules, assign

Rows = dict[str, list[int]]


def split(
    labels: Sequence[int],
    digests: Sequence[str] | None = None,
    given_: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    **rules: Any,
) -> Assignment:
    """`assign` with a digest of its own for each picture, nothing given and no groups."""
    count = len(labels)
    return assign(
        np.array(labels, dtype=np.int64),
        digests or [f"digest {row}" for row in range(count)],
        given_ or [""] * count,
        groups or [""] * count,
        SplitRules(**rules),
    )


def rows(found: Assignment) -> Rows:
    return {name: getattr(found, name).tolist() for name in ("train", "val", "test")}


def content(found: Assignment, labels: Sequence[int], digests: Sequence[str]) -> dict[str, Any]:
    """What is in each split, whatever the positions."""
    return {
        name: Counter((labels[row], digests[row]) for row in positions)
        for name, positions in rows(found).items()
    }


LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=120)
FRACTIONS = st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.35])


@given(labels=LABELS, val=FRACTIONS, test=FRACTIONS, seed=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_picture_is_in_exactly_one_split(
    labels: list[int], val: float, test: float, seed: int
) -> None:
    found = split(labels, val_fraction=val, test_fraction=test, split_seed=seed)
    parts = rows(found)
    assert sorted(parts["train"] + parts["val"] + parts["test"]) == list(range(len(labels)))
    for part in parts.values():
        assert part == sorted(part)


@given(
    counts=st.lists(st.integers(5, 60), min_size=1, max_size=4),
    val=st.sampled_from([0.1, 0.2]),
    test=st.sampled_from([0.1, 0.2, 0.3]),
    seed=st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_each_class_gives_its_share_within_one_picture(
    counts: list[int], val: float, test: float, seed: int
) -> None:
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    found = split(labels, val_fraction=val, test_fraction=test, split_seed=seed)
    for label, count in enumerate(counts):
        for part, fraction in ((found.val, val), (found.test, test)):
            have = sum(labels[row] == label for row in part.tolist())
            assert abs(have - fraction * count) <= 1
            assert have >= 1


@pytest.mark.parametrize(("count", "sizes"), [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1))])
def test_small_classes_keep_one_for_training_and_then_give(
    count: int, sizes: tuple[int, int, int]
) -> None:
    found = split([0] * count)
    assert tuple(len(part) for part in rows(found).values()) == sizes


def test_another_split_seed_is_another_split_of_the_same_sizes() -> None:
    labels = [row % 3 for row in range(90)]
    first, other = (rows(split(labels, split_seed=seed)) for seed in (0, 1))
    assert rows(split(labels, split_seed=0)) == first
    for name in first:
        assert len(first[name]) == len(other[name])
        assert first[name] != other[name]


# --- what it must not depend on


@given(
    labels=st.lists(st.integers(0, 2), min_size=2, max_size=40),
    copies=st.integers(1, 4),
    limit=st.sampled_from([None, 3]),
    random=st.randoms(use_true_random=False),
)
@settings(max_examples=80, deadline=None)
def test_the_order_of_the_pictures_does_not_matter(
    labels: list[int], copies: int, limit: int | None, random: Any
) -> None:
    # Some digests occur several times, under one class or under several.
    digests = [f"digest {row // copies}" for row in range(len(labels))]
    order = list(range(len(labels)))
    random.shuffle(order)
    first = split(labels, digests, limit_per_class=limit)
    mixed_labels, mixed = [labels[row] for row in order], [digests[row] for row in order]
    second = split(mixed_labels, mixed, limit_per_class=limit)
    assert content(first, labels, digests) == content(second, mixed_labels, mixed)


def test_a_picture_under_two_classes_goes_the_same_way_in_any_order() -> None:
    for twins in range(20):
        labels = [0] * 9 + [1] * 5 + [0, 1]
        digests = [f"digest {twins} {row}" for row in range(14)] + [f"twin {twins}"] * 2
        first = split(labels, digests)
        second = split(labels[::-1], digests[::-1])
        assert content(first, labels, digests) == content(second, labels[::-1], digests[::-1])


def test_more_pictures_do_not_move_most_of_the_others() -> None:
    labels = [0] * 100
    before = set(rows(split(labels))["test"])
    after = set(rows(split([*labels, 0, 0, 0, 0, 0]))["test"])
    assert len(before & after) >= 15


# --- what stays together


@given(
    labels=st.lists(st.integers(0, 2), min_size=2, max_size=60),
    names=st.lists(st.integers(0, 15), min_size=60, max_size=60),
    seed=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_identical_pictures_never_straddle(labels: list[int], names: list[int], seed: int) -> None:
    digests = [str(name) for name in names[: len(labels)]]
    parts = rows(split(labels, digests, split_seed=seed))
    held = [{digests[row] for row in part} for part in parts.values()]
    assert not held[0] & held[1]
    assert not held[0] & held[2]
    assert not held[1] & held[2]


@given(
    labels=st.lists(st.integers(0, 2), min_size=2, max_size=60),
    owners=st.lists(st.integers(0, 12), min_size=60, max_size=60),
    names=st.lists(st.integers(0, 30), min_size=60, max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_groups_never_straddle_though_identical_pictures_link_them(
    labels: list[int], owners: list[int], names: list[int]
) -> None:
    groups = [str(owner) if owner else "" for owner in owners[: len(labels)]]
    digests = [str(name) for name in names[: len(labels)]]
    parts = rows(split(labels, digests, groups=groups))
    for keys in (groups, digests):
        for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
            both = {keys[row] for row in parts[one]} & {keys[row] for row in parts[other]}
            assert not both - {""}


def test_without_groups_owners_do_straddle() -> None:
    # The control for the two tests above.
    owners = [str(row % 5) for row in range(100)]
    parts = rows(split([row % 2 for row in range(100)]))
    held = [{owners[row] for row in part} for part in parts.values()]
    assert held[0] & held[1] & held[2]


def test_groups_come_near_to_the_share() -> None:
    labels = [row % 2 for row in range(400)]
    groups = [f"owner {row // 4}" for row in range(400)]
    found = split(labels, groups=groups)
    assert abs(len(found.test) - 80) <= 8
    assert abs(len(found.val) - 40) <= 8


@pytest.mark.parametrize("groups_per_class", [3, 4, 5])
def test_a_class_of_few_large_groups_gives_one_to_each_split(groups_per_class: int) -> None:
    labels = [label for label in (0, 1) for _ in range(10 * groups_per_class)]
    groups = [f"group {row // 10}" for row in range(len(labels))]
    found = split(labels, groups=groups)
    for part in (found.train, found.val, found.test):
        assert {labels[row] for row in part.tolist()} == {0, 1}


# --- given splits


def test_train_and_test_given_val_is_a_tenth_of_each_class_of_train() -> None:
    labels = [0] * 60 + [1] * 40 + [0, 1]
    given_ = ["train"] * 100 + ["test"] * 2
    found = split(labels, given_=given_)
    assert found.test.tolist() == [100, 101]
    assert Counter(labels[row] for row in found.val.tolist()) == {0: 6, 1: 4}
    assert not set(found.val.tolist()) & set(found.test.tolist())
    assert found.notes == ()


def test_train_and_val_given_val_serves_as_test_and_it_is_said() -> None:
    labels = [0, 1] * 50 + [0, 1]
    found = split(labels, given_=["train"] * 100 + ["val"] * 2)
    assert found.test.tolist() == [100, 101]
    assert len(found.val) == 10
    assert len(found.train) == 90
    (note,) = found.notes
    assert "val serves as test" in note


def test_all_three_given_are_taken_as_they_are() -> None:
    given_ = ["train"] * 10 + ["val"] * 2 + ["test"] * 3
    found = split([0, 1, 0] * 5, given_=given_)
    assert rows(found) == {
        "train": list(range(10)),
        "val": [10, 11],
        "test": [12, 13, 14],
    }
    assert found.notes == ()


def test_given_splits_are_kept_even_where_identical_pictures_straddle() -> None:
    found = split([0, 1] * 10, ["same"] * 20, ["train"] * 16 + ["val"] * 2 + ["test"] * 2)
    assert found.test.tolist() == [18, 19]
    assert found.val.tolist() == [16, 17]


def test_pictures_without_a_split_beside_given_ones_train_and_it_is_said() -> None:
    found = split([0, 1] * 6, given_=["train"] * 6 + ["", ""] + ["val"] * 2 + ["test"] * 2)
    assert found.train.tolist() == list(range(8))
    (note,) = found.notes
    assert "train" in note
    assert "2 pictures" in note


# --- val_fraction 0


def test_without_val_everything_trains() -> None:
    found = split([0, 1] * 50, val_fraction=0)
    assert (len(found.train), len(found.val), len(found.test)) == (80, 0, 20)


def test_without_val_a_given_val_trains_too() -> None:
    given_ = ["train"] * 10 + ["val"] * 2 + ["test"] * 3
    found = split([0, 1, 0] * 5, given_=given_, val_fraction=0)
    assert rows(found) == {"train": list(range(12)), "val": [], "test": [12, 13, 14]}


def test_without_val_a_given_val_still_serves_as_the_only_test() -> None:
    found = split([0, 1] * 6, given_=["train"] * 10 + ["val"] * 2, val_fraction=0)
    assert rows(found) == {"train": list(range(10)), "val": [], "test": [10, 11]}


# --- limit_per_class


@given(labels=LABELS, limit=st.integers(1, 12), with_given=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_limit_cuts_train_before_val_and_never_test(
    labels: list[int], limit: int, with_given: bool
) -> None:
    assume(len(labels) > 4)
    given_ = ["test" if row % 4 == 0 else "train" for row in range(len(labels))]
    given_ = given_ if with_given else [""] * len(labels)
    whole, cut = split(labels, given_=given_), split(labels, given_=given_, limit_per_class=limit)
    assert cut.test.tolist() == whole.test.tolist()
    for label in set(labels):
        before = {r for r in [*whole.train.tolist(), *whole.val.tolist()] if labels[r] == label}
        after = {r for r in [*cut.train.tolist(), *cut.val.tolist()] if labels[r] == label}
        assert after <= before
        assert len(after) == min(limit, len(before))


def test_a_smaller_limit_keeps_some_of_the_same_pictures() -> None:
    labels = [0, 1] * 100
    many, few = (split(labels, limit_per_class=limit) for limit in (40, 20))
    kept = {*few.train.tolist(), *few.val.tolist()}
    assert len(kept) == 40
    assert kept <= {*many.train.tolist(), *many.val.tolist()}
