"""What a widget about a network and a picture is made from."""

from pathlib import Path

from retinue.explaining.picture import Picture, as_picture_of, read_picture
from retinue.images import Pixels
from retinue.prediction.classifier import Classifier
from retinue.runs import Run

Source = Classifier | Run | str | Path
Shown = Picture | Pixels | str | Path


def opened(source: Source, picture: Shown) -> tuple[Classifier, Picture]:
    """The classifier of a run, or the one given, and the picture as its network takes it.

    Args:
        source: a classifier, a run or the path of its folder.
        picture: a picture, an array (H, W) or (H, W, C) uint8, a file, or a place in the run's
            data as `test:17`.

    Raises:
        UsageError: there is no such run or picture.
        PictureError: it cannot be read.
    """
    run = None if isinstance(source, Classifier) else Run.load(source)
    classifier = source if isinstance(source, Classifier) else Classifier.load(source)
    if isinstance(picture, Picture):
        return classifier, picture
    if isinstance(picture, str | Path):
        return classifier, read_picture(classifier, run, picture)
    return classifier, as_picture_of(classifier, picture)
