import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training.fit import fit
from retinue.training.listener import Listener
from retinue.training.loop import StepReport, Training
from retinue.widgets import training_monitor
from retinue.widgets.samples import Samples, answers
from retinue.widgets.training_monitor import TrainingMonitorPanel

QUICK = {"model": {"name": "mlp", "hidden": [12], "dropout": 0.2}, "epochs": 3, "batch_size": 32}


Trained = Callable[..., Run]


@pytest.fixture(scope="module")
def trained(digits: ImageData) -> Trained:
    """`trained(folder, listener)`: a quick training."""

    def train(folder: Path, listener: Listener | None = None, **settings: Any) -> Run:
        recipe = make_recipe(digits.loaded_with, QUICK, settings)
        return fit(recipe, data=digits, output=folder, device="cpu", listener=listener)

    return train


@pytest.fixture(scope="module")
def run(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("monitor") / "run")


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Folders are looked at often, and no thread stays."""
    monkeypatch.setattr(training_monitor, "EVERY", 0.01)
    yield
    until(lambda: looking() == 0)


def looking() -> int:
    """How many threads look at folders."""
    return sum(one.name == training_monitor.THREAD for one in threading.enumerate())


def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_a_finished_run_shows_its_whole_history_at_once(run: Run, digits: ImageData) -> None:
    panel = TrainingMonitorPanel(run)
    state = panel.state
    assert state["stage"] == "finished"
    assert state["run"] == "run"
    wanted = ["epoch", "lr", "train_loss", "subset_accuracy", "val_loss", "val_accuracy"]
    assert [[line[key] for key in wanted] for line in state["history"]] == [
        [line[key] for key in wanted] for line in run.history
    ]
    assert [one["loss"] for one in state["steps"]] == [one["loss"] for one in run.steps]
    assert state["best_epoch"] == run.status["best_epoch"]
    samples, kept = Samples.of(digits, 12), run.predictions("val")
    shares = np.array([kept.probabilities[kept.ids.index(one)] for one in samples.ids])
    assert state["predictions"]["rows"] == answers(shares, samples.labels.tolist(), digits.classes)
    assert state["pictures"] == samples.pixels.tobytes()
    json.dumps({key: value for key, value in state.items() if key != "pictures"}, allow_nan=False)


def test_it_has_no_settings(run: Run) -> None:
    panel = TrainingMonitorPanel(run)
    assert "no such setting" in panel.change({"history": []})["problem"]
    assert len(panel.state["history"]) == 3
    with pytest.raises(UsageError):
        panel.take({"stage": "failed"})


def test_the_static_picture_has_both_curves(run: Run) -> None:
    figure = TrainingMonitorPanel(run).figure()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss", "Accuracy"]


def test_a_listener_tells_every_epoch_what_the_network_says_now(
    trained: Trained, digits: ImageData, tmp_path: Path
) -> None:
    panel = TrainingMonitorPanel()
    assert panel.look()
    seen: list[tuple[str, Any, int]] = []
    learning: list[torch.nn.Module] = []
    samples = Samples.of(digits, 12)
    listener = panel.listener

    def on_step(step: StepReport, training: Training) -> None:
        learning[:] = [training.judged]
        listener.on_step(step, training)

    def on_epoch(line: dict[str, Any]) -> None:
        listener.on_epoch(line)
        told = panel.state["predictions"]
        wanted = answers(samples.ask(learning[0]), samples.labels.tolist(), samples.classes)
        assert told["rows"] == wanted
        seen.append((panel.state["stage"], told["when"], len(panel.state["history"])))

    both = Listener(
        on_plan=listener.on_plan, on_step=on_step, on_epoch=on_epoch, on_judge=listener.on_judge
    )
    trained(tmp_path / "run", both)
    assert seen == [("running", f"after epoch {epoch}", epoch) for epoch in (1, 2, 3)]
    assert not panel.look()
    assert panel.state["stage"] == "finished"
    assert panel.state["predictions"]["when"] == "by the weights that were kept"


def test_a_training_that_is_watched_ends_with_the_same_weights(
    trained: Trained, run: Run, tmp_path: Path, quickly: None
) -> None:
    panel = TrainingMonitorPanel(tmp_path / "run")
    end = panel.watch(lambda _: None)
    watched = trained(tmp_path / "run", panel.listener)
    end()
    assert weights(watched) == weights(run)


def test_a_listener_that_meddles_is_found_out(trained: Trained, run: Run, tmp_path: Path) -> None:
    def meddle(_: StepReport, training: Training) -> None:
        with torch.no_grad():
            next(training.model.parameters()).add_(1e-3)

    meddled = trained(tmp_path / "run", Listener(on_step=meddle))
    assert weights(meddled) != weights(run)


def weights(run: Run) -> dict[str, bytes]:
    tensors = load_file(run.path / "model.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}


def test_checkpoints_show_what_the_network_says_without_a_listener(
    trained: Trained, run: Run, digits: ImageData, tmp_path: Path
) -> None:
    panel, when = TrainingMonitorPanel(tmp_path / "run", data=digits), []

    def on_epoch(_: dict[str, Any]) -> None:
        panel.look()
        when.append(panel.state["predictions"]["when"])

    recipe = make_recipe(digits.loaded_with, QUICK)
    listener = Listener(on_epoch=on_epoch)
    again = fit(recipe, data=digits, output=tmp_path / "run", checkpoint_every=1, listener=listener)
    steps = panel.state["steps"][-1]["step"] // 3
    assert steps
    assert all(one.startswith("after step ") for one in when)
    assert len(set(when)) == 3
    assert weights(again) == weights(run)


def test_who_watches_is_told_what_is_new_until_the_end(
    trained: Trained, tmp_path: Path, quickly: None
) -> None:
    panel = TrainingMonitorPanel(tmp_path / "run")
    told: list[dict[str, Any]] = []
    other: list[dict[str, Any]] = []
    page = dict(panel.state)
    panel.watch(told.append)
    panel.watch(other.append)
    trained(tmp_path / "run")
    until(lambda: panel.state["stage"] == "finished" and panel._stop is None)
    for changes in told:
        page.update(changes)
    assert page == panel.state
    assert told == other
    assert all(told)
    stages = [one["stage"] for one in told if "stage" in one]
    assert stages[-1] == "finished"


def test_looking_ends_with_the_last_who_watches(tmp_path: Path, quickly: None) -> None:
    panel = TrainingMonitorPanel(tmp_path / "later")
    first, second = panel.watch(lambda _: None), panel.watch(lambda _: None)
    assert looking() == 1
    first()
    first()
    time.sleep(0.05)
    assert looking() == 1
    second()
    until(lambda: looking() == 0)
    third = panel.watch(lambda _: None)
    assert looking() == 1
    third()


def test_nothing_is_told_where_nothing_is_new(run: Run) -> None:
    panel = TrainingMonitorPanel(run)
    told: list[dict[str, Any]] = []
    end = panel.watch(told.append)
    panel.look()
    end()
    assert told == []


def test_a_state_can_be_read_while_pictures_are_being_opened(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def slow(*_: Any) -> None:
        waits.set()
        assert goes_on.wait(20)
        raise UsageError("gone")

    monkeypatch.setattr("retinue.widgets.samples.reopen", slow)
    made: list[TrainingMonitorPanel] = []
    panel = TrainingMonitorPanel()
    panel._follow(run.path, None)
    looking = threading.Thread(target=lambda: made.append(panel) if panel.look() else None)
    looking.start()
    assert waits.wait(20)
    assert "no such setting" in panel.change({"x": 1})["problem"]
    panel.figure()
    goes_on.set()
    looking.join()
    assert panel.state["note"] == "no sample predictions: gone"


@pytest.mark.slow
def test_a_training_in_another_process_is_followed_to_its_end(
    tmp_path: Path, quickly: None
) -> None:
    folder = tmp_path / "run"
    panel = TrainingMonitorPanel(folder)
    told: list[dict[str, Any]] = []
    panel.watch(told.append)
    assert panel.state["stage"] == "waiting"
    command = [
        *(sys.executable, "-m", "retinue", "train", "digits", "--model", "cnn", "--epochs", "4"),
        *("--output", str(folder), "--checkpoint-every", "1s", "--device", "cpu", "--threads", "1"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    until(lambda: panel.state["stage"] == "finished" and panel._stop is None)
    run = Run.load(folder)
    assert [line["val_loss"] for line in panel.state["history"]] == [
        line["val_loss"] for line in run.history
    ]
    lengths = [len(one["history"]) for one in told if "history" in one]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) >= 2  # while it went on
    when = [one["predictions"]["when"] for one in told if "predictions" in one]
    assert when[0].startswith("after step ")
    assert when[-1] == "by the weights that were kept"
    assert [one["stage"] for one in told if "stage" in one] == ["running", "finished"]
