"""Where a training is and what it has found so far, and how that becomes a checkpoint and back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from retinue.data.imagedata import Split
from retinue.models.weights import plain_state
from retinue.training.checkpoint import Checkpoint
from retinue.training.loop import StepReport, Training


@dataclass
class Outcome:
    """How a training ended: the weights that count, their epoch (from 1), and the state.

    `weights` is None where no epoch was finished and the loss had diverged. `judge` gives the
    logits (N, K) of a split where there is a quicker way than through the network.
    """

    weights: dict[str, Tensor] | None = None
    epoch: int | None = None
    state: str = "finished"
    reason: str = "all epochs done"
    score: tuple[float, ...] = ()
    judge: Callable[[Split], NDArray[np.float64]] | None = None


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
    def seconds(self) -> float:
        """Since the epoch began."""
        return time.monotonic() - self.started

    @property
    def speed(self) -> float:
        """Pictures per second since the epoch began."""
        return self.pictures / max(1e-9, self.seconds)


@dataclass
class Course:
    """Where a training is: `step` steps of `epoch`, counted from 0, are done.

    `ended` says that no more will follow; then the outcome is what it will be judged by.
    """

    epoch: int = 0
    step: int = 0
    sums: EpochSums = field(default_factory=EpochSums)
    outcome: Outcome = field(default_factory=Outcome)
    ended: bool = False


def capture(training: Training, course: Course) -> Checkpoint:
    """All that a training needs to go on from here as if nothing had happened.

    Random draws need nothing: each is seeded by its epoch and step.
    """
    sums, outcome = course.sums, course.outcome
    values = {
        "epoch": course.epoch,
        "epoch_step": course.step,
        "ended": course.ended,
        "sums": [sums.pictures, sums.loss, sums.correct, sums.lr, sums.seconds],
        "outcome": [outcome.epoch, outcome.state, outcome.reason, list(outcome.score)],
        "seconds": training.seconds,
        "elapsed": time.monotonic() - training.started,
        "slice_size": training.slice_size,
    }
    tensors = {f"model.{name}": tensor for name, tensor in plain_state(training.model).items()}
    if training.average is not None:
        average = plain_state(training.average)
        tensors |= {f"average.{name}": tensor for name, tensor in average.items()}
    if outcome.weights is not None:
        tensors |= {f"best.{name}": tensor for name, tensor in outcome.weights.items()}
    for number, weight in enumerate(_weights(training.optimiser)):
        state: dict[str, Tensor | None] = training.optimiser.state.get(weight, {})
        for key, value in state.items():
            if value is not None:
                tensors[f"optimiser.{number}.{key}"] = value.detach().cpu().contiguous()
    batches = training.batches
    if batches.losses is not None:
        tensors["losses"] = batches.losses.clone()
    if batches.chosen is not None:
        values["chosen_epoch"], tensors["chosen"] = batches.chosen
    return Checkpoint(training.steps(course.epoch) + course.step, values, tensors)


def restore(training: Training, checkpoint: Checkpoint) -> Course:
    """Put a freshly made training where it was; what is given back is where that is."""
    values, tensors = checkpoint.values, checkpoint.tensors
    now = time.monotonic()
    training.model.load_state_dict(_part(tensors, "model."))
    if training.average is not None:
        training.average.load_state_dict(_part(tensors, "average."))
    for number, weight in enumerate(_weights(training.optimiser)):
        training.optimiser.state[weight] = {
            key: _like(weight, value)
            for key, value in _part(tensors, f"optimiser.{number}.").items()
        }
    training.batches.losses = tensors.get("losses")
    if "chosen" in tensors:
        training.batches.chosen = values["chosen_epoch"], tensors["chosen"]
    training.seconds, training.slice_size = values["seconds"], values["slice_size"]
    training.started = now - values["elapsed"]
    pictures, loss, correct, lr, spent = values["sums"]
    best, state, reason, score = values["outcome"]
    return Course(
        epoch=values["epoch"],
        step=values["epoch_step"],
        sums=EpochSums(pictures, loss, correct, lr, now - spent),
        outcome=Outcome(_part(tensors, "best.") or None, best, state, reason, tuple(score)),
        ended=values["ended"],
    )


def _weights(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [weight for group in optimiser.param_groups for weight in group["params"]]


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """What begins with the prefix, under the rest of its name."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _like(weight: Tensor, value: Tensor) -> Tensor:
    """The value as the optimiser had it: on the weight's device, and in its order in memory."""
    if value.shape != weight.shape:
        return value  # a count of steps, which torch keeps on the CPU
    return torch.empty_like(weight, dtype=value.dtype, requires_grad=False).copy_(value)
