"""Choose a learning rate by raising it until the loss gets out of hand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from retinue.training.loop import DivergedError, StepReport, Training, train_epoch

LOWEST, HIGHEST = 1e-5, 10.0
STEPS = 120
OUT_OF_HAND = 4.0  # times the least loss
SMOOTHING = 0.9


class _EnoughError(Exception):
    """The loss has grown too far for more to be learnt."""


@dataclass(frozen=True)
class Found:
    """The learning rate to use, the rates tried, and the smoothed loss at each."""

    lr: float
    rates: list[float]
    losses: list[float]


def find_lr(training: Training) -> Found:
    """Train at rates that rise geometrically from step to step, and look at the losses.

    Smith 2017, "Cyclical learning rates for training neural networks", arXiv:1506.01186. Losses
    are smoothed by a moving average. Changes the weights and all else of `training`: give it one
    that is made for the purpose.

    Raises:
        DivergedError: the loss is no number from the first steps on.
    """
    rates: list[float] = []
    losses: list[float] = []
    average = 0.0

    def rate(_: float) -> float:
        return float(LOWEST * (HIGHEST / LOWEST) ** (len(rates) / STEPS))

    def note(step: StepReport) -> None:
        nonlocal average
        average = SMOOTHING * average + (1 - SMOOTHING) * step.loss
        rates.append(step.lr)
        losses.append(average / (1 - SMOOTHING ** len(rates)))
        if len(rates) == STEPS or losses[-1] > OUT_OF_HAND * min(losses):
            raise _EnoughError

    training.rate, training.time_limit = rate, None
    # One epoch more than needed, so that the progress of the last step is not the end.
    training.epochs = epochs = math.ceil(STEPS / training.batches.steps(1)) + 1
    try:
        for epoch in range(epochs):
            train_epoch(training, epoch, note)
    except _EnoughError:
        pass
    except DivergedError:
        if len(rates) < 3:
            raise
    return Found(valley(rates, losses), rates, losses)


def valley(rates: Sequence[float], losses: Sequence[float]) -> float:
    """The rate two thirds down the longest descent of the losses, as fastai's `valley` takes.

    The descent is the longest subsequence of falling losses that may skip what rises in between.
    """
    longest = [1] * len(losses)
    before = [-1] * len(losses)
    for later in range(len(losses)):
        for earlier in range(later):
            if losses[earlier] > losses[later] and longest[earlier] >= longest[later]:
                longest[later], before[later] = longest[earlier] + 1, earlier
    place = longest.index(max(longest))
    descent = [place]
    while before[place] >= 0:
        place = before[place]
        descent.insert(0, place)
    return rates[descent[0] + (descent[-1] - descent[0]) * 2 // 3]
