"""A sweep on real trainings: what it writes, how it goes on, and what becomes of bad trials."""

import csv
import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

import retinue
from retinue.errors import RetinueError, UsageError
from retinue.experiments.listener import Listener
from retinue.experiments.sweeps import trial as trials
from retinue.experiments.sweeps.sweep import Sweep
from retinue.jobs import Spec
from retinue.locks import held
from retinue.recipe import make_recipe, read_recipe
from retinue.runs import Run
from retinue.training.fit import fit

SMALL: dict[str, Any] = {
    "model": {"name": "softmax"}, "epochs": 1, "batch_size": 256, "precision": "fp32",
}  # fmt: skip


@pytest.fixture
def here() -> Iterator[Executor]:
    """Trainings in this process, one after another."""
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(1) as executor:
        yield executor
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn, but where the figures are what is looked at."""
    if "all_files" not in request.node.name:
        monkeypatch.setattr("retinue.experiments.sweeps.folder.draw", lambda *_: ())
        monkeypatch.setattr("retinue.experiments.sweep.draw_best", lambda *_: None)


def swept(tmp_path: Path, here: Executor, vary: Any, **settings: Any) -> Sweep:
    words = {"threads": 1, "workers": 1, "output": tmp_path / "sweep", **settings}
    return retinue.sweep("digits", vary, executor=here, **{**SMALL, **words})


def test_all_files_are_there_and_agree(tmp_path: Path, here: Executor) -> None:
    found = swept(tmp_path, here, {"lr": [1e-3, 0.05, 0.2]}, seeds=2)
    with (found.path / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["setting"], row["seed"], row["lr"]) for row in rows] == [
        (str(number), str(seed), lr)
        for number, lr in ((1, "0.001"), (2, "0.05"), (3, "0.2"))
        for seed in (0, 1)
    ]
    for row in rows:
        run = Run.load(found.path / row["run"])
        assert float(row["test"]) == run.metrics("test")["accuracy"]["value"]
        assert float(row["val"]) == run.metrics("val")["accuracy"]["value"]
        assert float(row["train"]) == run.history[-1]["subset_accuracy"]
        assert run.test_looks == 1
    best = max({row["setting"] for row in rows}, key=lambda number: sum(
        float(row["val"]) for row in rows if row["setting"] == number
    ))  # fmt: skip
    assert str(found.values["findings"]["best"]["setting"]) == best
    assert {path.suffix for path in (found.path / "figures").iterdir()} == {".png"}
    with_pictures = sorted(found.path.glob("trials/*/pictures"))
    assert [path.parent.name for path in with_pictures] == [f"{int(best):04d}-seed0"]
    assert json.loads((found.path / "effects.json").read_text()) == found.values
    assert Sweep.load(found.path).values == found.values


def test_the_best_recipe_trains_again_to_the_same_weights(tmp_path: Path, here: Executor) -> None:
    found = swept(tmp_path, here, {"lr": [1e-3, 0.05]})
    recipe = make_recipe(read_recipe(found.path / "best.yaml"))
    number = found.values["findings"]["best"]["setting"]
    run = fit(recipe, output=tmp_path / "alone", threads=1)
    weights = (found.path / f"trials/{number:04d}-seed0/model.safetensors").read_bytes()
    assert (run.path / "model.safetensors").read_bytes() == weights
    other = fit(recipe.model_copy(update={"seed": 7}), output=tmp_path / "other", threads=1)
    assert (other.path / "model.safetensors").read_bytes() != weights


def test_what_is_finished_is_not_trained_again(
    tmp_path: Path, here: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = swept(tmp_path, here, {"lr": [1e-3, 0.05]}, time_limit=0.001)
    assert [one.state for one in found.results] == ["waiting", "waiting"]
    first = retinue.sweep(resume=found.path, executor=here)
    assert [one.state for one in first.results] == ["finished", "finished"]
    table = (found.path / "table.csv").read_bytes()

    def never(spec: Spec) -> str:
        raise AssertionError(spec)

    monkeypatch.setattr("retinue.experiments.sweeps.drive.train_trial", never)
    retinue.sweep(resume=first, executor=here)
    assert (found.path / "table.csv").read_bytes() == table


def test_one_that_diverges_is_a_result_and_one_that_is_impossible_too(
    tmp_path: Path, here: Executor
) -> None:
    model = {"name": "cnn", "depth": 2, "width": 2, "pooling": "none"}
    vary = {"lr": [1e-3, 1e30], "model.kernel_size": [3, 9], "model.padding": ["valid", 1]}
    found = swept(tmp_path, here, vary, model=model, opt="sgd", clip=None, schedule="constant")
    states = {
        (one.values["lr"], one.values["model.kernel_size"]): one.state for one in found.results
    }
    assert states[0.001, 3] == "finished"
    assert states[1e30, 3] == "diverged"
    assert states[0.001, 9] == states[1e30, 9] == "impossible"
    reasons = {one.state: one.reason for one in found.results}
    assert "runs out of pixels" in reasons["impossible"]
    assert "no longer a number" in reasons["diverged"]
    counts = found.values["findings"]["counts"]
    assert counts == {"finished": 2, "diverged": 2, "impossible": 4}
    again = retinue.sweep(resume=found, executor=here)
    assert again.values == found.values


def test_a_trial_that_fails_is_told_and_tried_again_by_the_next_driver(
    tmp_path: Path, here: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = trials.train_trial

    def sometimes(spec: Spec) -> str:
        if spec["recipe"]["lr"] == 0.05:
            raise RetinueError("no memory")
        return real(spec)

    monkeypatch.setattr("retinue.experiments.sweeps.drive.train_trial", sometimes)
    found = swept(tmp_path, here, {"lr": [1e-3, 0.05, 0.2]})
    assert [(one.state, one.reason) for one in found.results] == [
        ("finished", ""), ("failed", "no memory"), ("finished", ""),
    ]  # fmt: skip
    monkeypatch.setattr("retinue.experiments.sweeps.drive.train_trial", real)
    again = retinue.sweep(resume=found, executor=here)
    assert [one.state for one in again.results] == ["finished"] * 3


def test_three_failures_in_a_row_end_a_sweep_and_say_how_to_go_on(
    tmp_path: Path, here: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(spec: Spec) -> str:
        raise RetinueError("No space left on device")

    monkeypatch.setattr("retinue.experiments.sweeps.drive.train_trial", full)
    with pytest.raises(RetinueError, match=r"3 trainings in a row .* No space left .* --resume"):
        swept(tmp_path, here, {"lr": [1e-3, 0.05, 0.2, 0.3, 0.4]})
    monkeypatch.undo()
    found = retinue.sweep(resume=tmp_path / "sweep", executor=here)
    assert [one.state for one in found.results] == ["finished"] * 5


def test_a_folder_that_holds_a_sweep_is_not_taken(tmp_path: Path, here: Executor) -> None:
    swept(tmp_path, here, {"lr": [1e-3, 0.05]}, time_limit=0.001)
    with pytest.raises(UsageError, match="holds a sweep; go on with"):
        swept(tmp_path, here, {"lr": [1e-3, 0.05]})
    with pytest.raises(UsageError, match="vary: a sweep goes on as it began"):
        retinue.sweep(vary=["lr=1,2"], resume=tmp_path / "sweep")
    with pytest.raises(UsageError, match="no sweep"):
        retinue.sweep(resume=tmp_path)


def test_what_a_driver_left_that_was_killed_at_once_is_no_hindrance(
    tmp_path: Path, here: Executor
) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / ".lock").touch()
    found = swept(tmp_path, here, {"lr": [1e-3, 0.05]}, time_limit=0.001)
    assert len(found.results) == 2


def test_a_sweep_that_another_process_is_at_is_left_alone(tmp_path: Path, here: Executor) -> None:
    found = swept(tmp_path, here, {"lr": [1e-3, 0.05]}, time_limit=0.001)
    with held(found.path), pytest.raises(UsageError, match="another process is at work"):
        retinue.sweep(resume=found, executor=here)


def test_a_wrong_value_is_told_before_anything_is_written(tmp_path: Path, here: Executor) -> None:
    with pytest.raises(UsageError, match="no setting 'dept'"):
        swept(tmp_path, here, {"model.dept": [1, 2]})
    assert not (tmp_path / "sweep").exists()


def test_a_search_that_goes_by_val_is_refused_without_val(tmp_path: Path, here: Executor) -> None:
    for words in ({"search": "tpe", "trials": 3}, {"prune": True}):
        with pytest.raises(UsageError, match="goes by val pictures"):
            swept(tmp_path, here, {"lr": [1e-3, 0.05]}, val_fraction=0.0, **words)


def test_who_was_stopped_is_told_how_to_go_on(
    tmp_path: Path, here: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    told: list[str] = []
    monkeypatch.setattr("retinue.experiments.sweeps.drive.Driver.drive", stopped)
    listener = Listener(on_note=told.append)
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path, here, {"lr": [1e-3, 0.05]}, listener=listener)
    assert told == [f"go on with: retinue sweep --resume {tmp_path / 'sweep'}"]
    monkeypatch.undo()
    monkeypatch.setattr("retinue.experiments.sweeps.folder.draw", lambda *_: ())
    retinue.sweep(resume=tmp_path / "sweep", executor=here, time_limit=0.001, listener=listener)
    assert told[1].startswith("2 trainings not finished; go on with: ")
