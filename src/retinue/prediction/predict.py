"""`predict`: what a run's classifier says of pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from retinue.errors import PictureError, RetinueError
from retinue.fetch import WebLimits
from retinue.images import Pixels
from retinue.notebook import table
from retinue.prediction.classifier import Classifier, as_picture
from retinue.prediction.inputs import Content, read_inputs
from retinue.prediction.probabilities import Probabilities
from retinue.runs import Run
from retinue.wording import percent, printable

BATCH = 64


@dataclass(frozen=True)
class Prediction:
    """What was said of one picture: probabilities (K,), or the reason why nothing was.

    `unsure` where the confidence is below what val showed to be needed for 95 % right answers.
    """

    name: str
    classes: tuple[str, ...]
    probabilities: Probabilities | None = None
    unsure: bool = False
    error: str = ""

    @property
    def label(self) -> str:
        """The most probable class, or an empty text."""
        return self.top(1)[0][0] if self.probabilities is not None else ""

    @property
    def confidence(self) -> float:
        """The probability of that class, 0 to 1."""
        return self.top(1)[0][1] if self.probabilities is not None else 0.0

    def top(self, count: int) -> list[tuple[str, float]]:
        """The most probable classes with their probabilities, best first."""
        if self.probabilities is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self.classes[i], float(self.probabilities[i])) for i in order]

    def as_dict(self, count: int = 3) -> dict[str, Any]:
        """The prediction as JSON has it."""
        if self.probabilities is None:
            return {"input": self.name, "error": self.error}
        top = [{"class": name, "probability": value} for name, value in self.top(count)]
        return {"input": self.name, "predicted": self.label, "unsure": self.unsure, "top": top}

    def __repr__(self) -> str:
        said = self.error or f"{self.label} {percent(self.confidence)}"
        return f"Prediction({self.name!r}: {printable(said)})"


class Predictions(list[Prediction]):
    """A list of predictions that shows itself as a table in a notebook."""

    def _repr_html_(self) -> str:
        rows = [[one.name, one.label or one.error, percent(one.confidence)] for one in self]
        return table(["picture", "predicted", "confidence"], rows)


def predict(
    run: Run | Classifier | str | Path,
    inputs: str | Path | Pixels | Sequence[str | Path | Pixels],
    *,
    model: nn.Module | None = None,
    device: str = "cpu",
    web: WebLimits | None = None,
) -> Predictions:
    """Predict pictures: files, folders, archives, addresses of the web, or uint8 arrays.

    A picture that cannot be read has its `error` in the list; the others go on. "-" is one from
    standard input. `web` says what a picture from the web may cost and where it may lie.

    Raises:
        UsageError: no such run.
    """
    classifier = run if isinstance(run, Classifier) else Classifier.load(run, model, device)
    if isinstance(inputs, np.ndarray):
        listed: list[str | Path | Pixels] = list(inputs if inputs.ndim == 4 else inputs[None])
    else:
        listed = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    return Predictions(predictions(classifier, listed, web))


def predictions(
    classifier: Classifier, inputs: Sequence[str | Path | Pixels], web: WebLimits | None = None
) -> Iterator[Prediction]:
    """Yield predictions in the order of the inputs, a batch at a time to bound the memory."""
    waiting: list[tuple[str, Pixels | RetinueError]] = []
    for name, content in _contents(inputs, web):
        waiting.append((name, _pixels(classifier, content)))
        if len(waiting) == BATCH:
            yield from _predict_batch(classifier, waiting)
            waiting = []
    yield from _predict_batch(classifier, waiting)


def _contents(
    inputs: Sequence[str | Path | Pixels], web: WebLimits | None
) -> Iterator[tuple[str, Content | Pixels]]:
    for number, one in enumerate(inputs):
        if isinstance(one, str | Path):
            yield from read_inputs([one], web)
        else:
            yield f"array {number}", one


def _pixels(classifier: Classifier, content: Content | Pixels) -> Pixels | RetinueError:
    """A picture at the stored size, or why there is none."""
    if isinstance(content, RetinueError):
        return content
    try:
        if isinstance(content, bytes):
            return classifier.preprocess.read(content)
        return classifier.preprocess(as_picture(content))
    except PictureError as error:
        return error


def _predict_batch(
    classifier: Classifier, waiting: list[tuple[str, Pixels | RetinueError]]
) -> Iterator[Prediction]:
    good = [pixels for _, pixels in waiting if not isinstance(pixels, RetinueError)]
    rows: Iterator[Any] = iter(classifier.predict(np.stack(good)) if good else [])
    for name, pixels in waiting:
        if isinstance(pixels, RetinueError):
            yield Prediction(name, classifier.classes, error=str(pixels))
        else:
            row = next(rows)
            unsure = row.max() < classifier.abstain_below
            yield Prediction(name, classifier.classes, row, bool(unsure))
