"""Trainings in which one thing is wrong on purpose, and two in which nothing is; seconds each.

`PROVOKED` has one for every diagnosis. Tests hold that it is found there and not in `HEALTHY`;
`benchmarks.diagnosis_pictures` draws what it looks like.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import RetinueError
from retinue.runs import Run
from retinue.training.fit import train

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

PLAIN: dict[str, Any] = {"model": "mlp", "augment": "none", "precision": "fp32", "device": "cpu"}
SHAPES: dict[str, Any] = {"data_options": {"count": 900}}


def healthy(folder: Path) -> Run:
    """Handwritten digits, and nothing wrong."""
    return _train(folder, "digits", epochs=12)


def healthy_convolutions(folder: Path) -> Run:
    """The same with batch norm and augmentation."""
    return _train(folder, "digits", epochs=6, model="cnn", augment="basic")


# --- the loss


def diverged(folder: Path) -> Run:
    """A learning rate that rises until every step overshoots more than the one before."""
    with contextlib.suppress(RetinueError):
        _train(folder, "digits", model=_drawn(Squares), opt="sgd", lr=1.0, epochs=60)
    return Run.load(folder)


def jumping(folder: Path) -> Run:
    """A learning rate that is too high by a factor of a hundred."""
    return _train(folder, "digits", epochs=12, lr=0.5)


def flat(folder: Path) -> Run:
    """A learning rate that is too low by a factor of a thousand."""
    return _train(folder, "digits", epochs=12, lr=1e-6)


def first_loss(folder: Path) -> Run:
    """Initial weights of the last layer that are fifty times too large."""
    network = _drawn(Straight)
    network.output.weight.data *= 50
    return _train(folder, "digits", epochs=12, model=network)


# --- how well it fits


def overfitting(folder: Path) -> Run:
    """A network with many weights, few pictures, and nothing against learning them by heart."""
    return _train(
        folder, "shapes", epochs=30, schedule="constant", lr=1e-3, val_fraction=0.3, **SHAPES
    )


def underfitting(folder: Path) -> Run:
    """A hidden layer of a single neuron, through which ten digits do not fit."""
    return _train(folder, "digits", epochs=12, model={"name": "mlp", "hidden": 1})


def still_improving(folder: Path) -> Run:
    """A learning rate that is kept to the end, and few epochs."""
    return _train(folder, "digits", epochs=8, opt="sgd", lr=2e-3, schedule="constant")


def too_few_pictures(folder: Path) -> Run:
    """Six pictures of each digit to learn from."""
    return _train(folder, "digits", epochs=30, limit_per_class=7)


# --- the pictures


def never_predicted(folder: Path) -> Run:
    """A class with three training pictures among classes with about eighty."""
    images, labels = _digits()
    rows = np.arange(1000)
    eights = rows[labels[rows] == 8]
    learned = np.setdiff1d(rows, eights[3:])
    data = _given(folder, images, labels, learned, np.arange(1000, 1500))
    return _train(folder, data, epochs=3)


def imbalance(folder: Path) -> Run:
    """Five classes with twelve pictures each, five with a hundred."""
    data = _uneven(dict.fromkeys((1, 3, 5, 8, 9), 16), most=140)
    return _train(folder, data, epochs=4)


def leakage(folder: Path) -> Run:
    """A third of the test pictures are in train too."""
    images, labels = _digits()
    test = np.r_[0:200, 800:1200]
    return _train(folder, _given(folder, images, labels, np.arange(800), test), epochs=8)


def test_below_val(folder: Path) -> Run:
    """Test pictures from elsewhere: thinner strokes, off the middle."""
    images, labels = _digits()
    changed = np.roll(images // 2, 1, axis=2)
    images = np.where(np.arange(len(images))[:, None, None] < 1000, images, changed)
    test = np.arange(1000, 1500)
    data = _given(folder, images, labels, np.arange(1000), test)
    return _train(folder, data, epochs=8, val_fraction=0.2)


def too_few_judged(folder: Path) -> Run:
    """One of a hundred pictures to test on."""
    return _train(folder, "digits", epochs=12, test_fraction=0.01)


def chance(folder: Path) -> Run:
    """Labels that have nothing to do with the pictures."""
    images, labels = _digits()
    random = np.random.default_rng(0)
    return _train(folder, load_data((images, random.permutation(labels))), epochs=8)


# --- batch norm, and modes


def tiny_batches(folder: Path) -> Run:
    """Batch norm over two pictures at a time."""
    return _train(folder, "digits", epochs=3, model="cnn", batch_size=2, limit_per_class=30)


def modes_disagree(folder: Path) -> Run:
    """Batch norm whose running statistics hardly follow."""
    return _train(folder, "digits", epochs=5, model=_drawn(Forgetful))


# --- how it ended


def interrupted(folder: Path) -> Run:
    """Ctrl-C after the third epoch."""

    def stop(line: dict[str, Any]) -> None:
        if line["epoch"] == 3:
            raise KeyboardInterrupt

    return _train(folder, "digits", epochs=12, on_epoch=stop)


def stopped_early(folder: Path) -> Run:
    """A single epoch of patience, and few val pictures."""
    return _train(
        folder, "digits", epochs=30, lr=2e-3, patience=1, val_fraction=0.02, monitor="val_accuracy"
    )


def out_of_time(folder: Path) -> Run:
    """Less time than one epoch takes."""
    return _train(folder, "digits", epochs=9, model="cnn", batch_size=8, time_limit=0.3)


HEALTHY: dict[str, Callable[[Path], Run]] = {"mlp": healthy, "cnn": healthy_convolutions}
PROVOKED: dict[str, Callable[[Path], Run]] = {
    "diverged": diverged,
    "interrupted": interrupted,
    "leakage": leakage,
    "modes-disagree": modes_disagree,
    "jumping": jumping,
    "flat": flat,
    "first-loss": first_loss,
    "chance": chance,
    "overfitting": overfitting,
    "underfitting": underfitting,
    "too-few-pictures": too_few_pictures,
    "test-below-val": test_below_val,
    "never-predicted": never_predicted,
    "imbalance": imbalance,
    "tiny-batches": tiny_batches,
    "still-improving": still_improving,
    "stopped-early": stopped_early,
    "out-of-time": out_of_time,
    "too-few-judged": too_few_judged,
}


class Straight(nn.Module):
    """One hidden layer; grey pictures of 8x8 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.output = nn.Linear(64, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 1, 8, 8) -> (N, 10)."""
        found: Tensor = self.output(self.hidden(pictures.flatten(1)).relu())
        return found


class Squares(nn.Module):
    """As `Straight`, with squares in place of rectified numbers: nothing bounds them."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.output = nn.Linear(64, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 1, 8, 8) -> (N, 10)."""
        found: Tensor = self.output(self.hidden(pictures.flatten(1)).square())
        return found


class Forgetful(nn.Module):
    """A convolution and a batch norm that takes a ten-thousandth of each batch's statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, bias=False)
        self.mean = nn.Parameter(torch.linspace(-20, 20, 16).view(-1, 1, 1))
        self.norm = nn.BatchNorm2d(16, momentum=1e-4)
        self.output = nn.Linear(16 * 36, 10)
        # Maps of unlike size and around unlike means: what batch norm is there to make alike.
        self.conv.weight.data *= torch.logspace(-1, 1.5, 16).view(-1, 1, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 1, 8, 8) -> (N, 10)."""
        found: Tensor = self.output(self.norm(self.conv(pictures) + self.mean).relu().flatten(1))
        return found


def _drawn(factory: Callable[[], Any]) -> Any:
    """A network with the same initial weights at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return factory()


def _train(folder: Path, data: str | Path | ImageData, **settings: Any) -> Run:
    return train(data, output=folder, **{**PLAIN, **settings})


def _digits() -> tuple[Pixels, Labels]:
    """Pictures (N, 8, 8) and labels of scikit-learn's digits, in a random order."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    images = np.round(found.images * (255 / 16)).astype(np.uint8)
    return images[order], found.target[order].astype(np.int64)


def _uneven(rare: dict[int, int], most: int) -> ImageData:
    """Digits of which some classes have few pictures; a fifth of each is for testing."""
    images, labels = _digits()
    rows = [np.flatnonzero(labels == digit)[: rare.get(digit, most)] for digit in range(10)]
    chosen = np.concatenate(rows)
    return load_data((images[chosen], labels[chosen]))


def _given(folder: Path, images: Pixels, labels: Labels, train_on: Labels, test: Labels) -> Path:
    """A folder of pictures with train and test given, beside the run's own folder."""
    root = folder.with_name(f"{folder.name}-pictures")
    for split, rows in (("train", train_on), ("test", test)):
        for row in rows.tolist():
            path = root / split / str(labels[row]) / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[row]).save(path)
    return root
