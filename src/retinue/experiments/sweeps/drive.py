"""The driver of a sweep: gives trials to workers, watches them, and notes how they end."""

import time
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError
from retinue.experiments.listener import Job, Listener
from retinue.experiments.sweeps.collect import state_of
from retinue.experiments.sweeps.journal import Journal, Trial
from retinue.experiments.sweeps.phrases import setting_name
from retinue.experiments.sweeps.result import DIVERGED, FAILED, FINISHED, PRUNED, WAITING
from retinue.experiments.sweeps.schedule import Schedule
from retinue.experiments.sweeps.trial import train_trial
from retinue.jobs import Ending, Spec, run_all
from retinue.runs import Run

ATTEMPTS = 5  # at a trial whose process is killed again and again before it came any further
FAILURES = 3  # in a row, after which the sweep stops: more would fail alike


@dataclass
class Driver:
    """Drives a schedule to its end, or until time is up.

    `options` are what every trial's spec has beside its recipe and folder.
    """

    journal: Journal
    schedule: Schedule
    listener: Listener
    options: dict[str, Any]
    until: float | None = None  # a monotonic time after which no trial begins
    at_work: dict[str, tuple[Trial, Job]] = field(default_factory=dict)
    stopping: set[Trial] = field(default_factory=set)  # which were asked to stop
    deaths: dict[Trial, list[int]] = field(default_factory=dict)  # the steps that were done then
    failures: int = 0  # in a row

    def drive(self, executor: Executor, at_once: int) -> None:
        """Train until nothing is left that can be begun.

        Raises:
            RetinueError: several trials in a row failed.
        """
        meanwhile = self._watch if self.schedule.study is not None else None
        while not self._time_is_up() and (trial := self.schedule.next()) is not None:
            # A trial that ended last of a round may make others worth it.
            for ending in run_all(
                train_trial,
                self._specs(trial),
                executor,
                finished=lambda _: False,
                at_once=at_once,
                meanwhile=meanwhile,
            ):
                self._end(ending)

    def _time_is_up(self) -> bool:
        return self.until is not None and time.monotonic() >= self.until

    def _specs(self, trial: Trial | None) -> Iterator[Spec]:
        """From this trial on, what can be begun."""
        while trial is not None:
            yield self._begin(trial)
            trial = None if self._time_is_up() else self.schedule.next()

    def _begin(self, trial: Trial) -> Spec:
        journal = self.journal
        entry, path = journal.settings[trial.setting - 1], journal.folder(trial)
        number, total = self._progress()
        job = Job(setting_name(entry.values), trial.seed, path, number, total)
        self.at_work[str(path)] = trial, job
        self.listener.on_train(job)
        recipe = {**(entry.recipe or {}), "seed": trial.seed}
        return {"output": str(path), "recipe": recipe, **self.options}

    def _progress(self) -> tuple[int, int]:
        """Which trial in order of beginning this is, and of how many at most."""
        waiting = sum(state == WAITING for state in self.schedule.states.values())
        yet = self.journal.plan.wanted - len(self.journal.settings)
        total = len(self.schedule.states) + yet * self.journal.plan.seeds
        return len(self.schedule.states) - waiting, total

    def _end(self, ending: Ending) -> None:
        trial, job = self.at_work.pop(ending.spec["output"])
        state, reason = self._how(trial, ending)
        self.schedule.ended(trial, state, reason)
        if state == FINISHED:
            self.listener.on_trained(job, Run.load(job.path))
        elif state != WAITING:
            self.listener.on_left_out(f"{job.name}, seed {job.seed}", reason or state)
        self.failures = self.failures + 1 if state == FAILED else 0
        if self.failures >= FAILURES:
            raise RetinueError(
                f"{self.failures} trainings in a row failed, the last with: {reason}; once that is "
                f"mended, go on with: retinue sweep --resume {self.journal.path}"
            )

    def _how(self, trial: Trial, ending: Ending) -> tuple[str, str]:
        """The state of a trial that has ended, and the reason."""
        found = state_of(self.journal, trial)
        if found in (FINISHED, DIVERGED):
            return found, ending.error
        if ending.died:
            deaths = self.deaths.setdefault(trial, [])
            deaths.append(_steps(self.journal.folder(trial)))
            in_vain = deaths.count(max(deaths))
            return (FAILED, ending.error) if in_vain >= ATTEMPTS else (WAITING, "")
        if ending.error:
            return FAILED, ending.error
        if trial in self.stopping:
            return PRUNED, "stopped on its way: others were better by then"
        return FAILED, "stopped by a file 'stop' in its folder"

    def _watch(self) -> None:
        """Stop the trials at work that are not worth going on with."""
        for trial, job in self.at_work.values():
            if trial not in self.stopping and self.schedule.should_stop(trial, _curve(job.path)):
                self.stopping.add(trial)
                (job.path / "stop").touch()


def _steps(path: Path) -> int:
    """How far a run came, as far as its folder says."""
    try:
        return int(Run(path).status["step"])
    except (RetinueError, KeyError):
        return 0


def _curve(path: Path) -> list[float]:
    """The accuracies on val of a run at work, as far as there are any."""
    try:
        history = Run(path).history
    except (OSError, ValueError):
        return []
    return [line["val_accuracy"] for line in history if line.get("val_accuracy") is not None]
