"""`load_data`: from a name, folder, archive, CSV or arrays to an `ImageData`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from retinue.data.builtin import BUILT_IN, built_in
from retinue.data.cache import Progress, cache_folder
from retinue.data.checks import notes_on, require_classes
from retinue.data.imagedata import SPLITS, ImageData
from retinue.data.listing import class_order, list_source
from retinue.data.memory import CACHE_MEMORY, bytes_of
from retinue.data.pool import Given, Photos, Pool, Wanted, from_arrays, from_files
from retinue.data.splits import SplitRules, assign
from retinue.errors import UsageError
from retinue.images import Fit, Preprocess
from retinue.recipe import DATA_KEYS, Recipe

Source = str | Path | tuple[Any, Any]
# What a source is called without.
_ENDINGS = (
    ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tgz", ".tar", ".zip", ".csv", ".tsv",
)  # fmt: skip


def load_data(
    data: Source,
    *,
    size: int | tuple[int, int] | None = None,
    fit: Fit = "crop",
    channels: int | None = None,
    classes: Sequence[str] | None = None,
    limit_per_class: int | None = None,
    group_by: str | None = None,
    val_fraction: float = 0.1,
    test_fraction: float = 0.2,
    split_seed: int = 0,
    max_bad: float = 0.01,
    data_root: str | Path | None = None,
    preprocess: Preprocess | None = None,
    photos: Photos | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    progress: Progress | None = None,
    data_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> ImageData:
    """Load pictures with labels and split them.

    Args:
        data: a built-in name (`retinue datasets`), a folder of class folders with or without
            train/val/test above them, a zip or tar of one, a CSV with a path and a label column,
            or a pair of arrays: images (N, H, W) or (N, H, W, C) uint8, and labels (N,).
        size: pixels of the network's input, as one number or (height, width).
        fit: how pictures of another shape are brought to it: crop, pad or squash.
        channels: 1 for grey, 3 for colour; by default what the pictures have.
        classes: only these classes.
        limit_per_class: at most so many training pictures a class.
        group_by: a CSV column, "parent" or a regular expression: a group stays in one split.
        val_fraction: share for validation.
        test_fraction: share for testing where the source has no test split.
        split_seed: seed of the split.
        max_bad: share of unreadable pictures above which this fails.
        data_root: where built-in data sets lie or are downloaded to.
        preprocess: bring pictures exactly as an earlier run did; overrides size, fit, channels.
        photos: what larger pictures become where size and channels are not given.
        cache_memory: bytes of decoded pictures that may lie in memory, as 268435456 or "256MB";
            more are memory-mapped from the cache.
        progress: called with (what is being done, done, total).
        data_options: of a generated data set; needed for those of a name that stands above, as
            {"size": 64} of "shapes".
        options: more of them, as `label_errors=0.05`.

    Raises:
        UsageError: there is no such data, or it cannot be split or told apart as asked.
        RetinueError: pictures cannot be read.
    """
    square = (size, size) if isinstance(size, int) else size
    most = bytes_of(cache_memory)
    options = {**(data_options or {}), **options}
    wanted = Wanted(square, fit, channels, classes, group_by, preprocess, most, photos or Photos())
    root = Path(data_root) if data_root else cache_folder() / "data"
    name, source, found = _resolve(data, root, options, progress, most)
    if isinstance(found, Given):
        pool = from_arrays(found, wanted)
    else:
        pool = from_files(list_source(found, group_by), wanted, max_bad, progress)
    require_classes(pool.classes, name)
    rules = SplitRules(val_fraction, test_fraction, split_seed, limit_per_class)
    loaded = _split(pool, rules, name, source)
    settings = {
        "data": source,
        "data_options": options,
        "size": square,
        "fit": fit,
        "channels": channels,
        "classes": classes,
        "limit_per_class": limit_per_class,
        "group_by": group_by,
        "val_fraction": val_fraction,
        "test_fraction": test_fraction,
        "split_seed": split_seed,
        "max_bad": max_bad,
    }
    named = None if data_root is None else str(root.resolve())
    return replace(loaded, loaded_with=settings, data_root=named)


def load_for(
    recipe: Recipe,
    data: Source | None = None,
    data_root: str | Path | None = None,
    progress: Progress | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    photos: Photos | None = None,
) -> ImageData:
    """`load_data` with the settings of a recipe; `data` stands in for the recipe's source.

    Raises:
        UsageError: neither names any data; or as `load_data`.
    """
    source = recipe.data if data is None else data
    if not source:
        raise UsageError("no data: name a built-in set, a folder, an archive or a CSV")
    settings: dict[str, Any] = {key: getattr(recipe, key) for key in DATA_KEYS}
    return load_data(
        source,
        data_root=data_root,
        progress=progress,
        cache_memory=cache_memory,
        photos=photos,
        data_options=recipe.data_options,
        **settings,
    )


def _resolve(
    data: Source,
    root: Path,
    options: Mapping[str, Any],
    progress: Progress | None,
    cache_memory: int,
) -> tuple[str, str, Path | Given]:
    """Name, source to record, and the path of picture files or the arrays."""
    if isinstance(data, tuple):
        return "arrays", "", _pair(*data)
    text = str(data)
    if text in BUILT_IN:
        return text, text, built_in(text, root, options, progress, cache_memory)
    if options:
        raise UsageError(f"{text} takes no option {next(iter(options))}; only built-in data does")
    path = Path(data)
    if not path.exists():
        raise UsageError(
            f"{text}: no such file or folder, and no built-in data set "
            f"(there are {', '.join(BUILT_IN)})"
        )
    return _name_of(path.resolve()), str(path.resolve()), path


def _name_of(path: Path) -> str:
    """What a source is called; it becomes a part of paths, so it is never empty, `.` or `..`."""
    stem = path.name
    for suffix in _ENDINGS:
        stem = stem.removesuffix(suffix)
    return stem.strip(". ") or "data"


def _pair(images: Any, labels: Any) -> Given:
    """Arrays from Python: images (N, H, W[, C]) uint8; labels numbers or names."""
    pixels = np.asarray(images)
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4):
        raise UsageError("images must be a uint8 array (N, H, W) or (N, H, W, C), values 0 to 255")
    names = [str(label) for label in np.asarray(labels).tolist()]
    if len(names) != len(pixels):
        raise UsageError(f"{len(pixels)} images but {len(names)} labels")
    classes = class_order(set(names))
    numbers = np.array([classes.index(name) for name in names], dtype=np.int64)
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    if pixels.shape[3] not in (1, 3) or 0 in pixels.shape[1:]:
        raise UsageError(f"images of shape {pixels.shape}: no pictures of 1 or 3 channels")
    return Given(classes, pixels, numbers, [""] * len(names))


def _split(pool: Pool, rules: SplitRules, name: str, source: str) -> ImageData:
    """Deal the pictures out, and note what the user should know."""
    pictures = pool.pictures
    assigned = assign(pictures.labels, pictures.digests, pool.given, pool.groups, rules)
    splits = {part: pictures.at(getattr(assigned, part)) for part in SPLITS}
    return ImageData(
        name=name,
        source=source,
        classes=pool.classes,
        preprocess=pool.preprocess,
        train=splits["train"],
        val=splits["val"],
        test=splits["test"],
        notes=(*pool.notes, *assigned.notes, *notes_on(splits, pool.classes)),
        bad=pool.bad,
    )
