"""The data sets that come by name: where each is found, downloaded or generated."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retinue.data.cache import Progress
from retinue.data.generated import kept
from retinue.data.memory import CACHE_MEMORY
from retinue.data.official import find_official, load_official
from retinue.data.pool import Given
from retinue.data.shapes import CLASSES, DRAWING, draw, lay_out
from retinue.errors import UsageError


@dataclass(frozen=True)
class BuiltIn:
    """One line of `retinue datasets`: what it is, its pictures, and how it is licensed."""

    about: str
    pictures: str
    licence: str
    official: bool = False


BUILT_IN: dict[str, BuiltIn] = {
    "digits": BuiltIn("handwritten digits of scikit-learn", "1,797 grey 8x8", "CC BY 4.0"),
    "shapes": BuiltIn("six generated shapes on textures", "3,000 colour 32x32", "generated"),
    "mnist": BuiltIn("handwritten digits", "70,000 grey 28x28", "CC BY-SA 3.0", official=True),
    "fashion-mnist": BuiltIn("clothes", "70,000 grey 28x28", "MIT", official=True),
    "cifar10": BuiltIn("photos of 10 things", "60,000 colour 32x32", "research", official=True),
    "cifar100": BuiltIn("photos of 100 things", "60,000 colour 32x32", "research", official=True),
}


def built_in(
    name: str,
    root: Path,
    options: Mapping[str, Any],
    progress: Progress | None,
    cache_memory: int = CACHE_MEMORY,
) -> Given | Path:
    """The arrays of a built-in data set, or the path of its archive of class folders.

    Arrays of more than `cache_memory` bytes are memory-mapped.

    Raises:
        UsageError: an option that it does not take.
        RetinueError: it is not on this machine and cannot be downloaded.
    """
    if name == "shapes":
        return _shapes(options, progress, cache_memory)
    if options:
        raise UsageError(f"data_options.{next(iter(options))}: {name} takes no options")
    if name == "digits":
        return _digits()
    archive = root / f"{name}.zip"
    if archive.is_file() and find_official(name, root) is None:
        return archive
    told = _downloading(name, progress) if progress else None
    classes, train, test = load_official(name, root, progress=told)
    parts = (train.images, test.images)
    shape = (len(train.labels) + len(test.labels), *train.images.shape[1:])
    store = kept(
        lambda: [hashlib.sha256(np.ascontiguousarray(part).data).hexdigest() for part in parts],
        shape,
        parts,
        cache_memory,
    )
    return Given(
        classes,
        store.pictures,
        np.concatenate([train.labels, test.labels]),
        ["train"] * len(train.labels) + ["test"] * len(test.labels),
        store.digests,
    )


def where(name: str, root: Path) -> str:
    """Where a built-in data set is on this machine, or an empty text."""
    if not BUILT_IN[name].official:
        return "comes with Retinue"
    found = find_official(name, root)
    archive = root / f"{name}.zip"
    return str(found or (archive if archive.is_file() else ""))


def _digits() -> Given:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    labels = digits.target.astype(np.int64)
    return Given(tuple("0123456789"), images, labels, [""] * len(labels))


def _shapes(options: Mapping[str, Any], progress: Progress | None, cache_memory: int) -> Given:
    known = inspect.signature(lay_out).parameters
    for name in options:
        if name not in known:
            raise UsageError(f"data_options.{name}: shapes takes {', '.join(known)}")
    shapes = lay_out(**options)
    settled = {name: options.get(name, one.default) for name, one in known.items()}
    store = kept(
        lambda: ["shapes", DRAWING, np.__version__, settled],
        (len(shapes.labels), shapes.size, shapes.size, 3),
        draw(shapes),
        cache_memory,
        progress,
    )
    splits = np.where(shapes.test_rows, "test", "train").tolist()
    return Given(CLASSES, store.pictures, shapes.labels, splits, store.digests)


def _downloading(name: str, progress: Progress) -> Callable[[int, int], None]:
    return lambda done, total: progress(f"downloading {name}", done, total)
