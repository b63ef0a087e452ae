"""ImageData: pictures with labels, class names and splits."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.data.memory import rows_of
from retinue.images import Pixels, Preprocess

Labels = NDArray[np.int64]
Rows = NDArray[np.int64]
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class BadPicture:
    """A picture that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Split:
    """Some pictures of a store, with what is known of each.

    `store` (M, H, W, C) uint8 may be memory-mapped and is shared by the splits; `rows` (N,) says
    which of it are here, in order.
    """

    store: Pixels
    rows: Rows
    labels: Labels
    ids: Sequence[str]
    paths: Sequence[str]
    digests: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, positions: NDArray[np.int64] | slice) -> Pixels:
        """The pictures (n, H, W, C) at some positions of this split, as a copy."""
        return rows_of(self.store, self.rows[positions])

    def at(self, positions: NDArray[np.int64]) -> "Split":
        """Some of this split's pictures, as a split over the same store."""

        def some(values: Sequence[str]) -> list[str]:
            return [values[position] for position in positions.tolist()]

        return Split(
            self.store,
            self.rows[positions],
            self.labels[positions],
            some(self.ids),
            some(self.paths),
            some(self.digests),
        )

    @property
    def images(self) -> Pixels:
        """All pictures of this split, (N, H, W, C): a copy in memory."""
        return self.take(slice(None))

    def counts(self, classes: Sequence[str]) -> dict[str, int]:
        """How many pictures each class has."""
        counts = np.bincount(self.labels, minlength=len(classes))
        return dict(zip(classes, counts.tolist(), strict=True))

    def content_digest(self, classes: Sequence[str]) -> str:
        """SHA-256 over the sorted (class, picture digest) pairs.

        The identity of a test set: it does not depend on paths, container, order or input size.
        """
        names = (classes[label] for label in self.labels)
        return pairs_digest(zip(names, self.digests, strict=True))


@dataclass(frozen=True)
class ImageData:
    """A data set: its splits, the class names in label order, and how pictures were brought here.

    `notes` are what the user should know before training; `bad` are pictures left out;
    `loaded_with` and `data_root` are what it takes to load the same again.
    """

    name: str
    source: str
    classes: tuple[str, ...]
    preprocess: Preprocess
    train: Split
    val: Split
    test: Split
    notes: tuple[str, ...] = ()
    bad: tuple[BadPicture, ...] = ()
    loaded_with: dict[str, Any] = field(default_factory=dict)
    data_root: str | None = None

    @property
    def channels(self) -> int:
        """1 for grey pictures, 3 for colour."""
        return self.preprocess.channels

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.preprocess.size

    @property
    def splits(self) -> dict[str, Split]:
        """The three splits by name; those that are empty too."""
        return {"train": self.train, "val": self.val, "test": self.test}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over split, class and picture of everything that is here."""
        parts = (f"{name} {split.content_digest(self.classes)}" for name, split in self._parts())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _parts(self) -> Iterable[tuple[str, Split]]:
        return self.splits.items()

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(split):,} {name}" for name, split in self._parts())
        height, width = self.size
        return (
            f"ImageData({self.name!r}: {counts}; {len(self.classes)} classes; "
            f"{self.channels}x{height}x{width})"
        )

    def _repr_html_(self) -> str:
        from retinue.data.sheets import sample_sheet
        from retinue.notebook import figure, table

        rows = [
            [name, *(split.counts(self.classes)[name] for split in self.splits.values())]
            for name in self.classes
        ]
        return table(["class", *SPLITS], rows, repr(self)) + figure(sample_sheet(self, columns=8))


def picture_digest(pixels: Pixels) -> str:
    """SHA-256 of shape and pixels: the digest of a picture that has no file."""
    head = "x".join(str(side) for side in pixels.shape).encode()
    return hashlib.sha256(head + b":" + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def pairs_digest(pairs: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over (class name, picture digest) pairs, whatever their order."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for name, digest in pairs:
        by_name[name].append(digest)
    whole = hashlib.sha256()
    end = ""
    for name in sorted(by_name):
        for digest in sorted(by_name[name]):
            whole.update(f"{end}{name}\0{digest}".encode())
            end = "\n"
    return whole.hexdigest()
