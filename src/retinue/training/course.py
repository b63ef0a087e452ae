"""The course of a training over its epochs: history, best weights, when to stop."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from retinue.data.imagedata import Split
from retinue.models.weights import plain_state
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.listener import Listener
from retinue.training.loop import (
    LOG_EVERY,
    DivergedError,
    StepReport,
    Training,
    advice,
    train_epoch,
    validate,
)

HEARTBEAT = 5.0  # seconds between two signs of life in status.json


@dataclass
class Outcome:
    """How a training ended: the weights that count, their epoch (from 1), and the state.

    `weights` is None where no epoch was finished and the loss had diverged.
    """

    weights: dict[str, Tensor] | None = None
    epoch: int | None = None
    state: str = "finished"
    reason: str = "all epochs done"
    score: tuple[float, ...] = ()


@dataclass
class EpochSums:
    """What the steps of one epoch add up to."""

    pictures: int = 0
    loss: float = 0.0
    correct: int = 0
    lr: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def add(self, step: StepReport) -> None:
        """Take one step in."""
        self.pictures += step.pictures
        self.loss += step.loss * step.pictures
        self.correct += step.correct
        self.lr = step.lr

    @property
    def speed(self) -> float:
        """Pictures per second since the epoch began."""
        return self.pictures / max(1e-9, time.monotonic() - self.started)


def run_epochs(
    training: Training, recipe: Recipe, run: Run, val: Split, subset: Split, listener: Listener
) -> Outcome:
    """Train epoch by epoch until all are done or something ends it; keep the best weights.

    Ctrl-C, the time limit, lost patience, a file `stop` in the run folder, and a loss that is no
    number all end here, each with what was best so far. Without val the last weights count.
    """
    outcome = Outcome()
    epoch = 0
    try:
        for epoch in range(math.ceil(recipe.epochs)):
            line = _one_epoch(training, run, epoch, val, subset, listener)
            if line is None:
                outcome.reason = "time limit reached"
                break
            _keep_better(outcome, training, recipe, line)
            run.append("history.jsonl", line)
            run.update_status(epoch=epoch + 1, step=training.steps(epoch + 1))
            listener.on_epoch(line)
            if _ended(outcome, training, recipe, run, epoch):
                break
    except KeyboardInterrupt:
        outcome.state, outcome.reason = "interrupted", f"stopped by hand in epoch {epoch + 1}"
    except DivergedError as error:
        outcome.state, outcome.reason = "failed", str(error)
    if outcome.weights is None and outcome.state != "failed":
        # Weights from the middle of an epoch count only where no epoch was finished.
        outcome.weights, outcome.epoch = plain_state(training.judged), 0
    return outcome


def _one_epoch(
    training: Training, run: Run, epoch: int, val: Split, subset: Split, listener: Listener
) -> dict[str, Any] | None:
    """Train and validate one epoch; None where the time was up before its first step."""
    sums = EpochSums()
    beat = time.monotonic()

    def report(step: StepReport) -> None:
        nonlocal beat
        sums.add(step)
        if step.step % LOG_EVERY == 0:
            run.append("steps.jsonl", _step_line(step, training, sums))
        if time.monotonic() - beat > HEARTBEAT:
            beat = time.monotonic()
            run.update_status(step=training.steps(epoch) + step.step + 1)
        listener.on_step(step, training)

    try:
        train_epoch(training, epoch, report)
    finally:
        training.seconds += time.monotonic() - sums.started
    if not sums.pictures:
        return None
    speed = sums.speed
    subset_loss, subset_accuracy = validate(training, subset)
    val_loss, val_accuracy = validate(training, val) if len(val) else (None, None)
    if not math.isfinite(subset_loss + (val_loss or 0.0)):
        raise DivergedError(advice(training, epoch, training.batches.steps(epoch) - 1, sums.lr))
    return {
        "epoch": epoch + 1,
        "lr": sums.lr,
        "train_loss": sums.loss / sums.pictures,
        "train_accuracy": sums.correct / sums.pictures,
        "subset_loss": subset_loss,
        "subset_accuracy": subset_accuracy,
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
        "seconds": time.monotonic() - sums.started,
        "pictures_per_second": speed,
    }


def _step_line(step: StepReport, training: Training, sums: EpochSums) -> dict[str, Any]:
    return {
        "epoch": step.epoch + 1,
        "step": training.steps(step.epoch) + step.step + 1,
        "loss": step.loss,
        "lr": step.lr,
        "gradient_norm": step.gradient_norm,
        "pictures_per_second": sums.speed,
    }


def _keep_better(
    outcome: Outcome, training: Training, recipe: Recipe, line: dict[str, Any]
) -> None:
    """Keep the weights of an epoch that is at least as good; without val, of every epoch."""
    score = _score(recipe, line)
    if score >= outcome.score or outcome.weights is None:
        outcome.weights = plain_state(training.judged)
        outcome.epoch, outcome.score = line["epoch"], score


def _score(recipe: Recipe, line: dict[str, Any]) -> tuple[float, ...]:
    """What the best epoch has most of; equal accuracies are told apart by the loss."""
    if line["val_loss"] is None:
        return ()
    by_loss = (-line["val_loss"],)
    return by_loss if recipe.monitor == "val_loss" else (line["val_accuracy"], *by_loss)


def _ended(outcome: Outcome, training: Training, recipe: Recipe, run: Run, epoch: int) -> bool:
    if (run.path / "stop").exists():
        outcome.state, outcome.reason = "interrupted", "stopped by the file 'stop'"
        return True
    if recipe.patience and outcome.epoch and epoch + 1 - outcome.epoch >= recipe.patience:
        outcome.reason = f"no better {recipe.monitor} for {recipe.patience} epochs"
        return epoch + 1 < recipe.epochs
    if recipe.time_limit and training.progress(epoch + 1, 0) >= 1 and epoch + 1 < recipe.epochs:
        outcome.reason = "time limit reached"
        return True
    return False


def subset_of(train: Split, val: Split) -> Split:
    """Training pictures, evenly spaced, on which the fit is measured without augmentation.

    As many as val has, so that the two curves are equally noisy, but 200 to 2,000.
    """
    count = min(len(train), max(200, min(2000, len(val) or 2000)))
    positions = np.linspace(0, len(train) - 1, count).astype(np.int64)
    return train.at(positions)
