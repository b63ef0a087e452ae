"""The test pictures themselves, from the source of a run or from the thumbnails that it kept."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from retinue.data.cache import Progress
from retinue.data.imagedata import ImageData
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import RetinueError, UsageError
from retinue.evaluation.evaluate import reopen
from retinue.experiments.answers import Key
from retinue.experiments.entrants import Entrant
from retinue.images import Pixels
from retinue.runs import Run

SHOWN = 16  # pictures of a sheet that one of the two recognised, and as many of the other


def open_test(
    run: Run,
    data_root: str | Path | None = None,
    progress: Progress | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> ImageData:
    """The data of a run, with the test pictures that it was judged on.

    Raises:
        UsageError: the source is gone, or its test pictures changed.
        RetinueError: it cannot be read.
    """
    data = reopen(run, data_root, progress, cache_memory)
    if data.test.content_digest(data.classes) != run.data["digests"]["test"]:
        raise UsageError(
            f"{run.path}: the test pictures of {run.recipe.data} changed since the training"
        )
    return data


def places_of(data: ImageData) -> dict[Key, int]:
    """Where in the test split a picture of this class and digest stands."""
    names = [data.classes[label] for label in data.test.labels.tolist()]
    return {key: place for place, key in enumerate(zip(names, data.test.digests, strict=True))}


def differing(first: Entrant, second: Entrant) -> tuple[list[int], list[int]]:
    """Positions of the pictures that only the first run of one recognised, and only the other's.

    Those come first of which the one that was wrong was surest.
    """
    one, two = first.answers[0], second.answers[0]
    found = []
    for right, wrong in ((one, two), (two, one)):
        positions = np.flatnonzero(right.correct & ~wrong.correct)
        sure = wrong.probabilities[positions, wrong.predicted[positions]]
        found.append(positions[np.argsort(-sure, kind="stable")].tolist())
    return found[0], found[1]


def pixels_of(
    entrants: Sequence[Entrant], positions: Sequence[int], data: ImageData | None
) -> dict[int, Pixels]:
    """Test pictures (H, W, C) by position; without `data` those of which a thumbnail was kept."""
    keys = entrants[0].answers[0].keys
    if data is not None:
        places = places_of(data)
        rows = np.array([places[keys[position]] for position in positions], np.int64)
        pictures = data.preprocess.centre(data.test.take(rows))
        return dict(zip(positions, pictures, strict=True))
    found: dict[int, Pixels] = {}
    for entrant in entrants:
        files = _thumbnails(entrant.runs[0])
        ids = entrant.answers[0].ids
        for position in positions:
            path = files.get(ids[position])
            if position not in found and path is not None:
                found[position] = np.atleast_3d(np.asarray(Image.open(path)))
    return found


def _thumbnails(run: Run) -> dict[str, Path]:
    """Files of thumbnails by the id of their picture; none where the run kept none."""
    folder = run.path / "pictures" / "test"
    try:
        names = run.read_json("pictures/test/index.json")["ids"]
    except (RetinueError, KeyError):
        return {}
    paths = {one: folder / Path(name).name for name, one in names.items()}
    return {one: path for one, path in paths.items() if path.is_file()}
