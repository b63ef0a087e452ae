"""The course of a training over its epochs: history, best weights, when to stop."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from retinue.data.imagedata import Split
from retinue.errors import RetinueError
from retinue.models.weights import plain_state
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.listener import Listener
from retinue.training.loop import (
    LOG_EVERY,
    DivergedError,
    StepReport,
    TooLargeError,
    Training,
    advice,
    train_epoch,
    validate,
)
from retinue.training.saving import Saving, StoppedError
from retinue.training.state import Course, EpochSums, Outcome

HEARTBEAT = 5.0  # seconds between two signs of life in status.json


def run_epochs(
    training: Training,
    recipe: Recipe,
    run: Run,
    val: Split,
    subset: Split,
    listener: Listener,
    course: Course,
    saving: Saving,
) -> Outcome:
    """Train on from `course`, epoch by epoch, until all are done or something ends it.

    Ctrl-C, SIGTERM, the time limit, lost patience, a file `stop` in the run folder, and a loss that
    is no number all end here, each with the best weights so far. Without val the last ones count.
    """
    outcome = course.outcome
    try:
        while not course.ended and course.epoch < math.ceil(recipe.epochs):
            saving.stop_if_asked(training, course)
            line = _one_epoch(training, recipe, run, val, subset, listener, course, saving)
            if line is None:
                outcome.reason = "time limit reached"
                break
            _keep_better(outcome, training, recipe, line)
            run.append("history.jsonl", line)
            course.epoch, course.step, course.sums = course.epoch + 1, 0, EpochSums()
            run.update_status(epoch=course.epoch, step=training.steps(course.epoch))
            listener.on_epoch(line)
            if _ended(outcome, training, recipe, course.epoch):
                course.ended = True  # also where a stop is asked for by now
                break
            if (run.path / "stop").exists():
                saving.ask("by the file 'stop'")
        saving.stop_if_asked(training, course)
    except (KeyboardInterrupt, StoppedError) as error:
        where = f"in epoch {course.epoch + 1}" if course.step else f"after epoch {course.epoch}"
        outcome.state, outcome.reason = "interrupted", f"stopped {str(error) or 'by hand'} {where}"
    except DivergedError as error:
        outcome.state, outcome.reason = "failed", str(error)
    if outcome.weights is None and outcome.state != "failed":
        # Weights from the middle of an epoch count only where no epoch was finished.
        outcome.weights, outcome.epoch = plain_state(training.judged), 0
    if outcome.state == "finished":
        course.ended = True
        saving.write(training, course)
    return outcome


def _one_epoch(
    training: Training,
    recipe: Recipe,
    run: Run,
    val: Split,
    subset: Split,
    listener: Listener,
    course: Course,
    saving: Saving,
) -> dict[str, Any] | None:
    """Train and validate what is left of an epoch; None where time was up before its first step."""
    sums, epoch = course.sums, course.epoch
    beat = time.monotonic()

    def report(step: StepReport) -> None:
        nonlocal beat
        sums.add(step)
        course.step = step.step + 1
        if step.step % LOG_EVERY == 0:
            run.append("steps.jsonl", _step_line(step, training, sums))
        if time.monotonic() - beat > HEARTBEAT:
            beat = time.monotonic()
            run.update_status(step=training.steps(epoch) + step.step + 1)
        listener.on_step(step, training)
        saving.after_step(training, course)

    try:
        _in_memory(
            lambda: train_epoch(training, epoch, report, course.step), training, recipe, listener
        )
    finally:
        training.seconds += sums.seconds
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
        "seconds": sums.seconds,
        "pictures_per_second": speed,
    }


def _in_memory(
    train: Callable[[], None], training: Training, recipe: Recipe, listener: Listener
) -> None:
    """Train; where a batch does not fit memory, once more with slices of half the size."""
    while True:
        try:
            return train()
        except TooLargeError:
            listener.on_note(_halve(training, recipe))


def _halve(training: Training, recipe: Recipe) -> str:
    """Let a batch that does not fit memory go through the network in halves, and say so.

    Raises:
        RetinueError: this was done before.
    """
    size = training.slice_size or training.batches.batch_size
    if training.slice_size != recipe.slice_size or size < 2:
        raise RetinueError(
            f"{size} pictures at once do not fit memory; try --slice-size {max(1, size // 4)}, "
            "or a smaller --batch-size"
        )
    training.slice_size = -(-size // 2)
    return (
        f"{size} pictures at once do not fit memory: they are taken in slices of "
        f"{training.slice_size}, which gives the same but for the statistics of batch norm"
    )


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


def _ended(outcome: Outcome, training: Training, recipe: Recipe, done: int) -> bool:
    """Whether the training ends after so many epochs, before all are done."""
    if recipe.patience and outcome.epoch and done - outcome.epoch >= recipe.patience:
        outcome.reason = f"no better {recipe.monitor} for {recipe.patience} epochs"
        return done < recipe.epochs
    if recipe.time_limit and training.progress(done, 0) >= 1 and done < recipe.epochs:
        outcome.reason = "time limit reached"
        return True
    return False


def subset_of(train: Split, val: Split) -> Split:
    """Training pictures, evenly spaced, on which the fit is measured without augmentation."""
    count = subset_size(len(train), len(val))
    positions = np.linspace(0, len(train) - 1, count).astype(np.int64)
    return train.at(positions)


def subset_size(train: int, val: int) -> int:
    """How many these are: as many as val has, so that the two curves are equally noisy.

    But 200 to 2,000, and no more than there are.
    """
    return min(train, max(200, min(2000, val or 2000)))
