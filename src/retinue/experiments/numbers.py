"""The measured numbers of every entrant: from its runs' folders, or from its answers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retinue.evaluation.calibration import Floats
from retinue.evaluation.differences import Estimate, accuracy_estimate, mean_estimate
from retinue.experiments.answers import Answers, naming_damage
from retinue.experiments.curves import Curve, curve_of
from retinue.experiments.entrants import Entrant
from retinue.experiments.scores import calibration_terms, loss_terms, macro_terms
from retinue.experiments.speed import Speed
from retinue.models.weights import read_card
from retinue.runs import Run

SCORES = ("precision", "recall", "f1", "log_loss", "ece")


@dataclass(frozen=True)
class Numbers:
    """What was measured of one entrant; means over its runs, None where it is not known.

    The estimates are of the test pictures: over one run, or over pictures and seeds. `by_run` is
    the accuracy of each run. `training_speed` is pictures a second, `size` the bytes of
    model.safetensors, `peak_memory` the most bytes that a training took.
    """

    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    log_loss: Estimate
    ece: Estimate
    by_run: tuple[float, ...]
    val_accuracy: float | None
    val_loss: float | None
    train_pictures: int
    train_digest: str
    parameters: int
    size: int
    training_seconds: float | None
    training_speed: float | None
    peak_memory: int | None
    curve: Curve | None
    multiply_adds: int | None = None
    speed: Speed | None = None


def measure_entrant(entrant: Entrant) -> Numbers:
    """Every number that needs no network to be run.

    Raises:
        RetinueError: files of its runs are damaged or missing.
    """
    runs = entrant.runs
    with naming_damage(runs[0]):
        data = runs[0].data
        card, size = read_card(runs[0].path), (runs[0].path / "model.safetensors").stat().st_size
    estimates = _estimates(entrant)
    memory = [one for run in runs if (one := run.status.get("peak_memory")) is not None]
    return Numbers(
        accuracy=accuracy_estimate(entrant.correct),
        precision=estimates["precision"],
        recall=estimates["recall"],
        f1=estimates["f1"],
        log_loss=estimates["log_loss"],
        ece=estimates["ece"],
        by_run=tuple(entrant.correct.mean(axis=1).tolist()),
        val_accuracy=_mean(runs, lambda run: _on_val(run, "accuracy")),
        val_loss=_mean(runs, lambda run: _on_val(run, "log_loss")),
        train_pictures=sum(data["counts"]["train"].values()),
        train_digest=data["digests"]["train"],
        parameters=card.parameters,
        size=size,
        training_seconds=_mean(runs, lambda run: run.status.get("training_seconds")),
        training_speed=_mean(runs, _training_speed),
        peak_memory=max(memory) if memory else None,
        curve=curve_of(runs),
    )


def _estimates(entrant: Entrant) -> dict[str, Estimate]:
    """Macro scores, log loss, calibration error: those of the run, or over pictures and seeds."""
    if not entrant.has_seeds:
        with naming_damage(entrant.runs[0]):
            found = entrant.runs[0].metrics("test")
            entries = {**found["macro"], "log_loss": found["log_loss"], "ece": found["ece"]}
            return {name: _as_estimate(entries[name]) for name in SCORES}
    terms = [_terms(answers) for answers in entrant.answers]
    found = {name: mean_estimate(np.stack([one[name] for one in terms])) for name in SCORES}
    most = {name: math.inf if name == "log_loss" else 1.0 for name in SCORES}
    return {
        name: replace(one, low=max(0.0, one.low), high=min(most[name], one.high))
        for name, one in found.items()
    }


def _terms(answers: Answers) -> dict[str, Floats]:
    """For each score values of the pictures, (N,), whose mean it is."""
    probabilities = answers.probabilities
    return {
        **macro_terms(answers.truth, answers.predicted, len(answers.classes)),
        "log_loss": loss_terms(answers.truth, probabilities),
        "ece": calibration_terms(probabilities.max(axis=1), answers.correct),
    }


def _as_estimate(entry: dict[str, Any]) -> Estimate:
    return Estimate(entry["value"], entry["low"], entry["high"], entry["method"])


def _on_val(run: Run, name: str) -> float | None:
    if "val" not in run.evaluations:
        return None
    value = run.metrics("val")[name]["value"]
    return None if value is None else float(value)


def _training_speed(run: Run) -> float | None:
    """Pictures a second over all epochs."""
    lines = [(one.get("seconds"), one.get("pictures_per_second")) for one in run.history]
    known = [(one, speed) for one, speed in lines if one and speed]
    seconds = sum(one for one, _ in known)
    return sum(one * speed for one, speed in known) / seconds if seconds else None


def _mean(runs: Sequence[Run], of: Callable[[Run], float | None]) -> float | None:
    """The mean over the runs; None where one of them does not say."""
    values = []
    for run in runs:
        with naming_damage(run):
            values.append(of(run))
    known = [float(value) for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
