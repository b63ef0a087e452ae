"""A figure of points by class: every class is named and listed, mistakes are crosses."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.inside.embedding import apart, embedding

Texts = Callable[[Figure], list[str]]


def drawn_of(names: list[str], per_class: int = 4) -> Figure:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(names)), per_class)
    points = random.normal(size=(len(labels), 2)) + 3 * random.normal(size=(len(names), 2))[labels]
    return embedding(points, labels, labels % 4 == 1, names, "Points", ("first", "second"))


def test_few_classes_are_named_among_the_points_and_listed(texts: Texts, odd: list[str]) -> None:
    found = texts(drawn_of(odd))
    for name in odd[:-1]:
        assert name in found
        assert f"{name} (4)" in found
    assert any(text.startswith("lllllllllll…") for text in found)
    assert "taken for another class (12)" in found


@pytest.mark.parametrize("count", [11, 100])
def test_more_classes_are_numbered_and_the_numbers_explained(count: int, texts: Texts) -> None:
    names = [f"class no {number}" for number in range(count)]
    found = texts(drawn_of(names))
    assert {str(number) for number in range(count)} <= set(found)
    for number, name in enumerate(names):
        assert f"{number}  {name} (4)" in found


def test_of_more_than_100_classes_those_with_most_points_are_listed(texts: Texts) -> None:
    labels = np.concatenate([np.arange(130), np.arange(30, 130)])
    points = np.random.default_rng(0).normal(size=(len(labels), 2))
    wrong = np.zeros(len(labels), bool)
    names = [f"name {number}" for number in range(130)]
    found = texts(embedding(points, labels, wrong, names, "Points", ("", "")))
    assert "and 30 classes with fewer points" in found
    assert "29  name 29 (1)" not in found
    assert "129  name 129 (2)" in found


def test_classes_without_points_are_left_out(texts: Texts) -> None:
    points = np.array([[0.0, 0], [1, 1]])
    names = ["here", "nowhere", "there"]
    found = texts(embedding(points, np.array([0, 2]), np.zeros(2, bool), names, "", ("", "")))
    assert "here (1)" in found
    assert not any("nowhere" in text for text in found)


def test_right_ones_are_dots_and_mistakes_crosses(
    drawn: Callable[[Figure], NDArray[np.uint8]],
) -> None:
    figure = drawn_of(["a", "b", "c", "d"], 5)
    collections: list[Any] = list(figure.axes[0].collections)
    assert [len(one.get_offsets()) for one in collections] == [15, 5]
    assert drawn(figure).std() > 1


def overlapping(places: NDArray[np.float64], sizes: NDArray[np.float64]) -> int:
    return sum(
        bool((np.abs(places[one] - places[two]) < (sizes[one] + sizes[two]) / 2 - 0.5).all())
        for one, two in combinations(range(len(places)), 2)
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 60), st.integers(0, 999))
def test_labels_are_moved_until_none_covers_another(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = 300 + 40 * random.normal(size=(count, 2))
    sizes = np.full((count, 2), (22.0, 15.0))
    frame = (np.zeros(2), np.full(2, 600.0))
    places = apart(centres, sizes, frame)
    assert overlapping(places, sizes) == 0
    assert (places >= 0).all()
    assert (places <= 600).all()


def test_control_labels_that_are_not_moved_cover_one_another() -> None:
    centres = 300 + 40 * np.random.default_rng(0).normal(size=(60, 2))
    assert overlapping(centres, np.full((60, 2), (22.0, 15.0))) > 5


def test_labels_with_room_stay_where_they_are_and_those_at_one_place_part() -> None:
    frame = (np.zeros(2), np.full(2, 100.0))
    far = np.array([[20.0, 20], [80, 80]])
    np.testing.assert_array_equal(apart(far, np.full((2, 2), 10.0), frame), far)
    same = np.full((3, 2), 50.0)
    assert overlapping(apart(same, np.full((3, 2), 10.0), frame), np.full((3, 2), 10.0)) == 0
