"""Over- and underfitting, as far as the curves of a training show them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retinue.experiments.answers import naming_damage
from retinue.runs import Run
from retinue.training.course import subset_size

LAST = 0.25  # share of the epochs that counts as the end
LEAST_GAP = 0.02  # a gap that is surely larger than this is overfitting
FALLING = ("onecycle", "cosine", "linear")  # schedules whose learning rate falls to the end
_Z = 1.959964  # of a two-sided interval at 95 %


@dataclass(frozen=True)
class Curve:
    """Accuracies at the epoch that was kept, and how val rose at the end; means over the runs.

    `train` is of training pictures as they are, without augmentation; `n_train` and `n_val` count
    the pictures behind them. `before` and `after` are val's accuracy at the end's beginning and at
    the last epoch; `last` counts the epochs between.
    """

    train: float
    val: float
    n_train: int
    n_val: int
    epochs: int
    before: float
    after: float
    last: int
    falling: bool

    @property
    def gap(self) -> tuple[float, float, float]:
        """How much better it is on training pictures than on val, with its interval at 95 %."""
        half = _half(self.train, self.n_train, self.val, self.n_val)
        value = self.train - self.val
        return value, value - half, value + half

    @property
    def overfits(self) -> bool:
        """Whether the gap is surely more than two points."""
        return self.gap[1] > LEAST_GAP

    @property
    def still_rises(self) -> bool:
        """Whether val rose over the last quarter by more than chance explains."""
        half = _half(self.before, self.n_val, self.after, self.n_val)
        return self.last > 0 and self.after - self.before > max(half, 0.01)

    def is_below(self, other: "Curve") -> bool:
        """Whether it fits its own training pictures worse than the other does unseen ones."""
        half = _half(self.train, self.n_train, other.val, other.n_val)
        return other.val - self.train > half


def curve_of(runs: Sequence[Run]) -> Curve | None:
    """The curve of some runs of one recipe; None where one has no accuracies by epoch."""
    found = []
    for run in runs:
        with naming_damage(run):
            found.append(_of_one(run))
    curves = [one for one in found if one is not None]
    if len(curves) < len(found):
        return None

    def mean(of: Callable[[Curve], float]) -> float:
        return float(np.mean([of(one) for one in curves]))

    return replace(
        curves[0],
        train=mean(lambda one: one.train),
        val=mean(lambda one: one.val),
        before=mean(lambda one: one.before),
        after=mean(lambda one: one.after),
    )


def _of_one(run: Run) -> Curve | None:
    known = ("epoch", "subset_accuracy", "val_accuracy")
    lines = [one for one in run.history if all(one.get(key) is not None for key in known)]
    kept = [one for one in lines if one["epoch"] == run.status.get("best_epoch")]
    if not kept:
        return None
    last = round(LAST * len(lines))
    counts: Mapping[str, Mapping[str, Any]] = run.data["counts"]
    train, val = (sum(counts[split].values()) for split in ("train", "val"))
    return Curve(
        train=kept[0]["subset_accuracy"],
        val=kept[0]["val_accuracy"],
        n_train=subset_size(train, val),
        n_val=val,
        epochs=len(lines),
        before=lines[-1 - last]["val_accuracy"],
        after=lines[-1]["val_accuracy"],
        last=last,
        falling=run.recipe.schedule in FALLING,
    )


def _half(one: float, n_one: int, two: float, n_two: int) -> float:
    """Half the width of the interval of a difference of two shares of different pictures.

    With two pictures added to each side (Agresti and Caffo 2000), so that no share is certain.
    """
    variance = 0.0
    for share, n in ((one, n_one), (two, n_two)):
        better = (share * n + 1) / (n + 2)
        variance += better * (1 - better) / (n + 2)
    return _Z * math.sqrt(variance)
