"""How fast classifiers predict, measured here, one after another, on the same test pictures."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from retinue.data.imagedata import ImageData
from retinue.experiments.answers import Key
from retinue.experiments.pictures import places_of
from retinue.images import Pixels
from retinue.prediction.classifier import Classifier

FEW = 16  # pictures by which the speed is guessed
MOST = 1024  # pictures of a batch measurement, and bytes of them
MOST_BYTES = 2**26
BATCH_SECONDS = 1.0  # that one pass should take; there are three
SINGLES, SINGLES_SECONDS, LEAST_SINGLES = 50, 2.0, 5


@dataclass(frozen=True)
class Speed:
    """Pictures a second in batches, and seconds for one picture alone: medians.

    Taken from decoded pictures to probabilities: bringing to size, network, views, softmax.
    """

    batch: float
    single: float
    pictures: int


def measure_speed(
    classifier: Classifier, pictures: Pixels, clock: Callable[[], float] = time.perf_counter
) -> Speed:
    """Time a classifier on stored test pictures (N, H, W, C)."""

    def seconds(some: Pixels) -> float:
        started = clock()
        classifier.predict(some)
        return clock() - started

    seconds(pictures[:FEW])  # the first pass also allocates and chooses kernels
    guess = seconds(pictures[:FEW]) / min(FEW, len(pictures))
    count = min(len(pictures), max(FEW, round(BATCH_SECONDS / max(guess, 1e-9))))
    passes = [seconds(pictures[:count]) for _ in range(3)]
    singles: list[float] = []
    for position in range(max(LEAST_SINGLES, min(SINGLES, len(pictures)))):
        singles.append(seconds(pictures[position % len(pictures)][None]))
        if sum(singles) > SINGLES_SECONDS and len(singles) >= LEAST_SINGLES:
            break
    return Speed(count / statistics.median(passes), statistics.median(singles), count)


def some_of(data: ImageData, keys: Sequence[Key]) -> Pixels:
    """Test pictures as stored (n, H, W, C), spread over all of them: the same for every run.

    Args:
        data: opened again from a run.
        keys: (class, digest) of all test pictures, in the order that all runs share.
    """
    split = data.test
    height, width, channels = data.preprocess.shape
    most = max(FEW, min(MOST, MOST_BYTES // (height * width * channels)))
    chosen = np.linspace(0, len(keys) - 1, min(most, len(keys))).astype(np.int64)
    places = places_of(data)
    positions = [places[keys[number]] for number in chosen.tolist()]
    return split.take(np.array(positions, np.int64))
