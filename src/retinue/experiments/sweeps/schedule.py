"""Which trial is next: the bookkeeping of a sweep, without any training."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.collect import collect, state_of
from retinue.experiments.sweeps.journal import Entry, Journal, Trial
from retinue.experiments.sweeps.result import (
    FAILED,
    FINISHED,
    PRUNED,
    WAITING,
    Result,
    Value,
    Values,
)
from retinue.experiments.sweeps.settle import Settler
from retinue.experiments.sweeps.study import Study

ATTEMPTS = 50  # draws of a setting that was not tried yet
EARLY = 1 / 3  # of the epochs, in which no trial is stopped
AT_WORK = "at work"


@dataclass
class Schedule:
    """Settings and trials as they come and end; `study` is None for a grid without pruning."""

    journal: Journal
    settler: Settler
    study: Study | None
    states: dict[Trial, str] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)  # settings of which the study knows the end

    def begin(self) -> None:
        """Take in what an earlier driver has left, and settle all settings that are known now."""
        journal, plan = self.journal, self.journal.plan
        for trial in journal.trials:
            state = state_of(journal, trial)
            self.states[trial] = WAITING if state == FAILED else state  # it is tried again
        journal.failed = {}
        if self.study is not None:
            for entry in journal.settings:
                self.study.adopt(entry.number, entry.values)
            for entry in journal.settings:
                self._tell(entry.number)
        # One at least, so that what is wrong is told before anything is written.
        known_now = plan.wanted if plan.search != "tpe" else 1
        while len(journal.settings) < known_now and self._add():
            pass
        journal.write()

    def next(self) -> Trial | None:
        """The trial to begin with now; None where there is none, or none yet."""
        trial, plan = self._waiting(), self.journal.plan
        if trial is None and plan.search == "tpe":
            while trial is None and len(self.journal.settings) < plan.wanted and self._add():
                trial = self._waiting()
            self.journal.write()
        if trial is not None:
            self.states[trial] = AT_WORK
        return trial

    def ended(self, trial: Trial, state: str, reason: str = "") -> None:
        """Note how a trial ended; what no run folder tells goes into sweep.json."""
        self.states[trial] = state
        if state == PRUNED:
            self.journal.pruned.append(trial.name)
        if state == FAILED:
            self.journal.failed[trial.name] = reason
        if state in (PRUNED, FAILED):
            self.journal.write()
        self._tell(trial.setting)

    def should_stop(self, trial: Trial, curve: list[float]) -> bool:
        """Whether pruning stops a trial at work; only a setting's first one is judged.

        None is in its first third: while the learning rate rises, little can be told.
        """
        recipe = self.journal.settings[trial.setting - 1].recipe
        if self.study is None or recipe is None or trial.seed != self.journal.first_seed:
            return False
        self.study.report(trial.setting, curve)
        return len(curve) >= EARLY * recipe["epochs"] and self.study.should_stop(trial.setting)

    def _waiting(self) -> Trial | None:
        """The first that waits: every setting with the first seed, then with the next.

        TPE learns from whole settings, so that it takes all seeds of one.
        """
        by_setting = self.journal.plan.search == "tpe"
        waiting = [one for one, state in self.states.items() if state == WAITING]
        worth = [one for one in waiting if self._is_worth(one)]
        key = (
            operator.attrgetter("setting", "seed")
            if by_setting
            else operator.attrgetter("seed", "setting")
        )
        return min(worth, key=key, default=None)

    def _is_worth(self, trial: Trial) -> bool:
        """With pruning a setting's later seeds wait for what becomes of the first."""
        first = Trial(trial.setting, self.journal.first_seed)
        if not self.journal.plan.prune or trial == first:
            return True
        return self.states[first] == FINISHED

    def _add(self) -> bool:
        """Choose and settle one more setting; False where there is no other any more."""
        number = len(self.journal.settings) + 1
        values = self._choose(number)
        if values is None:
            return False
        settled = self.settler.settle(values)
        recipe = settled.recipe
        self.journal.settings.append(
            Entry(
                number,
                values,
                None if recipe is None else recipe.model_dump(mode="json"),
                settled.impossible,
                settled.parameters,
                settled.multiply_adds,
            )
        )
        if recipe is not None:
            for seed in self.journal.seeds:
                self.states[Trial(number, seed)] = WAITING
        self._tell(number)
        return True

    def _choose(self, number: int) -> Values | None:
        plan = self.journal.plan
        if plan.search == "grid":
            values = _of_grid(plan.axes, number - 1)
            if self.study is not None and values is not None:
                self.study.adopt(number, values)
            return values
        assert self.study is not None  # noqa: S101  both other searches have one
        known = [entry.values for entry in self.journal.settings]
        for attempt in range(ATTEMPTS):
            found = self.study.ask(number, attempt)
            if found not in known:
                return found
            # A setting that is tried already gives what it gave.
            twin = collect(self.journal, known.index(found) + 1)
            self.study.tell(number, _value(twin))
        return None

    def _tell(self, number: int) -> None:
        """Let the study know of a setting whose trials have all ended."""
        if self.study is None or number in self.told:
            return
        states = [state for trial, state in self.states.items() if trial.setting == number]
        pruned = PRUNED in states
        if not pruned and any(state in (WAITING, AT_WORK) for state in states):
            return
        self.told.add(number)
        results = collect(self.journal, number)
        if results and self.journal.plan.prune:
            self.study.report(number, results[0].val_curve)
        self.study.tell(number, _value(results), pruned)


def _value(results: Sequence[Result]) -> float | None:
    """The mean accuracy on val of a setting that has ended well with all seeds."""
    if any(one.state != FINISHED for one in results):
        return None
    found = [one.val for one in results if one.val is not None]
    return float(np.mean(found)) if found else None


def _of_grid(axes: Sequence[Axis], place: int) -> Values | None:
    """The values at a place of the grid, the last key's varying fastest; None behind its end."""
    found: dict[str, Value] = {}
    for axis in reversed(axes):
        place, at = divmod(place, len(axis.values))
        found[axis.key] = axis.values[at]
    return None if place else {axis.key: found[axis.key] for axis in axes}
