"""The results of a sweep, read from the run folders of its trials."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError
from retinue.experiments.answers import naming_damage
from retinue.experiments.sweeps.journal import TRIALS, Entry, Journal, Trial
from retinue.experiments.sweeps.result import (
    DIVERGED,
    FAILED,
    FINISHED,
    IMPOSSIBLE,
    PRUNED,
    WAITING,
    Result,
)
from retinue.runs import Run


def state_of(journal: Journal, trial: Trial) -> str:
    """How a trial ended, or that it waits yet (also where it has begun)."""
    run = Run(journal.folder(trial))
    try:
        if run.status["state"] == "finished":
            return FINISHED
        if run.has_diverged:
            return DIVERGED
    except (RetinueError, KeyError):
        pass  # not begun
    if trial.name in journal.pruned:
        return PRUNED
    return FAILED if trial.name in journal.failed else WAITING


def collect(journal: Journal, setting: int | None = None) -> list[Result]:
    """A result for each setting and seed, in the order of their numbers; or those of one setting.

    Raises:
        RetinueError: files of a run are damaged.
    """
    found = []
    for entry in journal.settings:
        if setting not in (None, entry.number):
            continue
        if entry.impossible:
            values = entry.number, journal.first_seed, entry.values
            found.append(Result(*values, IMPOSSIBLE, entry.impossible))
        else:
            found += [_result(journal, entry, trial) for trial in _trials(journal, entry)]
    return found


def _trials(journal: Journal, entry: Entry) -> list[Trial]:
    """Those of a setting; of one whose first was stopped on its way no other is trained."""
    first, *others = (Trial(entry.number, seed) for seed in journal.seeds)
    return [first] if first.name in journal.pruned else [first, *others]


def _result(journal: Journal, entry: Entry, trial: Trial) -> Result:
    state = state_of(journal, trial)
    numbers: dict[str, Any] = {}
    reason = journal.failed.get(trial.name, "") if state == FAILED else ""
    if state in (FINISHED, DIVERGED, PRUNED):
        run = Run(journal.folder(trial))
        with naming_damage(run):
            numbers = _numbers(run, state == FINISHED)
            reason = str(run.status["reason"]) if state == DIVERGED else reason
    return Result(
        trial.setting,
        trial.seed,
        entry.values,
        state,
        reason,
        run=str(Path(TRIALS) / trial.name),
        parameters=entry.parameters,
        multiply_adds=entry.multiply_adds,
        **numbers,
    )


def _numbers(run: Run, is_finished: bool) -> dict[str, Any]:
    """What its history and its evaluations say."""
    history, status = run.history, run.status
    kept: Mapping[str, Any] = next(
        (line for line in history if line["epoch"] == status.get("best_epoch")), {}
    )
    val = _accuracy(run, "val") if is_finished else kept.get("val_accuracy")
    return {
        "test": _accuracy(run, "test") if is_finished else None,
        "val": val,
        "train": kept.get("subset_accuracy"),
        "val_loss": kept.get("val_loss"),
        "train_loss": kept.get("subset_loss"),
        "val_curve": _curve(history, "val_accuracy"),
        "loss_curve": _curve(history, "train_loss"),
        "epochs": len(history),
        "best_epoch": status.get("best_epoch"),
        "seconds": status.get("training_seconds"),
    }


def _accuracy(run: Run, split: str) -> float | None:
    return run.metrics(split)["accuracy"]["value"] if split in run.evaluations else None


def _curve(history: list[dict[str, Any]], key: str) -> tuple[float, ...]:
    return tuple(line[key] for line in history if line.get(key) is not None)
