"""A stopped training goes on as if nothing had happened; the controls forget something."""

import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import retinue
from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import RetinueError, UsageError
from retinue.evaluation import judge
from retinue.locks import held
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training import resume as resume_module
from retinue.training import state
from retinue.training.checkpoint import Checkpoint, read_newest
from retinue.training.fit import fit
from retinue.training.listener import Listener
from retinue.training.loop import StepReport, Training
from retinue.training.resume import go_on
from retinue.training.verification import different

# Between them, all that a training remembers from one step to the next.
COURSES: dict[str, dict[str, Any]] = {
    "fast": {
        "model": {"name": "fast", "width": 4}, "batch_size": 40, "slice_size": 15, "hardest": 0.5,
        "augment": "light", "progressive": [(6, 0.5)], "epochs": 3,
    },
    "averaged": {
        "model": {"name": "cnn", "depth": 1, "width": 4, "dropout": 0.3}, "batch_size": 40,
        "ema": 0.8, "mixup": 0.4, "augment": "basic", "opt": "adamw", "epochs": 3,
    },
    "patient": {
        "model": "softmax", "batch_size": 40, "opt": "sgd", "lr": 10.0, "schedule": "constant",
        "patience": 2, "class_weights": "balanced", "clip": 1.0, "epochs": 6, "cutmix": 1.0,
    },
    "shuffled": {
        "model": {"name": "fast", "width": 4, "shuffle_pixels": 3}, "batch_size": 40, "ema": 0.8,
        "epochs": 2,
    },
    "residual": {
        "model": {"name": "resnet-small", "width": 4}, "batch_size": 60, "opt": "adam", "epochs": 2,
    },
}  # fmt: skip


class KilledError(BaseException):
    """Ends a training in the middle, past every handler that would tidy up."""


@pytest.fixture
def straight(digits: ImageData, tmp_path: Path) -> Callable[[str], Run]:
    """The run of a course that was never stopped."""

    def trained(name: str) -> Run:
        return fit(make_recipe(COURSES[name]), data=digits, output=tmp_path / "straight")

    return trained


def killed_at(steps: list[int], name: str, data: ImageData, folder: Path, every: int = 4) -> Run:
    """Train a course, killed after so many steps of each life, to its end."""
    lives = iter(steps)

    def listener() -> Listener:
        left = next(lives, None)

        def on_step(*_: object) -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left < 0:
                    raise KilledError

        return Listener(on_step=on_step)

    try:
        return fit(
            make_recipe(COURSES[name]),
            data=data, output=folder, checkpoint_every=every, listener=listener(),
        )  # fmt: skip
    except KilledError:
        pass
    while True:
        try:
            return go_on(folder, data=data, checkpoint_every=every, listener=listener())
        except KilledError:
            pass


@pytest.mark.parametrize("name", COURSES)
def test_a_killed_training_ends_as_if_never_killed(
    name: str, straight: Callable[[str], Run], digits: ImageData, tmp_path: Path
) -> None:
    moments = random.Random(name)
    lives = [moments.randrange(1, 12) for _ in range(4)]
    whole, killed = straight(name), killed_at(lives, name, digits, tmp_path / "killed")
    assert different(whole.path, killed.path) == ()
    for key in ("state", "reason", "epoch", "step", "best_epoch", "test_looks"):
        assert whole.status[key] == killed.status[key]
    assert not (killed.path / "checkpoint").exists()


@pytest.mark.slow
def test_every_single_step_is_a_place_to_go_on_from(
    straight: Callable[[str], Run], digits: ImageData, tmp_path: Path
) -> None:
    whole = straight("fast")
    for step in range(0, whole.status["step"], 2):
        folder = tmp_path / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        assert different(whole.path, killed_at([step], "fast", digits, folder, every=1).path) == ()


FORGOTTEN: dict[str, tuple[str, Callable[[Checkpoint], Checkpoint]]] = {}


def forgets(course: str) -> Callable[[Callable[[Checkpoint], Checkpoint]], Any]:
    """Register a way in which what was restored can lack something."""

    def register(change: Callable[[Checkpoint], Checkpoint]) -> Any:
        FORGOTTEN[change.__name__] = course, change
        return change

    return register


def without(checkpoint: Checkpoint, prefix: str) -> Checkpoint:
    kept = {key: value for key, value in checkpoint.tensors.items() if not key.startswith(prefix)}
    return Checkpoint(checkpoint.step, checkpoint.values, kept)


@forgets("fast")
def momentum_of_muon(checkpoint: Checkpoint) -> Checkpoint:
    return without(checkpoint, "optimiser.")


@forgets("averaged")
def moments_of_adamw(checkpoint: Checkpoint) -> Checkpoint:
    return without(checkpoint, "optimiser.")


@forgets("fast")
def which_pictures_the_epoch_takes(checkpoint: Checkpoint) -> Checkpoint:
    return without(checkpoint, "chosen")


@forgets("fast")
def losses_of_the_pictures(checkpoint: Checkpoint) -> Checkpoint:
    losses = torch.full_like(checkpoint.tensors["losses"], torch.inf)
    return Checkpoint(checkpoint.step, checkpoint.values, {**checkpoint.tensors, "losses": losses})


@forgets("averaged")
def averaged_weights(checkpoint: Checkpoint) -> Checkpoint:
    plain = {
        f"average.module.{key.removeprefix('model.')}": value
        for key, value in checkpoint.tensors.items()
        if key.startswith("model.")
    }
    return Checkpoint(checkpoint.step, checkpoint.values, {**checkpoint.tensors, **plain})


@forgets("patient")
def sums_of_the_epoch(checkpoint: Checkpoint) -> Checkpoint:
    values = {**checkpoint.values, "sums": [0, 0.0, 0, 0.0, 0.0]}
    return Checkpoint(checkpoint.step, values, checkpoint.tensors)


@forgets("patient")
def the_best_epoch(checkpoint: Checkpoint) -> Checkpoint:
    values = {**checkpoint.values, "outcome": [None, "finished", "all epochs done", []]}
    return without(Checkpoint(checkpoint.step, values, checkpoint.tensors), "best.")


@forgets("fast")
def the_place_in_the_epoch(checkpoint: Checkpoint) -> Checkpoint:
    return Checkpoint(checkpoint.step, {**checkpoint.values, "epoch_step": 0}, checkpoint.tensors)


@pytest.mark.parametrize("what", FORGOTTEN)
def test_whatever_is_forgotten_shows(
    what: str,
    straight: Callable[[str], Run],
    digits: ImageData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course, change = FORGOTTEN[what]
    whole = straight(course)
    monkeypatch.setattr(
        resume_module, "restore", lambda training, found: state.restore(training, change(found))
    )
    # In the middle of an epoch that is not the first.
    stop = [whole.status["step"] * 3 // 4 - 1]
    assert different(whole.path, killed_at(stop, course, digits, tmp_path / "killed", every=1).path)


def test_the_newest_damaged_checkpoint_is_told_and_the_one_before_taken(
    straight: Callable[[str], Run], digits: ImageData, tmp_path: Path
) -> None:
    whole, folder = straight("fast"), tmp_path / "killed"
    with pytest.raises(KilledError):
        stop_at(9, "fast", digits, folder)
    newest = sorted((folder / "checkpoint").glob("*.safetensors"))[-1]
    content = bytearray(newest.read_bytes())
    content[-3] ^= 16
    newest.write_bytes(content)
    steps: list[int] = []
    notes: list[str] = []
    run = go_on(
        folder, data=digits, listener=Listener(on_resume=steps.append, on_note=notes.append)
    )
    assert steps == [4]
    assert f"{newest.name.partition('.')[0]}.json is damaged" in notes[0]
    assert different(whole.path, run.path) == ()


def test_a_damaged_checkpoint_is_gone_once_the_one_before_is_taken(
    digits: ImageData, tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    with pytest.raises(KilledError):
        stop_at(9, "fast", digits, folder)
    newest = sorted((folder / "checkpoint").glob("*.json"))[-1]
    newest.write_text("{")

    def stop(*_: object) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        go_on(folder, data=digits, listener=Listener(on_step=stop))
    assert not newest.exists()
    found, wrong = read_newest(folder / "checkpoint")
    assert (found.step, wrong) == (4, [])


def test_ctrl_c_while_the_last_epoch_of_patience_is_validated(
    digits: ImageData, tmp_path: Path
) -> None:
    recipe = make_recipe(COURSES["patient"], {"epochs": 30})
    whole = fit(recipe, data=digits, output=tmp_path / "straight")
    assert whole.status["epoch"] < 30, "patience ends it"

    def on_epoch(line: dict[str, Any]) -> None:
        if line["epoch"] == whole.status["epoch"]:
            os.kill(os.getpid(), signal.SIGINT)

    folder = tmp_path / "stopped"
    stopped = fit(recipe, data=digits, output=folder, listener=Listener(on_epoch=on_epoch))
    assert stopped.status["state"] == "interrupted"
    run = go_on(folder, data=digits)
    assert run.status["reason"] == whole.status["reason"]
    assert different(whole.path, run.path) == ()


def test_a_second_ctrl_c_says_how_to_go_on(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    notes: list[str] = []
    monkeypatch.setattr("retinue.training.carry_out.evaluate_split", stopped)
    with pytest.raises(KeyboardInterrupt):
        fit(
            make_recipe(COURSES["residual"]),
            data=digits, output=tmp_path / "run", listener=Listener(on_note=notes.append),
        )  # fmt: skip
    assert notes == [f"go on with: retinue train --resume {tmp_path / 'run'}"]


def test_a_run_that_can_go_on_has_the_figure_of_its_learning_rate(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        assert (tmp_path / "run" / "figures" / "lr-finder.png").is_file()
        raise KilledError

    monkeypatch.setattr("retinue.training.fit.write_beginning", killed)
    with pytest.raises(KilledError):
        fit(
            make_recipe({"model": "softmax", "lr": "auto", "epochs": 1}),
            data=digits, output=tmp_path / "run",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("began", "changed"),
    [({"classes": ("3", "8")}, "classes"), ({"size": (16, 16)}, "preprocess")],
)
def test_pictures_that_are_brought_otherwise_are_refused(
    began: dict[str, Any], changed: str, tmp_path: Path
) -> None:
    def stop(*_: object) -> None:
        raise KilledError

    def loaded(**options: Any) -> ImageData:
        return load_data("digits", limit_per_class=20, **{"classes": ("8", "3"), **options})

    recipe = make_recipe({"model": "softmax", "epochs": 1})
    with pytest.raises(KilledError):
        fit(recipe, data=loaded(**began), output=tmp_path / "run", listener=Listener(on_step=stop))
    with pytest.raises(UsageError, match=rf"brought otherwise than when it began \({changed}\)"):
        go_on(tmp_path / "run", data=loaded())
    go_on(tmp_path / "run", data=loaded(**began))


def stop_at(step: int, name: str, data: ImageData, folder: Path, **options: Any) -> None:
    """Kill a training at a step, with a checkpoint after every fourth."""

    def on_step(report: StepReport, training: Training) -> None:
        if training.steps(report.epoch) + report.step + 1 == step:
            raise KilledError

    fit(
        make_recipe(COURSES[name]),
        data=data, output=folder, checkpoint_every=4, listener=Listener(on_step=on_step), **options,
    )  # fmt: skip


def test_a_training_by_the_clock_says_that_it_is_not_exact(
    digits: ImageData, tmp_path: Path
) -> None:
    for limit, told in ((3600, ["--time-limit goes by the clock: no two such runs end alike"]),
                        (None, [])):  # fmt: skip
        folder, notes = tmp_path / str(limit), list[str]()
        recipe = make_recipe(COURSES["patient"], {"time_limit": limit, "epochs": 1})

        def stop(*_: object) -> None:
            raise KilledError

        with pytest.raises(KilledError):
            fit(recipe, data=digits, output=folder, listener=Listener(on_step=stop))
        go_on(folder, data=digits, listener=Listener(on_note=notes.append))
        assert notes == told


def test_a_finished_run_is_refused(straight: Callable[[str], Run], digits: ImageData) -> None:
    run = straight("patient")
    with pytest.raises(UsageError, match="is finished"):
        go_on(run, data=digits)


def test_a_run_at_work_is_refused(digits: ImageData, tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        stop_at(5, "patient", digits, tmp_path / "run")
    with held(tmp_path / "run"), pytest.raises(UsageError, match="is being trained by process"):
        go_on(tmp_path / "run", data=digits)


def test_other_pictures_are_refused_with_what_changed(
    class_folders: Callable[..., Path], tmp_path: Path
) -> None:
    folder = class_folders(tmp_path / "pictures", {"a": 20, "b": 20})
    recipe = make_recipe({"data": str(folder), "model": "softmax", "epochs": 3, "batch_size": 4})

    def on_step(report: StepReport, _: Training) -> None:
        if report.epoch == 1:
            raise KilledError

    with pytest.raises(KilledError):
        fit(recipe, output=tmp_path / "run", listener=Listener(on_step=on_step))
    first, second, *_ = sorted((folder / "a").iterdir())
    shutil.copy(second, first)
    second.unlink()
    shutil.copy(sorted((folder / "b").iterdir())[3], folder / "b" / "zzz.png")
    with pytest.raises(UsageError) as error:
        go_on(tmp_path / "run")
    for part in (f"1 changed (a/{first.name})", f"are gone (a/{second.name})", "b/zzz.png"):
        assert part in str(error.value)
    assert Run.load(tmp_path / "run").status["state"] != "running"


def test_a_network_and_arrays_of_pythons_go_on_with_both_given_again(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    arrays = generator.integers(0, 256, (60, 8, 8, 1), np.uint8), generator.integers(0, 3, 60)

    def network() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))

    settings: dict[str, Any] = {"epochs": 3, "batch_size": 8}
    module = network()
    with torch.no_grad():
        module[1].weight.fill_(0.01)  # type: ignore[index]
    first = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    first.load_state_dict(module.state_dict())
    whole = retinue.train(arrays, model=first, output=tmp_path / "straight", **settings)

    def stop(line: dict[str, Any]) -> None:
        if line["epoch"] == 2:
            raise KilledError

    killed = tmp_path / "killed"
    with pytest.raises(KilledError):
        retinue.train(arrays, model=module, output=killed, on_epoch=stop, **settings)
    # The weights are those of the checkpoint, whatever the network given now begins with.
    run = retinue.train(arrays, model=network(), resume=killed)
    assert different(whole.path, run.path) == ()
    with pytest.raises(UsageError, match="epochs: a run goes on as it began"):
        retinue.train(arrays, resume=killed, epochs=9)


def test_lines_that_were_lost_are_told(digits: ImageData, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KilledError):
        stop_at(10, "patient", digits, folder)
    (folder / "history.jsonl").write_text("")
    with pytest.raises(RetinueError, match="has lost lines"):
        go_on(folder, data=digits)


def test_what_a_kill_left_half_written_is_removed(digits: ImageData, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KilledError):
        stop_at(5, "patient", digits, folder)
    (folder / ".model.json.123.part").write_text("half")
    (folder / "pictures" / ".test.part").mkdir(parents=True)
    go_on(folder, data=digits)
    assert not list(folder.rglob("*.part"))


def test_the_files_of_a_judgement_that_was_broken_off_are_made_anew(
    straight: Callable[[str], Run], digits: ImageData, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    whole, folder = straight("patient"), tmp_path / "killed"

    def dies(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(judge, "draw_figures", dies)
        with pytest.raises(KilledError):
            fit(make_recipe(COURSES["patient"]), data=digits, output=folder)
    assert Run.load(folder).test_looks == 0
    run = go_on(folder, data=digits)
    assert different(whole.path, run.path) == ()
    assert run.test_looks == 1


def test_time_spent_adds_up(digits: ImageData, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KilledError):
        stop_at(9, "fast", digits, folder)
    before = read_newest(folder / "checkpoint")[0].values["seconds"]
    run = go_on(folder, data=digits)
    assert run.status["training_seconds"] > before > 0
