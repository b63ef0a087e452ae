"""What the user is told of the data before training starts."""

import numpy as np
import pytest

from retinue.data.checks import notes_on, require_classes, require_readable
from retinue.data.imagedata import BadPicture, Split
from retinue.errors import RetinueError, UsageError

CLASSES = ("cat", "dog")


def split_of(**pictures: tuple[int, str]) -> Split:
    """A split of name=(label, digest)."""
    labels = np.array([label for label, _ in pictures.values()], dtype=np.int64)
    digests = [digest for _, digest in pictures.values()]
    store = np.zeros((1, 1, 1, 1), np.uint8)
    names = list(pictures)
    return Split(store, np.zeros(len(labels), np.int64), labels, names, names, digests)


def notes(**splits: Split) -> list[str]:
    """The remarks on three splits; those that are not named are empty."""
    return list(notes_on({name: splits.get(name, split_of()) for name in SPLITS}, CLASSES))


SPLITS = ("train", "val", "test")
GOOD = {
    "train": split_of(a=(0, "1"), b=(1, "2")),
    "val": split_of(c=(0, "3"), d=(1, "4")),
    "test": split_of(e=(0, "5"), f=(1, "6")),
}


def test_nothing_is_said_of_good_data() -> None:
    assert notes(**GOOD) == []


@pytest.mark.parametrize(
    ("first", "second"), [("train", "test"), ("train", "val"), ("val", "test")]
)
def test_pictures_in_two_splits_are_counted_and_named(first: str, second: str) -> None:
    twin = split_of(x=(0, GOOD[first].digests[0]), y=(1, "9"))
    (note,) = notes(**{**GOOD, second: twin})
    assert f"in {first} and in {second}: 1 picture (x)" in note
    assert f"accuracy on {second}" in note


def test_of_many_pictures_three_are_named() -> None:
    many = split_of(**{f"p{number}": (number % 2, "1") for number in range(5)})
    (note,) = notes(**{**GOOD, "test": many})[:1]
    assert "5 pictures (p0, p1, p2 and 2 more)" in note


def test_a_picture_under_two_classes_is_named_with_both() -> None:
    found = notes(**{**GOOD, "train": split_of(a=(0, "1"), b=(1, "1"), c=(1, "2"))})
    assert found == ["byte for byte under two classes: 1 picture (a (cat) = b (dog))"]


def test_a_picture_twice_under_one_class_of_one_split_is_no_remark() -> None:
    assert notes(**{**GOOD, "train": split_of(a=(0, "1"), b=(0, "1"), c=(1, "2"))}) == []


@pytest.mark.parametrize("name", SPLITS)
def test_a_class_without_pictures_in_a_split_is_named(name: str) -> None:
    lacking = {**GOOD, name: split_of(z=(1, "9"))}
    assert notes(**lacking) == [f"cat: too few pictures for one in {name}"]


def test_an_empty_split_lacks_no_class() -> None:
    assert notes(train=GOOD["train"]) == []


@pytest.mark.parametrize(
    ("classes", "told"),
    [((), "no class with a readable picture"), (("cat",), "only the class 'cat'")],
)
def test_fewer_than_two_classes_are_refused(classes: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=f"pets: {told}; a classifier needs at least two"):
        require_classes(classes, "pets")
    require_classes(CLASSES, "pets")


def test_too_many_unreadable_pictures_are_refused_naming_some() -> None:
    bad = [BadPicture(f"cat/{number}.png", f"reason {number}") for number in range(5)]
    require_readable(bad, 10, 0.5)
    with pytest.raises(RetinueError, match="5 of 10 pictures cannot be read") as caught:
        require_readable(bad, 10, 0.49)
    assert "--max-bad 0.49" in str(caught.value)
    assert "cat/0.png (reason 0); cat/1.png (reason 1); cat/2.png (reason 2); ..." in str(
        caught.value
    )


def test_without_pictures_none_is_unreadable() -> None:
    require_readable([], 0, 0)
