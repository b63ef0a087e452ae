"""Groups of classes are found where the mistakes show them, and nowhere else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.errors import UsageError
from retinue.experiments.groups import REST, by_chance, found_groups, given_groups, within

ANIMALS = ("bird", "cat", "deer", "dog")
TRANSPORT = ("car", "plane", "ship", "truck")
CLASSES = (*ANIMALS, *TRANSPORT)

Ints = NDArray[np.int64]


def confusion(inside: float, across: float, seed: int = 0, k: int = 8) -> Ints:
    """Mistakes within each half of the classes and between the halves, by Poisson's law."""
    means = np.full((k, k), across)
    half = k // 2
    means[:half, :half] = means[half:, half:] = inside
    found = np.random.default_rng(seed).poisson(means)
    np.fill_diagonal(found, 1000)
    return found.astype(np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_planted_groups_are_found(seed: int) -> None:
    found = found_groups(confusion(20, 4, seed), CLASSES)
    assert [group.classes for group in found] == [ANIMALS, TRANSPORT]
    assert found[0].numbers == (0, 1, 2, 3)
    assert all(group.found for group in found)


@pytest.mark.parametrize("level", [0.8, 3.0, 30.0])
def test_mistakes_without_groups_show_none(level: float) -> None:
    claims = [bool(found_groups(confusion(level, level, seed), CLASSES)) for seed in range(15)]
    assert sum(claims) <= 2  # 5 % each


def test_few_mistakes_show_none() -> None:
    assert found_groups(confusion(1.0, 0.0), CLASSES) == ()  # 24 mistakes of 8 classes
    assert found_groups(confusion(4.0, 0.0), CLASSES)


def test_a_class_that_is_often_mistaken_is_no_group() -> None:
    found = confusion(5, 5)
    found[3] += 40
    found[:, 5] += 40
    np.fill_diagonal(found, 1000)
    assert found_groups(found, CLASSES) == ()


@pytest.mark.parametrize("k", [2, 3])
def test_few_classes_have_no_groups(k: int) -> None:
    assert found_groups(confusion(20, 1, k=k), CLASSES[:k]) == ()


def test_without_a_mistake_there_are_no_groups() -> None:
    assert found_groups(np.eye(8, dtype=np.int64) * 9, CLASSES) == ()


def test_three_groups_and_unequal_classes() -> None:
    means = np.full((9, 9), 1.0)
    for start in (0, 3, 6):
        means[start : start + 3, start : start + 3] = 30.0
    means[0] *= 3
    found = np.random.default_rng(0).poisson(means).astype(np.int64)
    names = [str(number) for number in range(9)]
    groups = [group.classes for group in found_groups(found, names)]
    assert groups == [("0", "1", "2"), ("3", "4", "5"), ("6", "7", "8")]


def test_how_many_mistakes_stay_within() -> None:
    groups = given_groups({"animals": ANIMALS, "transport": TRANSPORT}, CLASSES)
    found = np.zeros((8, 8), np.int64)
    found[0, 1], found[4, 7], found[2, 6], found[3, 3] = 5, 3, 2, 90
    assert within(found, groups) == (8, 10)
    even = np.ones((8, 8), np.int64)
    assert by_chance(even, groups) == pytest.approx(2 * 12 / 56)


def test_given_groups_follow_the_order_of_classes() -> None:
    animals, rest = given_groups({"animals": ["dog", "cat", "bird", "deer"]}, CLASSES)
    assert (animals.name, animals.classes, animals.found) == ("animals", ANIMALS, False)
    assert (rest.name, rest.classes) == (REST, TRANSPORT)
    assert given_groups({}, CLASSES) == ()


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ({"animals": ["cow"]}, "--group animals: there is no class 'cow'; there are bird, cat"),
        ({"a": ["cat"], "b": ["cat"]}, "class 'cat' stands in a and in b"),
        ({"all": list(CLASSES)}, "one group of all classes tells nothing"),
    ],
)
def test_groups_that_cannot_be(groups: dict[str, list[str]], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        given_groups(groups, CLASSES)
