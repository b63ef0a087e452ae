"""The recipe of the network `fast` at each preset, for data of any size.

The numbers were chosen on validation splits of CIFAR-10 and Fashion-MNIST; docs/benchmarks.md has
what they reach on test.
"""

from dataclasses import dataclass
from typing import Any

from retinue.data.imagedata import ImageData


@dataclass(frozen=True)
class Pace:
    """What the network is like, how long it trains, and for how long at fewer pixels.

    `epochs` are those of a large data set; a small one is seen more often, until there are
    `fewest_steps`. `hardest` is the share of the pictures that epochs after the first take;
    `stretches` are (share of the size, until which share of training).
    """

    width: int
    activation: str
    epochs: float
    fewest_steps: int
    hardest: float
    batch_size: int
    stretches: tuple[tuple[float, float], ...]
    label_smoothing: float
    why: str


PACES = {
    "quick": Pace(
        width=16,
        activation="hardswish",
        epochs=1.5,
        fewest_steps=120,
        hardest=1.0,
        batch_size=500,
        stretches=((0.625, 0.6),),
        label_smoothing=0.1,
        why="quick: a first look in seconds",
    ),
    "balanced": Pace(
        width=32,
        activation="hardswish",
        epochs=6,
        fewest_steps=400,
        hardest=0.7,
        batch_size=500,
        stretches=((0.5, 0.25), (0.75, 0.6)),
        label_smoothing=0.1,
        why="balanced: one or two minutes on two cores",
    ),
    "accurate": Pace(
        width=64,
        activation="gelu",  # costs nothing beside convolutions as wide as these
        epochs=13,
        fewest_steps=450,
        hardest=0.5,
        batch_size=1000,
        stretches=((0.75, 0.6),),
        label_smoothing=0.2,
        why="accurate: some minutes on two cores",
    ),
}
LR = 0.24
REST_LR_A_PICTURE = 0.053  # airbench's; its loss is a sum over the batch, ours the mean
REST_DECAY = 4e-5
FEWEST_BATCHES = 20  # an epoch, so that small data sets have small batches
MANY = 20_000  # pictures; fewer are all taken in every epoch, for the time they cost is small
SLICE = 250  # pictures whose maps stay near the processor: larger ones ran slower
LEAST_FOR_STRETCHES = 24  # pixels; below there is nothing to save


def fast_settings(data: ImageData, preset: str, batch_size: int | None = None) -> dict[str, Any]:
    """What the preset means for this data: settings of the recipe, beside the network's own.

    `batch_size` is the user's, where one was given; the learning rate of the rest follows it.
    """
    pace = PACES[preset]
    count, side = len(data.train), max(data.size)
    own_size = max(1, min(pace.batch_size, count // FEWEST_BATCHES))
    epochs = max(pace.epochs, round(pace.fewest_steps * own_size / count))
    batch_size = batch_size or own_size
    stretches = pace.stretches if side >= LEAST_FOR_STRETCHES else ()
    return {
        "epochs": epochs,
        "batch_size": batch_size,
        "hardest": pace.hardest if count >= MANY else 1.0,
        "slice_size": SLICE if batch_size > SLICE else None,
        "progressive": tuple((round(share * side), until) for share, until in stretches),
        "opt": "muon",
        "lr": LR,
        "momentum": 0.6,
        "rest_lr": round(REST_LR_A_PICTURE * batch_size, 2),
        "rest_momentum": 0.85,
        "weight_decay": REST_DECAY,
        "schedule": "linear",
        "label_smoothing": pace.label_smoothing,
        "augment": "light",
    }
