"""A picture as the network of a classifier takes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from torch import Tensor

from retinue.data.batches import to_tensor
from retinue.data.imagedata import SPLITS, ImageData
from retinue.errors import PictureError, RetinueError, UsageError
from retinue.fetch import WebLimits
from retinue.images import Pixels
from retinue.prediction.classifier import Classifier, as_picture
from retinue.prediction.inputs import read_inputs

_OF_A_SPLIT = re.compile(f"({'|'.join(SPLITS)}):(\\d+)")


@dataclass(frozen=True)
class Picture:
    """One picture: `pixels` (H, W, C) uint8, and where it came from; views take the network's size.

    `label` is the number of its class, where that is known.
    """

    name: str
    pixels: Pixels
    label: int | None = None

    @property
    def batch(self) -> Tensor:
        """(1, C, H, W) uint8: what the network takes."""
        return to_tensor(np.ascontiguousarray(self.pixels[None]))


PictureSource = Picture | Pixels | str | Path


def as_picture_of(
    classifier: Classifier, pixels: Pixels, name: str = "picture", label: int | None = None
) -> Picture:
    """A decoded picture (H, W) or (H, W, C) uint8 of any size, fitted as in prediction.

    Raises:
        PictureError: it is no such array.
    """
    rules = classifier.preprocess
    shown = as_picture(pixels)
    if shown.shape != (*rules.size, rules.channels):
        stored = shown if shown.shape == rules.shape else rules(shown)
        shown = rules.bring(stored[None])[0]
    return Picture(name, np.ascontiguousarray(shown), label)


def picture_for(
    classifier: Classifier,
    source: PictureSource,
    reopened: Callable[[], ImageData] | None = None,
    web: WebLimits | None = None,
) -> Picture:
    """A picture as the classifier's network takes it, from wherever it comes.

    Args:
        classifier: whose network is to see it.
        source: a picture that is fitted if it has to be, an array (H, W) or (H, W, C) uint8, a
            file, an address of the web, `-`, or a place in the run's data as `test:17`.
        reopened: opens the run's data again, where there is a run.
        web: what a picture from the web may cost and where it may lie.

    Raises:
        UsageError: there is none, there are several, or the run's data is gone.
        PictureError: it cannot be read.
    """
    if isinstance(source, Picture):
        return as_picture_of(classifier, source.pixels, source.name, source.label)
    if not isinstance(source, str | Path):
        return as_picture_of(classifier, source)
    place = _OF_A_SPLIT.fullmatch(str(source))
    if place and not Path(source).exists():
        if reopened is None:
            raise UsageError(f"{source}: is a picture of a run's data; give the run")
        return of_split(classifier, reopened(), place[1], int(place[2]))
    return _read(classifier, source, web)


def _read(classifier: Classifier, source: str | Path, web: WebLimits | None) -> Picture:
    name, content = next(iter(read_inputs([source], web)))
    if isinstance(content, PictureError):
        raise PictureError(f"{name}: {content}")
    if isinstance(content, RetinueError):
        raise type(content)(f"{name}: {content}")
    if name != str(source):
        raise UsageError(f"{source}: holds more than one picture; name one, such as {name}")
    try:
        pixels = classifier.preprocess.read(content)
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from None
    return as_picture_of(classifier, pixels, name)


def of_split(classifier: Classifier, data: ImageData, split: str, number: int) -> Picture:
    """Picture `number`, from 0 on, of a split of the data that the classifier was trained on.

    Raises:
        UsageError: the split has no such picture.
    """
    pictures = getattr(data, split)
    if number >= len(pictures):
        raise UsageError(f"{split}:{number}: {data.name} has {len(pictures)} pictures in {split}")
    pixels = cast(Pixels, pictures.take(slice(number, number + 1))[0])
    return as_picture_of(classifier, pixels, f"{split}:{number}", int(pictures.labels[number]))
