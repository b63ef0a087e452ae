"""The hidden pictures that all runs of a board are judged on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.data.cache import Progress
from retinue.data.imagedata import ImageData, Split, picture_digest
from retinue.data.load import load_data
from retinue.data.pool import SMALL
from retinue.evaluation.calibration import Ints
from retinue.images import Pixels, Preprocess


@dataclass(frozen=True)
class Hidden:
    """The hidden pictures, with what is known of each.

    Args:
        name: of the data.
        source: as `load_data` takes it.
        data_root: where built-in data lies; None for the cache.
        classes: names in the order of the labels.
        split: the pictures.
        preprocess: how they were brought here, to be looked at.
        pixel_digests: over shape and pixels, for runs that learnt from arrays of the same pictures;
            empty where the pictures do not have their own size here.
    """

    name: str
    source: str
    data_root: str | None
    classes: tuple[str, ...]
    split: Split
    preprocess: Preprocess
    pixel_digests: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.split)

    @property
    def truth(self) -> Ints:
        """The true classes, (N,)."""
        return self.split.labels

    @property
    def digest(self) -> str:
        """The identity of these pictures, whatever their paths and order."""
        return self.split.content_digest(self.classes)

    @property
    def repeated(self) -> int:
        """How many pictures are byte-identical copies of others that are here."""
        return len(self.split) - len(set(self.split.digests))

    def pictures(self, positions: Sequence[int]) -> list[Pixels]:
        """Some pictures, (H, W, C) each, to be looked at."""
        import numpy as np

        rows = np.array(positions, np.int64)
        return list(self.preprocess.centre(self.split.take(rows))) if len(rows) else []


def open_hidden(
    data: str | Path, data_root: str | Path | None = None, progress: Progress | None = None
) -> Hidden:
    """Open the hidden pictures: the test split of the data where it has one, else all of it.

    Raises:
        UsageError: no such data, or none that can be told apart.
        RetinueError: pictures cannot be read.
    """
    found = load_hidden(str(data), data_root, progress=progress)
    split = judged_split(found)
    return Hidden(
        found.name,
        found.source,  # with the whole path
        None if data_root is None else str(data_root),
        found.classes,
        split,
        found.preprocess,
        _pixel_digests(split, found.preprocess),
    )


def load_hidden(
    source: str,
    data_root: str | Path | None = None,
    preprocess: Preprocess | None = None,
    progress: Progress | None = None,
) -> ImageData:
    """The whole data, as a run wants its pictures where its `preprocess` is given."""
    options: dict[str, Any] = {"val_fraction": 0, "test_fraction": 0}
    return load_data(
        source, data_root=data_root, preprocess=preprocess, progress=progress, **options
    )


def judged_split(data: ImageData) -> Split:
    """The pictures of some data that a board judges on."""
    return data.test if len(data.test) else data.train


def _pixel_digests(split: Split, preprocess: Preprocess) -> tuple[str, ...]:
    """Digests over shape and pixels of pictures that are files, where they have their own size."""
    is_whole = preprocess.stored == preprocess.size and max(preprocess.size) <= SMALL
    if not is_whole or not any(split.paths):
        return ()
    return tuple(map(picture_digest, split.images))
