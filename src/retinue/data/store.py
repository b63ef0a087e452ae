"""Decoded pictures in one file of the cache: written once, one after another, and then only read.

A store is a folder that appears whole: `pictures.u8`, the bytes of all pictures, and `index.json`,
their shape, the digest of each, and why some have none.
"""

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

from retinue.data.memory import map_pictures
from retinue.errors import RetinueError
from retinue.images import Pixels
from retinue.writing import write_text

LAYOUT = 1  # raised when the two files change, so that older stores are not opened
_BUFFER = 2**20
_ABANDONED = 7 * 24 * 3600  # seconds


@dataclass(frozen=True)
class Store:
    """Decoded pictures (M, H, W, C), the digest of each row, and why some digests have none."""

    pictures: Pixels
    digests: Sequence[str]
    bad: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each digest."""
        return {digest: row for row, digest in enumerate(self.digests)}


def key_of(made_from: Any) -> str:
    """The name of the store of what is told, as JSON has it."""
    text = json.dumps([LAYOUT, made_from])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def open_store(folder: Path, cache_memory: int) -> Store | None:
    """Read a store: into memory up to that many bytes, else mapped. None if it is not whole."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        shape = tuple(index["shape"])
        pictures = _open_pictures(folder / "pictures.u8", shape, cache_memory)
        return Store(pictures, index["digests"], index["bad"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _open_pictures(path: Path, shape: tuple[int, ...], cache_memory: int) -> Pixels:
    size = int(np.prod(shape))
    if path.stat().st_size != size:
        raise ValueError(f"{path}: not of the size that its index says")
    if size <= cache_memory:
        return np.fromfile(path, np.uint8).reshape(shape)
    return map_pictures(path, shape)


class StoreWriter:
    """Takes pictures one after another; a context, which leaves nothing behind that is not whole.

    Where the cache cannot be written, pictures are taken into memory.
    """

    def __init__(self, parent: Path, most: int) -> None:
        self._parent, self._most = parent, most
        self._digests: list[str] = []
        self._bad: dict[str, str] = {}
        self._known: set[str] = set()
        self._shape: tuple[int, ...] = ()
        self._aside: Path | None = None
        self._file: BinaryIO | None = None
        self._memory: Pixels = np.empty(0, np.uint8)

    def __enter__(self) -> Self:
        try:
            self._parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(self._parent)
            aside = self._parent / f".{os.getpid()}.{secrets.token_hex(4)}.part"
            aside.mkdir()  # not a tempfile, which only its maker may read: caches are shared
            self._aside = aside
        except OSError:
            self._aside = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # what was not written is thrown away
            self._close()
        if self._aside is not None:
            shutil.rmtree(self._aside, ignore_errors=True)

    def begin(self, shape: tuple[int, int, int]) -> None:
        """Forget what was added, and take pictures of this shape (H, W, C) from now on."""
        self._close()
        self._digests, self._bad, self._known, self._shape = [], {}, set(), shape
        if self._aside is not None:
            try:
                # Two of a hundred for the index and what else the disk needs.
                size = 1.02 * self._most * np.prod(shape, dtype=float)
                if shutil.disk_usage(self._aside).free > size:
                    self._file = (self._aside / "pictures.u8").open("wb", _BUFFER)
                    return
            except OSError:
                pass
        # Pages that are never written cost nothing, so room for the most is no waste.
        self._memory = np.empty((self._most, *shape), np.uint8)

    def __contains__(self, digest: str) -> bool:
        """Whether a picture of this digest was added or rejected."""
        return digest in self._known

    def add(self, digest: str, pixels: Pixels) -> None:
        """Take a picture as the next row."""
        if self._file is None:
            self._memory[len(self._digests)] = pixels
        else:
            try:
                self._file.write(np.ascontiguousarray(pixels).data)
            except OSError as error:
                raise self._unwritable(error) from None
        self._digests.append(digest)
        self._known.add(digest)

    def reject(self, digest: str, reason: str) -> None:
        """Remember why there is no such picture."""
        self._bad[digest] = reason
        self._known.add(digest)

    def finish(self, folder: Path, cache_memory: int) -> Store:
        """Put what was added where it will be found, and open it.

        Raises:
            RetinueError: the disk is full or broken.
        """
        if self._aside is None or self._file is None:
            return Store(self._memory[: len(self._digests)], self._digests, self._bad)
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._close()
            shape = (len(self._digests), *self._shape)
            index = {"shape": shape, "digests": self._digests, "bad": self._bad}
            write_text(self._aside / "index.json", json.dumps(index))
            _publish(self._aside, folder)
        except OSError as error:
            raise self._unwritable(error) from None
        store = open_store(folder, cache_memory)
        if store is None:
            raise RetinueError(f"{folder}: was damaged as soon as it was written; remove it")
        return store

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _unwritable(self, error: OSError) -> RetinueError:
        return RetinueError(
            f"{self._parent}: cannot be written ({error.strerror}): make room there, or set "
            "RETINUE_CACHE to another folder"
        )


def _publish(aside: Path, folder: Path) -> None:
    """Rename into place; another process that was faster has written the same."""
    if folder.exists() and open_store(folder, 0) is None:
        shutil.rmtree(folder, ignore_errors=True)  # damaged: make room for a whole one
    try:
        aside.rename(folder)
    except OSError:
        if not (folder / "index.json").exists():
            raise


def _remove_abandoned(parent: Path) -> None:
    """Remove what a process that was killed left behind."""
    for left in parent.glob(".*.part"):
        if time.time() - left.stat().st_mtime > _ABANDONED:
            shutil.rmtree(left, ignore_errors=True)
