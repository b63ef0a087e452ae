"""The pictures of the convolution explorer: a grid of numbers, sample photos, pictures given."""

from pathlib import Path
from typing import Any

import numpy as np

from retinue.data.files import read_file
from retinue.errors import PictureError, UsageError
from retinue.images import Pixels, decode, fit, needed, resize
from retinue.prediction.classifier import as_picture
from retinue.widgets.panel import Value
from retinue.wording import printable

GRID, OWN = "grid", "own"
LARGEST = 256  # pixels a side of a picture
GRID_SIDES = (3, 12)  # rows and columns of a grid, from and to
SAMPLES = {"china.jpg": "Photo of a temple", "flower.jpg": "Photo of a flower"}
CHOICES = [[GRID, "Grid of numbers"], *([name, label] for name, label in SAMPLES.items())]
NAME_LETTERS = 200

# A 7 in five shades, so that upright, level and slanting edges are all there.
EXAMPLE = [
    [0, 0, 0, 0, 0, 0, 0],
    [0, 9, 9, 9, 9, 9, 0],
    [0, 2, 2, 2, 7, 9, 0],
    [0, 0, 0, 4, 9, 3, 0],
    [0, 0, 0, 9, 5, 0, 0],
    [0, 0, 5, 9, 0, 0, 0],
    [0, 0, 9, 3, 0, 0, 0],
]


def chosen(picture: Any) -> dict[str, Value]:
    """The state of a picture given to the explorer.

    Args:
        picture: `grid`, the name of a sample photo, a file, an array (H, W) or (H, W, 1 or 3)
            uint8, or a grid: rows of whole numbers 0 to 9.

    Raises:
        UsageError: there is no such file.
        PictureError: it is no picture, or cannot be read.
    """
    if isinstance(picture, list | tuple):
        return {"picture": GRID, "grid": [list(row) for row in picture]}
    if isinstance(picture, str) and picture == GRID:
        return {"picture": GRID}
    if isinstance(picture, str) and picture in SAMPLES:
        return {"picture": picture, **sample(picture)}
    if isinstance(picture, str | Path):
        return {"picture": OWN, **_state(read(Path(picture)), OWN, Path(picture).name)}
    return {"picture": OWN, **_state(shrunk(as_picture(picture)), OWN, "")}


def sample(name: str) -> dict[str, Value]:
    """The state of one of scikit-learn's photos: its middle, 256 by 256 pixels."""
    from sklearn.datasets import load_sample_image

    photo = np.ascontiguousarray(load_sample_image(name))
    return _state(fit(photo, (LARGEST, LARGEST), "crop"), name, SAMPLES[name])


def read(path: Path) -> Pixels:
    """A file's picture, (H, W, C) with sides of at most 256 pixels.

    Raises:
        UsageError: there is no such file.
        PictureError: it cannot be read; the text names the file.
    """
    name = printable(str(path))
    if not path.is_file():
        raise UsageError(f"{name}: no such file, and no picture of the explorer's own; those are "
                         f"{GRID}, {', '.join(SAMPLES)}")  # fmt: skip
    try:
        return shrunk(decode(read_file(path), least=(LARGEST, LARGEST)))
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from None


def shrunk(pixels: Pixels) -> Pixels:
    """Pixels (H, W, C) brought to sides of at most 256; smaller ones stay as they are."""
    shape = pixels.shape[0], pixels.shape[1]
    if max(shape) <= LARGEST:
        return pixels
    return resize(pixels, needed(shape, (LARGEST, LARGEST), "pad"))


def _state(pixels: Pixels, whose: str, name: str) -> dict[str, Value]:
    return {
        "pixels": np.ascontiguousarray(pixels).tobytes(),
        "pixels_of": whose,
        "shape": list(pixels.shape),
        "picture_name": printable(name, NAME_LETTERS),
    }
