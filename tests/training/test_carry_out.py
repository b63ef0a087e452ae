"""Whatever ends a training is told in one line, and what was finished stays."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from retinue.data.imagedata import ImageData
from retinue.errors import RetinueError
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training.fit import fit
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
