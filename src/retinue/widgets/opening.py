"""What a widget about a network and a picture is made from."""

from functools import partial
from pathlib import Path

from retinue.evaluation.evaluate import reopen
from retinue.explaining.picture import Picture, PictureSource, picture_for
from retinue.prediction.classifier import Classifier
from retinue.runs import Run

Source = Classifier | Run | str | Path


def opened(source: Source, picture: PictureSource) -> tuple[Classifier, Picture]:
    """The classifier of a run, or the one given, and the picture as its network takes it.

    Args:
        source: a classifier, a run or the path of its folder.
        picture: a picture, an array (H, W) or (H, W, C) uint8, a file, or a place in the run's
            data as `test:17`.

    Raises:
        UsageError: there is no such run or picture.
        PictureError: it cannot be read.
    """
    if isinstance(source, Classifier):
        return source, picture_for(source, picture)
    run = Run.load(source)
    classifier = Classifier.load(run)
    return classifier, picture_for(classifier, picture, partial(reopen, run))
