"""Computed pictures: in memory where they are small, else drawn once and mapped."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.data.builtin import built_in
from retinue.data.cache import pictures_folder
from retinue.data.generated import kept
from retinue.data.imagedata import picture_digest
from retinue.data.load import load_data
from retinue.data.pool import Given
from retinue.images import Pixels

SHAPE = (7, 8, 8, 3)
SIZE = 7 * 8 * 8 * 3


@pytest.fixture
def batches(noise: Callable[..., NDArray[np.uint8]]) -> Callable[[], Iterator[Pixels]]:
    """Seven pictures in three batches; the last two are alike."""

    def draw() -> Iterator[Pixels]:
        for seeds in ([0, 1, 2], [3, 4, 5], [5]):
            yield np.stack([noise(seed) for seed in seeds])

    return draw


@pytest.mark.parametrize("limit", [SIZE, SIZE - 1])
def test_pictures_are_kept_in_order_with_their_digests(
    batches: Callable[[], Iterator[Pixels]], limit: int
) -> None:
    expected = np.concatenate(list(batches()))
    told: list[tuple[str, int, int]] = []
    store = kept(lambda: "these", SHAPE, batches(), limit, lambda *one: told.append(one))
    assert isinstance(store.pictures, np.memmap) == (limit < SIZE)
    assert (store.pictures == expected).all()
    assert store.digests == [picture_digest(one) for one in expected]
    assert told == [("drawing", 3, 7), ("drawing", 6, 7), ("drawing", 7, 7)]


def test_large_ones_are_drawn_once(batches: Callable[[], Iterator[Pixels]]) -> None:
    first = kept(lambda: "these", SHAPE, batches(), 0)

    def fails() -> Iterator[Pixels]:
        for _ in range(7):
            raise AssertionError("drawn again")
        yield from ()

    again = kept(lambda: "these", SHAPE, fails(), 0)
    assert (again.pictures == first.pictures).all()
    assert again.digests == first.digests
    with pytest.raises(AssertionError, match="drawn again"):  # the control
        kept(lambda: "others", SHAPE, fails(), 0)
    assert len(list(pictures_folder().iterdir())) == 1


def shapes(limit: int, **options: Any) -> Given:
    found = built_in("shapes", Path(), options, None, limit)
    assert isinstance(found, Given)
    return found


@pytest.mark.parametrize(
    "options", [{"count": 400, "size": 40}, {"count": 100, "duplicates": 0.2, "label_errors": 0.1}]
)
def test_shapes_are_the_same_in_memory_and_mapped(options: dict[str, Any]) -> None:
    small, large = shapes(10**9, **options), shapes(0, **options)
    assert not isinstance(small.images, np.memmap)
    assert isinstance(large.images, np.memmap)
    assert (small.images == large.images).all()
    assert (small.labels == large.labels).all()
    assert small.digests == large.digests
    assert small.splits == large.splits


def test_other_options_are_another_store() -> None:
    for options in ({}, {"count": 50, "size": 32}, {"count": 50, "seed": 1}, {"count": 51}):
        shapes(0, **{"count": 50, **options})
    assert len(list(pictures_folder().iterdir())) == 3  # size 32 is the default


def test_data_that_is_mapped_is_the_same_data() -> None:
    options: dict[str, Any] = {"count": 300, "size": 16, "duplicates": 0.1}
    small = load_data("shapes", **options)
    large = load_data("shapes", cache_memory="1kB", **options)
    assert isinstance(large.train.store, np.memmap)
    assert large.digest == small.digest
    assert large.notes == small.notes
    for name, split in small.splits.items():
        assert (large.splits[name].images == split.images).all()


@pytest.mark.parametrize("limit", ["1GB", "1kB"])
def test_arrays_of_another_size_are_brought_one_by_one(
    noise: Callable[..., NDArray[np.uint8]], limit: str
) -> None:
    images = np.stack([noise(seed, 20, 12) for seed in range(40)])
    labels = np.arange(40) % 2
    found = load_data((images, labels), size=16, cache_memory=limit)
    assert isinstance(found.train.store, np.memmap) == (limit == "1kB")
    for split in found.splits.values():
        for one, name in zip(split.images, split.ids, strict=True):
            assert (one == found.preprocess(images[int(name)])).all()


def test_arrays_are_not_copied(noise: Callable[..., NDArray[np.uint8]]) -> None:
    images = np.stack([noise(seed) for seed in range(40)])
    found = load_data((images, np.arange(40) % 2))
    assert np.shares_memory(found.train.store, images)
    some = load_data((images, np.arange(40) % 4), classes=["3", "1"])
    assert np.shares_memory(some.train.store, images)
    for split in some.splits.values():
        for one, name in zip(split.images, split.ids, strict=True):
            assert (one == images[int(name)]).all()
