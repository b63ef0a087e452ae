"""Pictures that are computed and not read: in memory, or drawn once into the cache if larger."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from retinue.data.cache import Progress, pictures_folder
from retinue.data.imagedata import picture_digest
from retinue.data.store import Store, StoreWriter, key_of, open_store
from retinue.images import Pixels


def kept(
    made_from: Callable[[], Any],
    shape: tuple[int, int, int, int],
    batches: Iterable[Pixels],
    cache_memory: int,
    progress: Progress | None = None,
) -> Store:
    """Take in pictures (n, H, W, C) that come some at a time, `shape` (N, H, W, C) all together.

    Up to `cache_memory` bytes they are in memory. More are written into the cache, where they are
    found again by what they were `made_from`, as JSON has it; then no batch is asked for.
    """
    told = _told(batches, shape[0], progress)
    if math.prod(shape) <= cache_memory:
        pictures = np.empty(shape, np.uint8)
        digests: list[str] = []
        for batch in told:
            pictures[len(digests) : len(digests) + len(batch)] = batch
            digests += map(picture_digest, batch)
        return Store(pictures, digests)
    folder = pictures_folder() / key_of(made_from())
    store = open_store(folder, cache_memory)
    if store is not None:
        return store
    with StoreWriter(pictures_folder(), shape[0]) as writer:
        writer.begin(shape[1:])
        for batch in told:
            for picture in batch:
                writer.add(picture_digest(picture), picture)
        return writer.finish(folder, cache_memory)


def _told(batches: Iterable[Pixels], total: int, progress: Progress | None) -> Iterator[Pixels]:
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        if progress:
            progress("drawing", done, total)
