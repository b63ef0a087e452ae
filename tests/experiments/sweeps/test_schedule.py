"""Which trial is next: orders, impossible settings, pruning, and what is found after a kill."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retinue.experiments.sweeps.journal import Journal, Trial
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import DIVERGED, FAILED, FINISHED, PRUNED, WAITING, Values
from retinue.experiments.sweeps.schedule import Schedule
from retinue.experiments.sweeps.settle import Settled
from retinue.experiments.sweeps.study import Study
from retinue.experiments.sweeps.varying import axes_of
from retinue.recipe import make_recipe

ENDS = {"finished": FINISHED, "failed": DIVERGED, "interrupted": PRUNED}


class Settles:
    """Settles without data: a depth of 9 is impossible."""

    def settle(self, values: Values) -> Settled:
        if values.get("model.depth") == 9:
            return Settled(values, impossible="runs out of pixels")
        return Settled(values, make_recipe({"data": "digits"}))


Make = Callable[..., Schedule]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make("lr=1,2", seeds=2, search="tpe")`: a schedule whose runs are status files."""

    def make(*words: str, **settings: Any) -> Schedule:
        path = tmp_path / "sweep.json"
        if path.exists():
            journal = Journal.load(tmp_path)
        else:
            journal = Journal(tmp_path, Plan("digits", {}, axes_of(words), **settings))
        plan, study = journal.plan, None
        if plan.search != "grid" or plan.prune:
            study = Study(plan.axes, plan.search, 0, plan.prune)
        schedule = Schedule(journal, Settles(), study)  # type: ignore[arg-type]
        schedule.begin()
        return schedule

    return make


def finish(schedule: Schedule, trial: Trial, val: float = 0.5, state: str = "finished") -> None:
    """Write what a run leaves behind, and tell the schedule."""
    folder = schedule.journal.folder(trial)
    (folder / "evaluation" / "val").mkdir(parents=True, exist_ok=True)
    reason = "the loss is no longer a number at step 3" if state == "failed" else "done"
    status = {"state": state, "reason": reason, "best_epoch": 1}
    (folder / "history.jsonl").write_text('{"epoch": 1, "val_accuracy": 0.1}\n')
    (folder / "status.json").write_text(json.dumps(status))
    (folder / "evaluation" / "val" / "metrics.json").write_text(
        json.dumps({"accuracy": {"value": val}})
    )
    schedule.ended(trial, ENDS[state])


def all_of(schedule: Schedule, val: Callable[[Trial], float] = lambda _: 0.5) -> list[str]:
    """The names of all trials in order, each finished before the next."""
    names = []
    while (trial := schedule.next()) is not None:
        names.append(trial.name)
        finish(schedule, trial, val(trial))
    return names


def test_a_grid_has_every_setting_with_the_first_seed_and_then_the_next(make: Make) -> None:
    schedule = make("lr=1,2", "model.depth=3,4", seeds=2)
    assert all_of(schedule) == [
        f"{number:04d}-seed{seed}" for seed in (0, 1) for number in (1, 2, 3, 4)
    ]
    values = [entry.values for entry in schedule.journal.settings]
    assert values[1] == {"lr": 1, "model.depth": 4}  # the last key varies fastest


def test_what_is_impossible_is_noted_and_not_trained(make: Make) -> None:
    schedule = make("model.depth=3,9,4")
    assert all_of(schedule) == ["0001-seed0", "0003-seed0"]
    assert [entry.impossible for entry in schedule.journal.settings] == [
        "", "runs out of pixels", "",
    ]  # fmt: skip
    assert Journal.load(schedule.journal.path).settings == schedule.journal.settings


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_a_search_tries_so_many_different_settings(make: Make, search: str) -> None:
    schedule = make("lr=1..100", "model.depth=3..9", search=search, trials=12, seeds=2)
    names = all_of(schedule, lambda trial: 0.01 * trial.setting)
    possible = [entry for entry in schedule.journal.settings if not entry.impossible]
    assert len(schedule.journal.settings) == 12
    assert len(names) == len(set(names)) == 2 * len(possible)
    values = [str(entry.values) for entry in schedule.journal.settings]
    assert len(set(values)) == 12


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_a_search_ends_where_there_is_no_other_setting(make: Make, search: str) -> None:
    schedule = make("lr=1,2", "model.depth=3,4", search=search, trials=30)
    assert sorted(all_of(schedule)) == [f"{number:04d}-seed0" for number in (1, 2, 3, 4)]


def test_a_trial_at_work_is_not_given_again(make: Make) -> None:
    schedule = make("lr=1,2,3")
    given = [schedule.next() for _ in range(4)]
    assert given[3] is None
    assert len({trial.name for trial in given if trial}) == 3


def test_after_a_kill_what_is_finished_stays_and_the_rest_is_given_again(make: Make) -> None:
    first = make("lr=1,2,3,4,5")
    for number in range(1, 5):
        trial = first.next()
        assert trial is not None
        if number == 1:
            finish(first, trial)
        elif number == 2:
            finish(first, trial, state="failed")
        elif number == 3:
            first.ended(trial, FAILED, "no memory")
    again = make()
    assert all_of(again) == ["0003-seed0", "0004-seed0", "0005-seed0"]


def test_a_search_goes_on_after_a_kill_as_without_it(make: Make) -> None:
    def val(trial: Trial) -> float:
        return 0.03 * trial.setting

    schedule = make("lr=1e-4..1:log", "momentum=0..0.9", search="tpe", trials=14)
    for _ in range(11):
        trial = schedule.next()
        assert trial is not None
        finish(schedule, trial, val(trial))
    again = make()
    all_of(again, val)
    killed = [entry.values for entry in again.journal.settings]
    all_of(schedule, val)
    assert [entry.values for entry in schedule.journal.settings] == killed


def test_later_seeds_wait_for_the_first_where_trainings_are_pruned(make: Make) -> None:
    schedule = make("lr=1,2", seeds=2, prune=True)
    one, two = schedule.next(), schedule.next()
    assert schedule.next() is None
    assert one is not None
    assert two is not None
    finish(schedule, one, state="interrupted")
    finish(schedule, two)
    assert schedule.next() == Trial(2, 1)
    assert schedule.next() is None
    assert schedule.states[Trial(1, 1)] == WAITING
    assert Journal.load(schedule.journal.path).pruned == ["0001-seed0"]
    again = make()
    assert again.next() == Trial(2, 1)


def test_no_trial_is_stopped_in_its_first_third(make: Make) -> None:
    words = "lr=1,2,3,4,5,6,7"
    schedule = make(words, prune=True)
    for val in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        trial = schedule.next()
        assert trial is not None
        assert schedule.study is not None
        schedule.study.report(trial.setting, [val] * 12)
        finish(schedule, trial, val)
    worst = schedule.next()
    assert worst is not None
    epochs = 12
    recipe = schedule.journal.settings[worst.setting - 1].recipe
    assert recipe is not None
    recipe["epochs"] = epochs
    stopped = [schedule.should_stop(worst, [0.1] * done) for done in range(1, epochs + 1)]
    assert stopped == [done >= 4 for done in range(1, epochs + 1)]
