"""All pictures of a source before they are split: read, brought to one shape, with digests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import PIL

from retinue.data.cache import Progress, take_in
from retinue.data.checks import require_readable
from retinue.data.generated import kept
from retinue.data.imagedata import BadPicture, Labels, Rows, Split, picture_digest
from retinue.data.listing import Listing, only_classes
from retinue.data.memory import CACHE_MEMORY, rows_of
from retinue.data.store import Store
from retinue.errors import UsageError
from retinue.images import RULES, Fit, Pixels, Preprocess
from retinue.wording import count

SMALL = 64  # pictures up to this size that share one shape keep it
PHOTO = 128
MARGIN = 1.15  # photos are stored larger by this, so that crops have room


@dataclass(frozen=True)
class Given:
    """Pictures that are arrays from the start: (N, H, W, C), one shape, with labels and splits.

    `splits` holds train, val, test or an empty text per picture; `digests` those of the pictures
    where they are known already.
    """

    classes: tuple[str, ...]
    images: Pixels
    labels: Labels
    splits: list[str]
    digests: Sequence[str] | None = None


@dataclass(frozen=True)
class Pool:
    """All good pictures of a source before they are split; one entry a picture."""

    classes: tuple[str, ...]
    pictures: Split
    given: list[str]
    groups: list[str]
    preprocess: Preprocess
    notes: tuple[str, ...] = ()
    bad: tuple[BadPicture, ...] = ()


@dataclass(frozen=True)
class Photos:
    """What pictures that are no small ones become where nothing else is said."""

    size: tuple[int, int] = (PHOTO, PHOTO)
    channels: int | None = None


@dataclass(frozen=True)
class Wanted:
    """How pictures are to be brought: what is None follows from the pictures."""

    size: tuple[int, int] | None = None
    fit: Fit = "crop"
    channels: int | None = None
    classes: Sequence[str] | None = None
    group_by: str | None = None
    preprocess: Preprocess | None = None
    cache_memory: int = CACHE_MEMORY
    photos: Photos = Photos()

    def preprocess_for(self, shapes: set[tuple[int, int]], grey: bool) -> Preprocess:
        """The rule for pictures of these shapes (height, width), all grey or not."""
        if self.preprocess is not None:
            return self.preprocess
        own_channels = 1 if grey else 3
        only = next(iter(shapes)) if len(shapes) == 1 else None
        if only is not None and max(only) <= SMALL:
            size = self.size or only
            # A network for photos takes up to fifty times the pixels: enlarged batch by batch.
            stored = only if min(size) > SMALL else size
            return Preprocess(size, stored, self.fit, self.channels or own_channels)
        size = self.size or self.photos.size
        channels = self.channels or self.photos.channels or own_channels
        # Padding and stretching are asked for so that nothing is cut off: no margin there.
        margin = MARGIN if self.fit == "crop" else 1.0
        stored = round(size[0] * margin), round(size[1] * margin)
        return Preprocess(size, stored, self.fit, channels)


def from_arrays(given: Given, wanted: Wanted) -> Pool:
    """Pictures that were never files; their digest is over shape and pixels."""
    keep = np.arange(len(given.labels))
    classes, labels = given.classes, given.labels
    if wanted.classes is not None:
        names = _known(wanted.classes, classes)
        listed = [classes.index(name) for name in names]
        keep = np.flatnonzero(np.isin(labels, listed))
        lookup = {label: position for position, label in enumerate(listed)}
        labels = np.array([lookup[label] for label in labels[keep].tolist()], dtype=np.int64)
        classes = names
    if wanted.group_by is not None:
        raise UsageError("--group-by needs pictures with paths; this data set has none")
    if given.digests is None:
        digests = [picture_digest(picture) for picture in _one_by_one(given.images, keep)]
    else:
        digests = [given.digests[row] for row in keep.tolist()]
    ids = [str(position) for position in keep.tolist()]
    shape = given.images.shape[1:]
    preprocess = wanted.preprocess_for({shape[:2]}, shape[2] == 1)
    images, rows = given.images, keep
    if shape != preprocess.shape:
        images = _brought(given.images, keep, digests, preprocess, wanted.cache_memory).pictures
        rows = np.arange(len(keep))
    return Pool(
        classes=classes,
        pictures=Split(images, rows, labels, ids, [""] * len(keep), digests),
        given=[given.splits[position] for position in keep.tolist()],
        groups=[""] * len(keep),
        preprocess=preprocess,
    )


def _one_by_one(images: Pixels, rows: Rows) -> Iterator[Pixels]:
    for position in range(len(rows)):
        yield rows_of(images, rows[position : position + 1])[0]


def _brought(
    images: Pixels, keep: Rows, digests: Sequence[str], preprocess: Preprocess, cache_memory: int
) -> Store:
    """Some of the pictures at the stored size, one after another."""

    def pictures() -> Iterator[Pixels]:
        for one in _one_by_one(images, keep):
            yield preprocess(one)[None]

    rules = [RULES, PIL.__version__, preprocess.shape, preprocess.fit]
    shape = (len(keep), *preprocess.shape)
    return kept(lambda: ["arrays", rules, digests], shape, pictures(), cache_memory)


def _known(names: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in classes:
            raise UsageError(f"--classes: no class {name!r}; there are {', '.join(classes)}")
    return tuple(dict.fromkeys(names))


def from_files(listing: Listing, wanted: Wanted, max_bad: float, progress: Progress | None) -> Pool:
    """Scan, choose the size, decode; what cannot be read is left out and listed."""
    if wanted.classes is not None:
        listing = only_classes(listing, wanted.classes)
    items = listing.items
    entries = [item.entry for item in items]
    taken = take_in(listing.files, entries, wanted.preprocess_for, wanted.cache_memory, progress)
    scanned, store = taken.scanned, taken.store
    kept, bad = [], []
    for item in items:
        entry = scanned[item.entry.name]
        reason = entry.reason or store.bad.get(entry.digest, "")
        if reason:
            bad.append(BadPicture(item.entry.name, reason))
        else:
            kept.append(item)
    require_readable(bad, len(items), max_bad)
    left = {item.class_name for item in kept}
    classes = tuple(name for name in listing.classes if name in left)
    lost = [
        f"no picture of class {n!r} can be read: left out" for n in listing.classes if n not in left
    ]
    label = {name: number for number, name in enumerate(classes)}
    digests = [scanned[item.entry.name].digest for item in kept]
    names = [item.entry.name for item in kept]
    rows = np.array([store.rows[digest] for digest in digests], dtype=np.int64)
    labels = np.array([label[item.class_name] for item in kept], dtype=np.int64)
    return Pool(
        classes=classes,
        pictures=Split(store.pictures, rows, labels, names, names, digests),
        given=[item.split for item in kept],
        groups=[item.group for item in kept],
        preprocess=taken.preprocess,
        notes=(*listing.notes, *lost, *_bad_note(bad)),
        bad=tuple(bad),
    )


def _bad_note(bad: Sequence[BadPicture]) -> tuple[str, ...]:
    if not bad:
        return ()
    first = f"{bad[0].path} ({bad[0].reason})"
    return (
        f"left out, unreadable: {count(len(bad), 'picture')}, as {first}; see bad-pictures.csv",
    )
