"""One training by a spec: begun, gone on with, begun anew, or waited for."""

import hashlib
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from retinue.errors import RetinueError
from retinue.experiments.sweeps import trial
from retinue.experiments.sweeps.trial import train_trial
from retinue.jobs import Spec
from retinue.locks import held
from retinue.recipe import make_recipe
from retinue.training.defaults import choose
from retinue.training.start import open_data


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    recipe = make_recipe({"data": "digits", "model": "softmax", "epochs": 3})
    full, _ = choose(recipe, open_data(recipe))
    return {
        "output": str(tmp_path / "run"),
        "recipe": full.model_dump(mode="json"),
        "data_root": None,
        "cache_memory": "1GiB",
        "device": "cpu",
        "threads": 1,
    }


def weights(spec: Spec) -> str:
    return hashlib.sha256((Path(spec["output"]) / "model.safetensors").read_bytes()).hexdigest()


def test_what_was_stopped_goes_on_to_the_same_weights(spec: Spec, tmp_path: Path) -> None:
    assert train_trial(spec) == "finished"
    stopped = {**spec, "output": str(tmp_path / "stopped")}
    threading.Thread(target=_stop, args=(Path(stopped["output"]),)).start()
    first = train_trial(stopped)
    if first == "stopped":
        assert train_trial(stopped) == "finished"
    assert weights(stopped) == weights(spec)


def _stop(path: Path) -> None:
    for _ in range(2000):
        if (path / "recipe.yaml").exists():
            (path / "stop").touch()
            return
        threading.Event().wait(0.001)


@pytest.mark.parametrize("left", ["nothing but a status", "no checkpoint"])
def test_what_was_hardly_begun_is_begun_anew(spec: Spec, tmp_path: Path, left: str) -> None:
    train_trial(spec)
    before, path = weights(spec), Path(spec["output"])
    if left == "no checkpoint":
        shutil.rmtree(path / "checkpoint", ignore_errors=True)
        (path / "status.json").write_text('{"schema": 1, "state": "running"}')
    else:
        shutil.rmtree(path)
        path.mkdir()
        (path / "status.json").write_text("{}")
    assert train_trial(spec) == "finished"
    assert weights(spec) == before


def test_a_run_that_another_process_holds_is_waited_for(
    spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(spec["output"])
    path.mkdir()
    monkeypatch.setattr(trial, "PATIENCE", 0.3)
    with held(path), pytest.raises(RetinueError, match="is held by another process"):
        train_trial(spec)
    monkeypatch.setattr(trial, "PATIENCE", 30.0)
    ready = threading.Event()

    def hold() -> None:
        with held(path):
            ready.set()
            threading.Event().wait(0.5)

    threading.Thread(target=hold).start()
    ready.wait()
    assert train_trial(spec) == "finished"
