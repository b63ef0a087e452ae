"""Whatever ends a training is told in one line, and what was finished stays."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.errors import RetinueError
from retinue.models.weights import read_card
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training.carry_out import draw_run
from retinue.training.fit import fit
from retinue.training.listener import Listener
from retinue.training.resume import go_on
from retinue.training.verification import different

RECIPE = make_recipe({"model": "softmax", "batch_size": 60, "epochs": 2, "augment": "basic"})
EVERY = 2  # steps between two checkpoints


def filling(room: int, asked: list[int]) -> Callable[[int], None]:
    """`os.fsync` on a disk that takes so many files and is full from then on."""
    real = os.fsync

    def fsync(file: int) -> None:
        asked.append(file)
        if len(asked) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    return fsync


@pytest.mark.slow
def test_a_disk_that_fills_at_any_moment_is_told_and_loses_nothing(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", filling(10**6, files))
        whole = fit(RECIPE, data=digits, output=tmp_path / "whole", checkpoint_every=EVERY)
    began = 0
    for room in range(len(files)):
        folder = tmp_path / f"run-{room}"
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", filling(room, []))
            with pytest.raises((RetinueError, OSError)) as caught:
                fit(RECIPE, data=digits, output=folder, checkpoint_every=EVERY)
        assert "No space left on device" in str(caught.value)
        assert str(folder) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not list(folder.rglob("*.part"))
        if not (folder / "recipe.yaml").exists():
            continue  # a run only begins with it
        began += 1
        assert Run.load(folder).state != "running"
        assert f"retinue train --resume {folder}" in str(caught.value)
        run = go_on(folder, data=digits, checkpoint_every=EVERY)
        assert different(whole.path, run.path) == ()
        assert run.test_looks == whole.test_looks == 1
    assert began > len(files) / 2


# A network of the user's own.


class Own(nn.Module):
    """A linear layer that draws in training."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        dropped = nn.functional.dropout(pictures.flatten(1), 0.2, self.training)
        return self.layer(dropped)  # type: ignore[no-any-return]


class Depends(Own):
    """What it does depends on what it sees, so that there is no graph of it."""

    def forward(self, pictures: Tensor) -> Tensor:
        found = super().forward(pictures)
        return found if float(found.detach().sum()) > 0 else 2 * found


def trained(make: type[nn.Module], data: ImageData, folder: Path) -> tuple[Run, list[str]]:
    notes: list[str] = []
    torch.manual_seed(1)
    recipe = make_recipe({"model": "mine:net", "epochs": 1, "batch_size": 60})
    listener = Listener(on_note=notes.append)
    return fit(recipe, data=data, module=make(), output=folder, listener=listener), notes


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures and thumbnails, which take most of the time."""
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)


def test_its_graph_is_written_and_changes_no_other_file_but_the_card(
    digits: ImageData, tmp_path: Path, undrawn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, notes = trained(Own, digits, tmp_path / "with")
    assert notes == []
    assert read_card(run.path).graph
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    bare, notes = trained(Own, digits, tmp_path / "without")
    assert ["pip install 'retinue[export]'" in note for note in notes] == [True]
    assert set(different(run.path, bare.path)) == {"model.json", "model.onnx"}


def test_one_without_a_graph_gives_a_note_and_a_finished_run(
    digits: ImageData, tmp_path: Path, undrawn: None
) -> None:
    run, notes = trained(Depends, digits, tmp_path / "run")
    assert ["it has no graph" in note for note in notes] == [True]
    assert (run.state, run.evaluations) == ("finished", ["test", "val"])
    assert not (run.path / "model.onnx").exists()


def test_what_was_not_drawn_is_drawn_later_from_the_runs_files(
    digits: ImageData, tmp_path: Path
) -> None:
    whole = fit(RECIPE, data=digits, output=tmp_path / "whole")
    bare = fit(RECIPE, data=digits, output=tmp_path / "bare", draw=False)
    assert not (bare.path / "figures").exists()
    assert not (bare.path / "pictures").exists()
    assert drawn(whole)
    assert drawn(bare) == {}
    looks = bare.test_looks
    draw_run(bare, digits)
    assert drawn(bare) == drawn(whole)
    assert bare.test_looks == looks == 1


def drawn(run: Run) -> dict[str, bytes]:
    """All figures and pictures of a run."""
    files = [path for name in ("figures", "pictures") for path in (run.path / name).rglob("*.*")]
    return {path.relative_to(run.path).as_posix(): path.read_bytes() for path in files}
