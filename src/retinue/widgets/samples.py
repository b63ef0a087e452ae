"""Some validation pictures of a run, and what its network says of them while it learns."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.data.batches import to_tensor
from retinue.data.imagedata import ImageData
from retinue.errors import RetinueError, UsageError
from retinue.evaluation.evaluate import reopen
from retinue.images import Pixels, Preprocess, resize
from retinue.models.catalogue import build, is_known, split_way
from retinue.models.describe import evaluating
from retinue.prediction.probabilities import Probabilities, softmax
from retinue.runs import Run
from retinue.training.checkpoint import read_newest
from retinue.training.saving import FOLDER
from retinue.widgets.panel import Value
from retinue.wording import printable
from retinue.writing import from_csv_cell

SHOWN = 3  # classes a picture
SIDE = 96  # pixels of a picture on the page at most
LETTERS = 200  # of a name


@dataclass(frozen=True)
class Samples:
    """Some pictures (n, H, W, C) uint8, as the network takes them, with ids and classes."""

    pixels: Pixels
    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, data: ImageData, most: int) -> "Samples":
        """Pictures of the validation split, at most so many, spread evenly over its classes.

        Raises:
            UsageError: it has none.
        """
        if not len(data.val):
            raise UsageError(f"{data.name} has no validation pictures")
        by_class = np.argsort(data.val.labels, kind="stable")
        places = np.linspace(0, len(by_class) - 1, min(most, len(by_class))).astype(np.int64)
        some = data.val.at(by_class[places])
        pixels = data.preprocess.bring(some.images)
        return cls(np.ascontiguousarray(pixels), tuple(some.ids), some.labels, data.classes)

    def ask(self, network: nn.Module) -> Probabilities:
        """What a network says of them, (n, K); its modes and all else stay as they are."""
        device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
        with torch.inference_mode(), evaluating(network):
            logits = network(to_tensor(self.pixels).to(device))
        return softmax(logits.float().cpu().numpy())


def thumbnails(pixels: Pixels) -> Pixels:
    """Pictures (n, H, W, C) with sides of at most `SIDE` pixels."""
    height, width = pixels.shape[1:3]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return np.stack([resize(picture, size) for picture in pixels])


def answers(
    probabilities: Probabilities, labels: Sequence[int], classes: Sequence[str]
) -> list[dict[str, Value]]:
    """A mapping a picture: its class, whether that was said, and the likeliest classes.

    Args:
        probabilities: (n, K).
        labels: the n true classes.
        classes: K names.
    """
    names = [printable(name, LETTERS) for name in classes]
    rows = []
    for shares, label in zip(probabilities, labels, strict=True):
        order = np.argsort(-shares, kind="stable")
        rows.append(
            {
                "true": names[label],
                "right": int(order[0]) == int(label),
                "top": [[names[one], float(shares[one])] for one in order[:SHOWN]],
            }
        )
    return rows


class Sampling:
    """Sample predictions of a run: of each new checkpoint while it trains, at the end those of val.

    Once `ask` is called with the network itself, checkpoints count no more.
    """

    def __init__(
        self, path: Path, data: ImageData | None, most: int, data_root: str | Path | None
    ) -> None:
        self._run = Run(path)
        self._data, self._most, self._root = data, most, data_root
        self._samples: Samples | None = None
        self._told = ""  # whose answers were told last
        self._is_live = False
        self._gave_up: set[bool] = set()

    def look(self, ended: bool) -> dict[str, Value]:
        """What changed since the last look, of `pictures`, `shape`, `predictions` and `note`.

        Args:
            ended: the run has, and nobody writes into its folder any more.
        """
        if ended in self._gave_up:
            return {}
        try:
            return self._judged() if ended else self._of_checkpoint()
        except RetinueError as error:
            reason = str(error)
        except (OSError, ValueError, KeyError, TypeError):
            reason = "files of the run cannot be read"
        self._gave_up.add(ended)
        return {"note": f"no sample predictions: {reason}"}

    def ask(self, network: nn.Module, when: str) -> dict[str, Value]:
        """As `look`, of a network that is learning in this process."""
        self._is_live = True
        try:
            samples = self._opened()
        except RetinueError as error:
            return {"note": f"no sample predictions: {error}"}
        return _told(samples, samples.ask(network), when)

    def _of_checkpoint(self) -> dict[str, Value]:
        """Of the newest one, if it is new; recipe.yaml is what a run's folder gets last."""
        newest = max((self._run.path / FOLDER).glob("step-*.json"), default=None)
        begun = (self._run.path / "recipe.yaml").is_file()
        if self._is_live or not begun or newest is None or self._told == newest.name:
            return {}
        samples = self._opened()
        try:
            checkpoint, _ = read_newest(newest.parent)
        except RetinueError:
            return {}  # a newer one takes its place this moment
        self._told = newest.name
        network = network_of(self._run, _weights(checkpoint.tensors))
        return _told(samples, samples.ask(network), f"after step {checkpoint.step:,}")

    def _judged(self) -> dict[str, Value]:
        """As the evaluation of the weights that were kept has them."""
        path = self._run.path / "evaluation" / "val" / "predictions.csv"
        if self._told == path.name:
            return {}
        if not path.is_file():
            raise UsageError("the run was not judged on validation pictures")
        samples = self._opened()
        found = judged(path, samples.ids, samples.classes)
        self._told = path.name
        return _told(samples, found, "by the weights that were kept")

    def _opened(self) -> Samples:
        if self._samples is None:
            data = self._data if self._data is not None else reopen(self._run, self._root)
            self._samples = Samples.of(data, self._most)
        return self._samples


def network_of(run: Run, weights: Mapping[str, Tensor]) -> nn.Module:
    """The network of a run with these weights, in eval mode.

    It is made on torch's `meta` device, where nothing is drawn: the training may be going on in
    another thread of this process, and its draws are nobody else's.

    Raises:
        UsageError: it is a user's own, or of a kind that cannot be made so.
    """
    recipe, shape = run.recipe, Preprocess.from_dict(run.data["preprocess"])
    name = split_way(recipe.model.name)[0]
    late = "its answers come at the end of the training"
    if not is_known(name):
        raise UsageError(f"the network {printable(name)} is not Retinue's; {late}")
    try:
        with torch.device("meta"):
            network = build(
                name,
                classes=len(run.classes),
                channels=shape.channels,
                size=shape.size,
                arguments=recipe.model.arguments,
                mean=[0.0] * shape.channels,
                std=[1.0] * shape.channels,
                shuffle_pixels=recipe.model.shuffle_pixels,
            )
        network.load_state_dict(dict(weights), assign=True)
    except RuntimeError:
        raise UsageError(f"{name} cannot be made without drawing weights; {late}") from None
    if any(tensor.is_meta for tensor in chain(network.parameters(), network.buffers())):
        raise UsageError(f"{name} keeps numbers beside its weights; {late}")
    return network.eval()


def judged(path: Path, ids: Sequence[str], classes: Sequence[str]) -> Probabilities:
    """The probabilities (n, K) of some pictures, by their ids, from a predictions.csv.

    Raises:
        RetinueError: the file is damaged, is about other classes, or lacks one of the pictures.
    """
    found: dict[str, list[float]] = {}
    wanted = set(ids)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if [from_csv_cell(cell) for cell in next(rows)[4:]] != list(classes):
                raise ValueError("other classes")
            for row in rows:
                name = from_csv_cell(row[0])
                if name in wanted:
                    found[name] = [float(cell) for cell in row[4:]]
                if len(found) == len(wanted):
                    break
        return np.array([found[name] for name in ids], np.float64).reshape(len(ids), len(classes))
    except (OSError, ValueError, KeyError, IndexError, StopIteration, csv.Error):
        raise RetinueError(f"{path}: does not have these pictures") from None


def _told(samples: Samples, shares: Probabilities, when: str) -> dict[str, Value]:
    small = thumbnails(samples.pixels)
    rows = answers(shares, samples.labels.tolist(), samples.classes)
    return {
        "pictures": small.tobytes(),
        "shape": list(small.shape),
        "predictions": {"when": when, "rows": rows},
        "note": "",
    }


def _weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Of a checkpoint those that are judged: the averaged ones where there are such."""
    averaged = "average.module."
    prefix = averaged if any(name.startswith(averaged) for name in tensors) else "model."
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
