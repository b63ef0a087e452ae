"""What is there is found, and only then."""

import json
import shutil
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import RetinueError
from retinue.experiments.candidates import Candidate, recipes_for, settle
from retinue.experiments.listener import Job, Listener
from retinue.experiments.missing import find_runs, train_missing, train_one
from retinue.runs import Run
from retinue.writing import write_json

SETTINGS: dict[str, Any] = {"limit_per_class": 10, "epochs": 1}


def candidates(models: tuple[str, ...] = ("softmax",), **changes: Any) -> list[Candidate]:
    settings = {**SETTINGS, **changes}
    return settle(recipes_for("digits", list(models), [], settings), 1, Listener())[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of softmax in it."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        train_missing(candidates(), Listener(), None, threads=None)
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A copy of that run, under `runs/` of where we are now."""
    shutil.copytree(trained / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    (path,) = (tmp_path / "runs").iterdir()
    return Run(path.relative_to(tmp_path))


def test_a_finished_run_is_found(here: Run) -> None:
    assert here.path == Path("runs/digits-softmax-1")
    assert {number: run.path for number, run in find_runs(candidates()).items()} == {0: here.path}


@pytest.mark.parametrize(
    "changes",
    [{"epochs": 2}, {"lr": 0.3}, {"seed": 1}, {"limit_per_class": 11}, {"split_seed": 1},
     {"time_limit": "9s"}, {"model": "mlp"}],
)  # fmt: skip
def test_another_recipe_is_not_found(here: Run, changes: dict[str, Any]) -> None:
    assert find_runs(candidates(**changes)) == {}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("status.json", {"state": "interrupted"}),
        ("status.json", {"state": "failed"}),
        ("environment.json", {"retinue": "0.0.9"}),
        ("data.json", {"digests": {"train": "a", "val": "b", "test": "c"}}),
        ("data.json", {"decode_rules": -1}),
    ],
)
def test_a_run_of_other_data_or_version_or_state_is_not_found(
    here: Run, name: str, changes: dict[str, Any]
) -> None:
    write_json(here.path / name, {**here.read_json(name), **changes})
    assert find_runs(candidates()) == {}


def test_a_run_that_was_not_judged_is_not_found(here: Run) -> None:
    shutil.rmtree(here.path / "evaluation" / "test")
    assert find_runs(candidates()) == {}


@pytest.mark.parametrize("name", ["recipe.yaml", "data.json", "status.json", "environment.json"])
@pytest.mark.parametrize("text", ["", "[", "{}", "\x00"])
def test_damaged_runs_are_passed_over(here: Run, name: str, text: str) -> None:
    shutil.copytree(here.path, "runs/whole")
    (here.path / name).write_text(text)
    found = find_runs(candidates())
    assert {number: run.path for number, run in found.items()} == {0: Path("runs/whole")}


def test_weights_that_changed_since_are_another_beginning(here: Run, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"weights")
    (candidate,) = candidates()
    given = candidate.recipe.model_copy(update={"pretrained": str(file)})
    from retinue.recipe import write_recipe

    write_recipe(here.path / "recipe.yaml", given)
    wanted = [Candidate("x", given, candidate.data)]
    import hashlib

    write_json(here.path / "transfer.json", {"digest": hashlib.sha256(b"weights").hexdigest()})
    assert list(find_runs(wanted)) == [0]
    file.write_bytes(b"other weights")
    assert find_runs(wanted) == {}


def test_only_what_is_missing_is_trained(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    jobs: list[Job] = []
    listener = Listener(
        on_reuse=lambda name, run: told.append((name, str(run.path))),
        on_train=jobs.append,
        on_trained=lambda job, run: told.append((job.name, str(run.path))),
    )
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    found = train_missing(candidates(("softmax", "mlp")), listener, None)
    assert told == [("softmax", "runs/digits-softmax-1"), ("mlp", "runs/digits-mlp-1")]
    assert [(job.name, job.seed, job.number, job.total) for job in jobs] == [("mlp", 0, 1, 1)]
    assert found.failures == []
    assert [run.state for run in found.runs.values()] == ["finished", "finished"]
    assert found.runs[1].recipe == candidates(("mlp",))[0].recipe


def test_a_training_that_fails_is_named_and_leaves_no_empty_folder(here: Run) -> None:
    # No pixels are left in LeNet on 8 x 8 pictures.
    found = train_missing(candidates(("lenet", "softmax")), Listener(), None)
    assert list(found.runs) == [1]
    ((name, reason),) = found.failures
    assert name == "lenet, seed 0"
    assert "runs out" in reason
    assert not Path("runs/digits-lenet-1").exists()


def test_a_job_is_json_and_gives_a_path(here: Run) -> None:
    specs = []

    class Noted(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
            specs.append(json.loads(json.dumps(args[0])))
            future: Future[Any] = Future()
            future.set_result(str(here.path))
            return future

    train_missing(candidates(("mlp",)), Listener(), Noted(), threads=1, device="cpu")
    ((spec),) = specs
    assert (spec["threads"], spec["device"]) == (1, "cpu")
    assert spec["output"] == "runs/digits-mlp-1"
    assert spec["recipe"]["model"]["name"] == "mlp"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("stopped by hand in epoch 1", KeyboardInterrupt),
        ("stopped by the file 'stop'", RetinueError),
    ],
)
def test_a_training_that_was_stopped_is_no_result(
    here: Run, monkeypatch: pytest.MonkeyPatch, reason: str, kind: type[BaseException]
) -> None:
    def fit(*_: Any, **__: Any) -> Run:
        here.update_status(state="interrupted", reason=reason)
        return here

    monkeypatch.setattr("retinue.training.fit.fit", fit)
    (candidate,) = candidates()
    with pytest.raises(kind):
        train_one({"output": "x", "recipe": candidate.recipe.model_dump(mode="json")})
