"""The driver: workers that are killed, time that is up, trainings that are stopped on their way."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from retinue import jobs
from retinue.errors import DiedError, RetinueError
from retinue.experiments.listener import Listener
from retinue.experiments.sweeps import drive
from retinue.experiments.sweeps.drive import Driver
from retinue.experiments.sweeps.journal import Journal
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import Values
from retinue.experiments.sweeps.schedule import Schedule
from retinue.experiments.sweeps.settle import Settled
from retinue.experiments.sweeps.study import Study
from retinue.experiments.sweeps.varying import axes_of
from retinue.jobs import Spec
from retinue.recipe import make_recipe


class Settles:
    """Settles without data."""

    def settle(self, values: Values) -> Settled:
        return Settled(values, make_recipe({"data": "digits", "lr": values["lr"], "epochs": 2}))


@pytest.fixture
def two() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


def driver(path: Path, prune: bool = False, **settings: Any) -> Driver:
    plan = Plan("digits", {}, axes_of(["lr=1,2,3,4,5,6,7,8"]), prune=prune)
    study = Study(plan.axes, "grid", 0, True) if prune else None
    schedule = Schedule(Journal(path, plan), Settles(), study)  # type: ignore[arg-type]
    schedule.begin()
    return Driver(schedule.journal, schedule, Listener(), {}, **settings)


def leave(spec: Spec, state: str, curve: list[float], step: int = 0) -> None:
    """Write what a run leaves behind."""
    folder = Path(spec["output"])
    (folder / "evaluation" / "val").mkdir(parents=True, exist_ok=True)
    status = {"state": state, "reason": "", "best_epoch": 1, "training_seconds": 1.0}
    status["step"] = step
    (folder / "status.json").write_text(json.dumps(status))
    lines = [json.dumps({"epoch": at + 1, "val_accuracy": val}) for at, val in enumerate(curve)]
    (folder / "history.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "recipe.yaml").write_text("data: digits\n")
    metrics = {"accuracy": {"value": curve[-1] if curve else 0.1}}
    (folder / "evaluation" / "val" / "metrics.json").write_text(json.dumps(metrics))


def patched(monkeypatch: pytest.MonkeyPatch, train: Callable[[Spec], str]) -> None:
    monkeypatch.setattr(drive, "train_trial", train)


def test_a_training_whose_process_was_killed_is_done_again(
    tmp_path: Path, two: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths: dict[float, int] = {}

    def train(spec: Spec) -> str:
        lr = spec["recipe"]["lr"]
        if lr in (2, 5, 6) and deaths.setdefault(lr, 0) < {2: 4, 5: 99, 6: 12}[lr]:
            deaths[lr] += 1
            leave(spec, "running", [], step=deaths[lr] if lr == 6 else 3)
            raise DiedError("its process was killed by signal 9")
        leave(spec, "finished", [0.5])
        return "finished"

    patched(monkeypatch, train)
    drives = driver(tmp_path)
    drives.drive(two, 2)
    states = {trial.setting: state for trial, state in drives.schedule.states.items()}
    assert states == {**dict.fromkeys(range(1, 9), "finished"), 5: "failed"}
    assert deaths == {2: 4, 5: 5, 6: 12}  # the last came further every time
    assert Journal.load(tmp_path).failed == {"0005-seed0": "its process was killed by signal 9"}


def test_no_training_begins_when_time_is_up(
    tmp_path: Path, two: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def train(spec: Spec) -> str:
        now[0] += 10
        leave(spec, "finished", [0.5])
        return "finished"

    patched(monkeypatch, train)
    monkeypatch.setattr("retinue.experiments.sweeps.drive.time.monotonic", lambda: now[0])
    drives = driver(tmp_path, until=25.0)
    drives.drive(two, 1)
    assert sum(state == "finished" for state in drives.schedule.states.values()) == 3
    assert sum(state == "waiting" for state in drives.schedule.states.values()) == 5


def test_a_training_that_is_worse_than_others_is_stopped_by_a_file(
    tmp_path: Path, two: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "EVERY", 0.01)

    def train(spec: Spec) -> str:
        lr, stop = spec["recipe"]["lr"], Path(spec["output"]) / "stop"
        curve = [0.1, 0.1] if lr == 7 else [0.1, 0.1 * lr]
        leave(spec, "running", curve)
        if lr == 7:
            for _ in range(1000):
                if stop.exists():
                    leave(spec, "interrupted", curve)
                    return "stopped"
                Event().wait(0.01)
        leave(spec, "finished", curve)
        return "finished"

    patched(monkeypatch, train)
    drives = driver(tmp_path, prune=True)
    drives.drive(two, 2)
    states = {trial.setting: state for trial, state in drives.schedule.states.items()}
    assert states == {**dict.fromkeys(range(1, 9), "finished"), 7: "pruned"}
    assert Journal.load(tmp_path).pruned == ["0007-seed0"]


def test_a_training_that_somebody_else_stopped_is_tried_again_another_time(
    tmp_path: Path, two: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(spec: Spec) -> str:
        if spec["recipe"]["lr"] == 3:
            leave(spec, "interrupted", [0.1])
            return "stopped"
        leave(spec, "finished", [0.5])
        return "finished"

    patched(monkeypatch, train)
    drives = driver(tmp_path)
    drives.drive(two, 2)
    assert "stopped by a file" in Journal.load(tmp_path).failed["0003-seed0"]


def test_failures_between_successes_do_not_end_it_and_three_in_a_row_do(
    tmp_path: Path, two: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(failing: set[int]) -> Callable[[Spec], str]:
        def train(spec: Spec) -> str:
            if spec["recipe"]["lr"] in failing:
                raise RetinueError("no room")
            leave(spec, "finished", [0.5])
            return "finished"

        return train

    patched(monkeypatch, fails({1, 3, 5, 7}))
    driver(tmp_path / "between").drive(two, 1)
    patched(monkeypatch, fails({4, 5, 6}))
    with pytest.raises(RetinueError, match=r"3 trainings in a row failed.*no room.*--resume"):
        driver(tmp_path / "row").drive(two, 1)
