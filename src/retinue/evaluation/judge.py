"""A classifier against one split: calibration, measures, predictions, pictures and figures."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.data.cache import Progress
from retinue.data.imagedata import Split
from retinue.errors import RetinueError
from retinue.evaluation.calibration import choose_abstention, choose_threshold, fit_temperature
from retinue.evaluation.figures import draw_figures
from retinue.evaluation.metrics import measure
from retinue.evaluation.pictures import write_pictures
from retinue.notebook import picture, table
from retinue.prediction.classifier import Classifier, read_calibration
from retinue.runs import Run
from retinue.wording import measured_share
from retinue.writing import write_json


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found: metrics.json as a mapping, and remarks for the user."""

    run: Run
    name: str
    metrics: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def accuracy(self) -> float:
        """The share of right predictions."""
        return float(self.metrics["accuracy"]["value"])

    def __repr__(self) -> str:
        return f"Evaluation({self.name!r}: {measured_share(self.metrics['accuracy'])})"

    def _repr_html_(self) -> str:
        scores = ("precision", "recall", "f1")
        rows = [
            [one["class"], one["n"], *(f"{one[score]['value']:.3f}" for score in scores)]
            for one in self.metrics["per_class"]
        ]
        figures = (f"{self.name}-confusion.png", f"{self.name}-mistakes.png")
        return table(["class", "pictures", *scores], rows, repr(self)) + "".join(
            picture(self.run.path / "figures" / figure) for figure in figures
        )


def evaluate_split(
    run: Run,
    classifier: Classifier,
    split: Split,
    name: str,
    count_look: bool = False,
    draw: bool = True,
    progress: Progress | None = None,
    judge: Callable[[Split], NDArray[np.float64]] | None = None,
) -> Evaluation:
    """Judge a classifier on a split whose labels are its own, and write what was found.

    `count_look` is for the test split: `test_looks` then counts this look too. It is for the caller
    to write it into the run, so that a look which was broken off and begins anew is counted once.
    `draw` also writes pictures and figures. `judge` gives the logits (N, K) of a split, where
    there is a quicker way than through the network.
    """
    logits = classifier.logits(split, progress) if judge is None else judge(split)
    probabilities = classifier.calibrated(logits)
    threshold = _threshold(run)
    metrics = measure(split.labels, probabilities, classifier.classes, threshold)
    metrics["test_digest"] = split.content_digest(classifier.classes)
    if count_look:
        metrics["test_looks"] = run.test_looks + 1
    folder = run.path / "evaluation" / name
    said = probabilities.argmax(axis=1)
    rows = (
        [
            split.ids[i],
            split.paths[i],
            classifier.classes[split.labels[i]],
            classifier.classes[said[i]],
        ]
        + [f"{value:.9g}" for value in probabilities[i]]
        for i in range(len(split))
    )
    head = ["id", "path", "true", "predicted", *classifier.classes]
    run.write_rows(f"evaluation/{name}/predictions.csv", head, rows)
    write_json(folder / "metrics.json", metrics)
    if draw:
        _draw(run, name, split, probabilities, classifier, metrics)
    return Evaluation(run, name, metrics)


def draw_split(run: Run, classifier: Classifier, split: Split, name: str) -> None:
    """Write pictures and figures of a split that was judged without them, by what was found then.

    Raises:
        UsageError: it was not judged.
    """
    _draw(run, name, split, run.predictions(name).probabilities, classifier, run.metrics(name))


def _draw(
    run: Run,
    name: str,
    split: Split,
    probabilities: NDArray[np.float64],
    classifier: Classifier,
    metrics: dict[str, Any],
) -> None:
    preprocess, classes = classifier.preprocess, classifier.classes
    write_pictures(run.path / "pictures" / name, split, probabilities, preprocess)
    draw_figures(run.path / "figures", name, split, probabilities, classes, preprocess, metrics)


def remove_drawings(run: Run, name: str) -> None:
    """Remove the pictures and figures of an earlier judgement."""
    shutil.rmtree(run.path / "pictures" / name, ignore_errors=True)
    for path in (run.path / "figures").glob(f"{name}-*.png"):
        path.unlink(missing_ok=True)


def calibrate(
    run: Run,
    classifier: Classifier,
    val: Split,
    judge: Callable[[Split], NDArray[np.float64]] | None = None,
) -> None:
    """Fit temperature, abstention and, for two classes, the threshold on val; write them down.

    The classifier takes the temperature over. Without val pictures nothing is changed by it.
    `judge` is as in `evaluate_split`.
    """
    logits = (judge or classifier.logits)(val)
    classifier.temperature = fit_temperature(logits, val.labels)
    probabilities = classifier.calibrated(logits)
    abstention = choose_abstention(probabilities, val.labels)
    found = {"temperature": classifier.temperature, "n": len(val), "abstention": abstention}
    if len(classifier.classes) == 2:
        found["threshold"] = {
            "positive": classifier.classes[1],
            **choose_threshold(probabilities[:, 1], val.labels),
        }
    write_json(run.path / "calibration.json", found)
    classifier.temperature, classifier.abstain_below = read_calibration(run)


def _threshold(run: Run) -> float | None:
    try:
        chosen = run.read_json("calibration.json").get("threshold")
    except RetinueError:
        return None
    return None if chosen is None else float(chosen["threshold"])
