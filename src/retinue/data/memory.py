"""How much of the decoded pictures may lie in memory, and how the rest is read from the disk."""

import mmap
import os
import re
import weakref
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import RetinueError, UsageError
from retinue.images import Pixels

CACHE_MEMORY = 2**30  # bytes; what is larger stays on the disk, memory-mapped
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_descriptors: weakref.WeakKeyDictionary[mmap.mmap, int] = weakref.WeakKeyDictionary()


def bytes_of(amount: int | str) -> int:
    """A number of bytes from 268435456, "256MB", "2GB" or "512MiB".

    Raises:
        UsageError: it is no such amount.
    """
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]i?)?b?\s*", str(amount).lower())
    if isinstance(amount, bool) or found is None:
        raise UsageError(f"--cache-memory {amount}: write bytes, as 256MB, 2GB or 512MiB")
    return int(float(found[1]) * (_UNITS | _BINARY)[found[2] or ""])


def map_pictures(path: Path, shape: tuple[int, ...]) -> Pixels:
    """The bytes of a file as a read-only array of this shape, memory-mapped."""
    pictures: np.memmap[Any, Any] = np.memmap(path, np.uint8, "r", shape=shape)
    # Python's own way to the map; opened now, for the file may be gone when it is first read.
    mapped: mmap.mmap = pictures._mmap  # type: ignore[attr-defined]
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    weakref.finalize(mapped, os.close, descriptor)
    _descriptors[mapped] = descriptor
    return pictures


def rows_of(pictures: Pixels, rows: NDArray[np.int64]) -> Pixels:
    """Some pictures (n, H, W, C) of an array in memory or of `map_pictures`, as a copy in memory.

    Raises:
        RetinueError: the file was cut short.
    """
    descriptor = _descriptor_of(pictures)
    if descriptor is None:
        return np.asarray(pictures[rows])
    # Read, not copied out of the map: each page that is touched there brings its neighbours along,
    # and all of them would count as memory of this process.
    found = np.empty((len(rows), *pictures.shape[1:]), np.uint8)
    size = int(np.prod(pictures.shape[1:]))
    flat = found.reshape(-1).data
    edges = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
    for start, end in pairwise(edges):
        if start < end:
            _read(descriptor, flat[start * size : end * size], int(rows[start]) * size)
    return found


def _descriptor_of(pictures: Pixels) -> int | None:
    """The open file of a whole array of `map_pictures`, where the system can read at a place."""
    mapped = getattr(pictures, "_mmap", None)
    if mapped is None or not hasattr(os, "preadv"):
        return None
    whole = pictures.nbytes == len(mapped) and pictures.flags.c_contiguous
    return _descriptors.get(mapped) if whole else None


def _read(descriptor: int, target: memoryview, offset: int) -> None:
    done = 0
    while done < len(target):
        count = os.preadv(descriptor, [target[done:]], offset + done)
        if not count:
            raise RetinueError("the file of decoded pictures was cut short: run the same again")
        done += count
