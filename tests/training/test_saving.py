"""When checkpoints are written, and how a signal ends a training."""

import os
import signal
from pathlib import Path

import pytest

from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training.checkpoint import read_newest
from retinue.training.fit import fit
from retinue.training.listener import Listener
from retinue.training.loop import StepReport, Training
from retinue.training.resume import go_on
from retinue.training.saving import Every
from retinue.training.verification import same

RECIPE = make_recipe({"model": "softmax", "batch_size": 20, "epochs": 4})
STEPS = 9  # an epoch


@pytest.mark.parametrize(
    ("text", "steps", "seconds"),
    [
        ("500", 500, None),
        (7, 7, None),
        ("10s", None, 10.0),
        ("0.5s", None, 0.5),
        ("5m", None, 300.0),
        (" 2 h ", None, 7200.0),
    ],
)
def test_every_so_often(text: str | int, steps: int | None, seconds: float | None) -> None:
    assert Every.parse(text) == Every(steps, seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "-5", "1.5", "often", "10 steps", "5d"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(UsageError, match=r"--checkpoint-every .*: give steps, as 500, or time"):
        Every.parse(text)


def steps_saved(data: ImageData, folder: Path, every: str) -> list[int]:
    """After which steps the newest checkpoint became another one."""
    found: list[int] = []

    def on_step(report: StepReport, training: Training) -> None:
        step = read_newest(folder / "checkpoint")[0].step
        if not found or found[-1] != step:
            found.append(step)

    fit(
        RECIPE, data=data, output=folder, checkpoint_every=every, listener=Listener(on_step=on_step)
    )
    return found


def test_checkpoints_come_after_so_many_steps(digits: ImageData, tmp_path: Path) -> None:
    assert steps_saved(digits, tmp_path / "run", "8") == [0, 8, 16, 24, 32]


def test_checkpoints_come_after_so_much_time(digits: ImageData, tmp_path: Path) -> None:
    assert steps_saved(digits, tmp_path / "often", "0.000001s")[:20] == list(range(20))
    assert steps_saved(digits, tmp_path / "seldom", "1h") == [0]


@pytest.mark.parametrize(
    ("number", "who"), [(signal.SIGINT, "by hand"), (signal.SIGTERM, "by SIGTERM")]
)
def test_a_signal_ends_the_step_writes_a_checkpoint_and_loses_nothing(
    number: signal.Signals, who: str, digits: ImageData, tmp_path: Path
) -> None:
    before = signal.getsignal(number)

    def on_step(report: StepReport, _: Training) -> None:
        if (report.epoch, report.step) == (1, 4):
            os.kill(os.getpid(), number)

    whole = fit(RECIPE, data=digits, output=tmp_path / "whole")
    run = fit(RECIPE, data=digits, output=tmp_path / "run", listener=Listener(on_step=on_step))
    assert signal.getsignal(number) is before
    assert run.status["state"] == "interrupted"
    assert run.status["reason"] == f"stopped {who} in epoch 2"
    # A signal is noticed between two operations of Python: in this step, or at the end of it.
    assert read_newest(run.path / "checkpoint")[0].step in (STEPS + 5, STEPS + 6)
    assert run.evaluations == ["val"]
    go_on(run, data=digits)
    assert same(whole.path / "model.safetensors", run.path / "model.safetensors")
    assert same(whole.path / "history.jsonl", run.path / "history.jsonl")
    assert not (run.path / "pictures" / "val").exists()


def test_a_second_signal_does_not_wait(digits: ImageData, tmp_path: Path) -> None:
    def on_step(report: StepReport, _: Training) -> None:
        if (report.epoch, report.step) == (1, 4):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("went on")

    run = fit(RECIPE, data=digits, output=tmp_path / "run", listener=Listener(on_step=on_step))
    assert run.status["state"] == "interrupted"
    assert read_newest(run.path / "checkpoint")[0].step == 0


def test_the_file_stop_leaves_a_checkpoint_and_is_gone_when_it_goes_on(
    digits: ImageData, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    listener = Listener(on_epoch=lambda line: (folder / "stop").touch())
    run = fit(RECIPE, data=digits, output=folder, listener=listener)
    assert run.status["reason"] == "stopped by the file 'stop' after epoch 1"
    assert read_newest(folder / "checkpoint")[0].step == STEPS
    assert Run.load(go_on(folder, data=digits)).status["state"] == "finished"
