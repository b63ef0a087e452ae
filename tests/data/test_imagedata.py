"""ImageData and its splits: what they hold, and the digests that identify them."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retinue.data.imagedata import ImageData, Split, pairs_digest, picture_digest
from retinue.images import Preprocess

Noise = Callable[..., NDArray[np.uint8]]
CLASSES = ("cat", "dog", "eel")


def some_split(labels: list[int], start: int = 0) -> Split:
    """Pictures over a store that holds them in reverse."""
    count = len(labels)
    store = np.arange(start, start + count * 4, dtype=np.uint8).reshape(count, 2, 2, 1)
    rows = np.arange(count)[::-1].copy()
    names = [f"{start + position}.png" for position in range(count)]
    digests = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    return Split(store, rows, np.array(labels, dtype=np.int64), names, names, digests)


@pytest.fixture
def data() -> ImageData:
    return ImageData(
        name="pets",
        source="/pets",
        classes=CLASSES,
        preprocess=Preprocess((2, 2), (2, 2), "crop", 1),
        train=some_split([0, 1, 2, 0]),
        val=some_split([1, 2], 50),
        test=some_split([0, 1], 80),
    )


# --- splits


def test_a_split_takes_pictures_by_its_own_positions() -> None:
    split = some_split([0, 1, 2])
    assert split.take(np.array([0, 2])).tolist() == split.store[[2, 0]].tolist()
    assert split.take(slice(1, None)).tolist() == split.store[[1, 0]].tolist()
    assert split.images.tolist() == split.store[::-1].tolist()
    assert len(split) == 3


def test_what_a_split_gives_is_a_copy() -> None:
    split = some_split([0, 1, 2])
    before = split.store.copy()
    split.images[:] = 0
    split.take(slice(None))[:] = 0
    assert (split.store == before).all()


def test_some_of_a_split_keep_all_that_is_known_of_them() -> None:
    split = some_split([0, 1, 2, 1])
    some = split.at(np.array([3, 0]))
    assert some.images.tolist() == split.images[[3, 0]].tolist()
    assert some.labels.tolist() == [1, 0]
    assert list(some.ids) == list(some.paths) == ["3.png", "0.png"]
    assert list(some.digests) == [split.digests[3], split.digests[0]]
    assert some.store is split.store


def test_counts_name_classes_without_pictures_too() -> None:
    assert some_split([0, 2, 0]).counts(CLASSES) == {"cat": 2, "dog": 0, "eel": 1}


# --- digests


def test_the_digest_of_a_picture_is_over_shape_and_pixels(noise: Noise) -> None:
    pixels = noise(0, 2, 3, 1)
    expected = hashlib.sha256(b"2x3x1:" + bytes(pixels.ravel().tolist())).hexdigest()
    assert picture_digest(pixels) == expected
    assert picture_digest(pixels.reshape(3, 2, 1)) != expected


def test_the_digest_of_a_picture_does_not_depend_on_its_memory(noise: Noise) -> None:
    pixels = noise(0, 6, 4)
    assert picture_digest(np.asfortranarray(pixels)) == picture_digest(pixels)
    assert picture_digest(pixels[:, ::-1][:, ::-1]) == picture_digest(pixels)


PAIRS = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from("abcdef")), max_size=12)


@given(PAIRS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_digest_of_a_set_does_not_depend_on_order(
    pairs: list[tuple[str, str]], random: Random
) -> None:
    mixed = list(pairs)
    random.shuffle(mixed)
    assert pairs_digest(mixed) == pairs_digest(pairs)


@given(PAIRS, PAIRS)
@settings(deadline=None)
def test_other_pairs_have_another_digest(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    assert (pairs_digest(one) == pairs_digest(other)) == (sorted(one) == sorted(other))


def test_a_split_is_identified_by_class_names_and_pictures(data: ImageData) -> None:
    split = data.train
    expected = pairs_digest(
        [
            ("cat", split.digests[0]),
            ("dog", split.digests[1]),
            ("eel", split.digests[2]),
            ("cat", split.digests[3]),
        ]
    )
    assert split.content_digest(CLASSES) == expected
    assert split.at(np.array([2, 0, 3, 1])).content_digest(CLASSES) == expected
    assert split.content_digest(("cow", "dog", "eel")) != expected
    assert split.at(np.array([0, 1, 2])).content_digest(CLASSES) != expected


def test_the_order_of_classes_and_the_paths_do_not_matter_to_a_split(data: ImageData) -> None:
    split = data.train
    renamed = replace(split, ids=list("abcd"), paths=list("wxyz"), labels=2 - split.labels)
    assert renamed.content_digest(CLASSES[::-1]) == split.content_digest(CLASSES)


def test_the_digest_of_the_data_tells_the_splits_apart(data: ImageData) -> None:
    moved = replace(data, val=data.test, test=data.val)
    mixed = replace(data, train=data.train.at(np.array([3, 1, 0, 2])))
    assert moved.digest != data.digest
    assert mixed.digest == data.digest


# --- what it shows


def test_in_short_it_names_counts_and_shape(data: ImageData) -> None:
    assert repr(data) == "ImageData('pets': 4 train, 2 val, 2 test; 3 classes; 1x2x2)"
    assert (data.channels, data.size) == (1, (2, 2))
    assert list(data.splits) == ["train", "val", "test"]


def test_in_a_notebook_class_names_are_text(data: ImageData) -> None:
    html = replace(data, classes=("<script>", "dog", "eel"))._repr_html_()
    assert "<td>&lt;script&gt;</td><td>2</td><td>0</td><td>1</td>" in html
    assert "<script>" not in html
    assert "data:image/png;base64," in html
