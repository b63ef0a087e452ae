"""The figures of an evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retinue import plotting
from retinue.data.imagedata import Split
from retinue.data.sheets import samples_by_class
from retinue.evaluation.pictures import SAMPLES, confident_mistakes
from retinue.images import Preprocess
from retinue.prediction.probabilities import Probabilities


def draw_figures(
    folder: Path,
    name: str,
    split: Split,
    probabilities: Probabilities,
    classes: Sequence[str],
    preprocess: Preprocess,
    metrics: dict[str, Any],
) -> None:
    """Write <name>-confusion.png, -confusion-by-row, -classes, -reliability, -samples, -mistakes.

    For two classes also <name>-roc.png; where there are no mistakes, no picture of them.
    """
    drawn = {
        "confusion": plotting.confusion_matrix(metrics["confusion"], classes, normalise=False),
        "confusion-by-row": plotting.confusion_matrix(
            metrics["confusion"], classes, normalise=True
        ),
        "classes": plotting.class_bars(metrics["per_class"]),
        "reliability": plotting.reliability(metrics["calibration_bins"]),
        "samples": plotting.sample_sheet(samples_by_class(split, classes, preprocess, SAMPLES)),
    }
    wrong = confident_mistakes(split, probabilities)
    if wrong:
        predicted = probabilities.argmax(axis=1)
        drawn["mistakes"] = plotting.confident_mistakes(
            list(preprocess.centre(split.take(np.array(wrong)))),
            [classes[split.labels[position]] for position in wrong],
            [classes[predicted[position]] for position in wrong],
            [float(probabilities[position].max()) for position in wrong],
            title=f"Most confident mistakes on {name}",
        )
    if "binary" in metrics:
        drawn["roc"] = plotting.roc_and_precision_recall(metrics["binary"])
    for kind, figure in drawn.items():
        plotting.save(figure, folder / f"{name}-{kind}.png")
