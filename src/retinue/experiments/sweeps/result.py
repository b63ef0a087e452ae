"""What one training of a sweep gave, as the table has it."""

from collections.abc import Mapping
from dataclasses import dataclass

Value = bool | int | float | str
Values = Mapping[str, Value]

FINISHED, PRUNED, DIVERGED = "finished", "pruned", "diverged"
FAILED, WAITING, IMPOSSIBLE = "failed", "waiting", "impossible"
STATES = (FINISHED, PRUNED, DIVERGED, FAILED, WAITING, IMPOSSIBLE)


@dataclass(frozen=True)
class Result:
    """One training: which setting with which seed, how it ended, and its numbers as far as known.

    `setting` counts the settings of the sweep from 1; all trainings of a setting have its number
    and its `values`, one for each key that is varied. `state` is finished, pruned (stopped on its
    way, for others were better by then), diverged (the loss was no number any more), failed
    (something else went wrong: `reason`), waiting (not trained yet), or impossible (there is no
    such network; these have no seed of their own, `seed` is the first). Accuracies are shares, 0 to
    1, at the epoch that was kept: `test`, `val`, and `train` on training pictures without
    augmentation. `val_loss` and `train_loss` likewise; `val_curve` is val's accuracy after every
    epoch, `loss_curve` the mean training loss of every epoch. `seconds` are those of training;
    `multiply_adds` are for one picture.
    """

    setting: int
    seed: int
    values: Values
    state: str
    reason: str = ""
    run: str = ""
    test: float | None = None
    val: float | None = None
    train: float | None = None
    val_loss: float | None = None
    train_loss: float | None = None
    val_curve: tuple[float, ...] = ()
    loss_curve: tuple[float, ...] = ()
    epochs: int = 0
    best_epoch: int | None = None
    seconds: float | None = None
    parameters: int | None = None
    multiply_adds: int | None = None
