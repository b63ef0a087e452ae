"""All pictures of a source before they are split: read, brought to one shape, with digests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retinue.data.cache import Progress, load_store, scan
from retinue.data.checks import require_readable
from retinue.data.imagedata import BadPicture, Labels, Split, picture_digest
from retinue.data.listing import Listing, only_classes
from retinue.errors import UsageError
from retinue.images import Fit, Pixels, Preprocess
from retinue.wording import count

SMALL = 64  # pictures up to this size that share one shape keep it
PHOTO = 128
MARGIN = 1.15  # photos are stored larger by this, so that crops have room


@dataclass(frozen=True)
class Given:
    """Pictures that are arrays from the start: (N, H, W, C), one shape, with labels and splits.

    `splits` holds train, val, test or an empty text per picture.
    """

    classes: tuple[str, ...]
    images: Pixels
    labels: Labels
    splits: list[str]


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
class Wanted:
    """How pictures are to be brought: what is None follows from the pictures."""

    size: tuple[int, int] | None = None
    fit: Fit = "crop"
    channels: int | None = None
    classes: Sequence[str] | None = None
    group_by: str | None = None
    preprocess: Preprocess | None = None

    def preprocess_for(self, shapes: set[tuple[int, int]], grey: bool) -> Preprocess:
        """The rule for pictures of these shapes (height, width), all grey or not."""
        if self.preprocess is not None:
            return self.preprocess
        channels = self.channels or (1 if grey else 3)
        only = next(iter(shapes)) if len(shapes) == 1 else None
        if only is not None and max(only) <= SMALL:
            size = self.size or only
            return Preprocess(size, size, self.fit, channels)
        size = self.size or (PHOTO, PHOTO)
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
    images = given.images[keep]
    digests = [picture_digest(picture) for picture in images]
    ids = [str(position) for position in keep.tolist()]
    preprocess = wanted.preprocess_for({images.shape[1:3]}, images.shape[3] == 1)
    if images.shape[1:] != (*preprocess.stored, preprocess.channels):
        images = np.stack([preprocess(picture) for picture in images])
    return Pool(
        classes=classes,
        pictures=Split(images, np.arange(len(images)), labels, ids, [""] * len(images), digests),
        given=[given.splits[position] for position in keep.tolist()],
        groups=[""] * len(images),
        preprocess=preprocess,
    )


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
    scanned = scan(listing.files, [item.entry for item in items], progress)
    good = [entry for entry in scanned.values() if not entry.reason]
    shapes = {(entry.height, entry.width) for entry in good}
    preprocess = wanted.preprocess_for(shapes, all(entry.grey for entry in good))
    store = load_store(listing.files, scanned, preprocess, progress)
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
        preprocess=preprocess,
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
