"""Classifier: from pictures to probabilities, as one thing that is loaded from a run."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.data.batches import to_tensor
from retinue.data.cache import Progress
from retinue.data.imagedata import Split
from retinue.errors import PictureError, RetinueError
from retinue.images import Pixels, Preprocess
from retinue.models.memory import keep_freed_memory
from retinue.models.weights import load_model, read_card
from retinue.prediction.probabilities import Probabilities, softmax
from retinue.prediction.views import VIEWS, average
from retinue.runs import Run

BATCH = 256  # pictures at most
BATCH_PIXELS = 2**20  # and pixels: the maps of more do not stay near the processor


class Classifier:
    """Preprocessing, network, views, class names and calibration.

    Always in fp32 and eval mode, so that batch sizes and hosts agree. `views` is a name of
    `retinue.prediction.views.VIEWS`.
    """

    def __init__(
        self,
        model: nn.Module,
        classes: Sequence[str],
        preprocess: Preprocess,
        temperature: float = 1.0,
        abstain_below: float = 0.0,
        device: torch.device | str = "cpu",
        views: str = "one",
    ) -> None:
        keep_freed_memory()
        self.model = model.float().eval().to(device)
        self.classes = tuple(classes)
        self.preprocess = preprocess
        self.temperature = temperature
        self.abstain_below = abstain_below
        self.device = device
        self.views = views

    @classmethod
    def load(
        cls,
        run: Run | str | Path,
        model: nn.Module | None = None,
        device: torch.device | str = "cpu",
    ) -> "Classifier":
        """Load the classifier of a run; `model` is the user's module where the run trained one.

        Raises:
            UsageError: no run, no network in it, or a network whose code is the user's.
            RetinueError: its files are damaged.
        """
        run = Run.load(run)
        card = read_card(run.path)
        if card.views not in tuple(VIEWS):
            raise RetinueError(f"{run.path / 'model.json'}: unknown views {card.views!r}")
        network = load_model(run.path, card, model)
        temperature, abstain_below = read_calibration(run)
        return cls(
            network,
            card.classes,
            card.preprocess,
            temperature,
            abstain_below,
            device,
            card.views,
        )

    def logits(
        self, images: Pixels | Split, progress: Progress | None = None
    ) -> NDArray[np.float64]:
        """Raw outputs (N, K) for stored or network-sized pictures (N, H, W, C) uint8, or a split.

        They are averaged over the classifier's views. Of a split that lies on the disk only a
        batch at a time is in memory.
        """
        # Made at once: small arrays that stay between the large ones of every batch would keep the
        # memory of those from being used again.
        found = np.zeros((len(images), len(self.classes)))
        with torch.inference_mode():
            for part, batch in self.batches(images):
                found[part] = average(self.model, batch, self.views).cpu().numpy()
                if progress:
                    progress("judging", min(part.stop, len(images)), len(images))
        return found

    def batches(self, images: Pixels | Split) -> Iterator[tuple[slice, Tensor]]:
        """Yield the places of some pictures, and these as the network takes them, to the end."""
        at_once = batch_of(self.preprocess.size)
        for start in range(0, len(images), at_once):
            part = slice(start, start + at_once)
            yield (
                part,
                self.as_input(images.take(part) if isinstance(images, Split) else images[part]),
            )

    def as_input(self, images: Pixels) -> Tensor:
        """Stored or network-sized pictures (N, H, W, C) uint8 as (N, C, H, W) on its device."""
        if images.shape[1:3] == self.preprocess.stored:
            images = self.preprocess.bring(images)
        return to_tensor(np.ascontiguousarray(images)).to(self.device)

    def predict(self, images: Pixels | Sequence[Pixels]) -> Probabilities:
        """Calibrated probabilities (N, K) of pictures, uint8.

        Pictures of any size, each (H, W) or (H, W, C), are brought to the network's as in
        training; an array (N, H, W, C) that has that shape already is taken as it is.
        """
        stored = (*self.preprocess.stored, self.preprocess.channels)
        if (
            isinstance(images, np.ndarray)
            and images.dtype == np.uint8
            and images.shape[1:] == stored
        ):
            return self.calibrated(self.logits(images))
        fitted = [self.preprocess(as_picture(one)) for one in images]
        ready = np.stack(fitted) if fitted else np.zeros((0, *stored), np.uint8)
        return self.calibrated(self.logits(ready))

    def predict_file(self, data: bytes) -> Probabilities:
        """Probabilities (K,) of one picture file's bytes.

        Raises:
            PictureError: the bytes are no readable picture.
        """
        return np.asarray(self.predict(self.preprocess.read(data)[None])[0])

    def calibrated(self, logits: NDArray[np.float64]) -> Probabilities:
        """Softmax of logits (N, K) divided by the temperature that was fitted on val."""
        return softmax(logits, self.temperature)


def batch_of(size: tuple[int, int]) -> int:
    """How many pictures of that size go through a network at once."""
    return max(1, min(BATCH, BATCH_PIXELS // (size[0] * size[1])))


def as_picture(array: Any) -> Pixels:
    """A picture from Python, (H, W) or (H, W, 1 or 3) uint8, as (H, W, C).

    Raises:
        PictureError: it is something else; values from 0 to 1 would be taken for black.
    """
    pixels = np.asarray(array)
    shaped = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3))
    if pixels.dtype != np.uint8 or not shaped or not pixels.size:
        raise PictureError(
            f"a picture is (H, W) or (H, W, 1 or 3) uint8 from 0 to 255, not {pixels.shape} "
            f"{pixels.dtype}"
        )
    return np.atleast_3d(pixels)


def read_calibration(run: Run) -> tuple[float, float]:
    """Temperature, and the confidence below which answers are unsure; neutral where not fitted."""
    if not (run.path / "calibration.json").is_file():
        return 1.0, 0.0
    found = run.read_json("calibration.json")
    try:
        threshold = found["abstention"]["threshold"]
        if threshold is None:
            # Val showed no confidence that suffices: then every answer is unsure.
            threshold = math.inf if found["n"] else 0.0
        return float(found["temperature"]), float(threshold)
    except (KeyError, TypeError, ValueError):
        raise RetinueError(f"{run.path / 'calibration.json'}: is damaged") from None
