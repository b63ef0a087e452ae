"""One training of a sweep, by a spec, in whatever process."""

import shutil
import time
from functools import cache
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError
from retinue.experiments.opened import Opened
from retinue.jobs import Spec
from retinue.locks import is_held
from retinue.recipe import make_recipe
from retinue.training.checkpoint import read_newest
from retinue.training.fit import fit
from retinue.training.resume import go_on
from retinue.training.saving import FOLDER

PATIENCE = 60.0  # seconds that a process of an earlier driver has to end
KEPT = 2  # data sets that a process keeps for the next training


def train_trial(spec: Spec) -> str:
    """Train by a spec, or train on where it was stopped; gives the state: finished, or stopped.

    A spec has `output`, `recipe`, and `fit`'s data_root, cache_memory, device and threads.

    Raises:
        DivergedError: the loss was no number any more.
        RetinueError: it fails.
        KeyboardInterrupt: it was stopped by hand.
    """
    path, recipe = Path(spec["output"]), make_recipe(spec["recipe"])
    options: dict[str, Any] = {key: spec[key] for key in ("device", "threads")}
    options["draw"] = False  # of hundreds only the best is looked at
    _wait_until_free(path)
    data = _opened(spec["data_root"], spec["cache_memory"]).of(recipe)
    if _has_begun(path):
        run = go_on(path, data=data, **options)
    else:
        shutil.rmtree(path, ignore_errors=True)
        run = fit(recipe, data=data, output=path, **options)
    status = run.status
    if status["state"] == "finished":
        return "finished"
    if "by hand" in status["reason"]:
        raise KeyboardInterrupt
    return "stopped"


def import_all() -> None:
    """Nothing but what importing this module does, which takes seconds in a new process."""


@cache
def _opened(data_root: str | None, cache_memory: int | str) -> Opened:
    return Opened(data_root, cache_memory, most=KEPT)


def _has_begun(path: Path) -> bool:
    """Whether there is a run with a checkpoint to go on from."""
    if not (path / "recipe.yaml").is_file():
        return False
    try:
        read_newest(path / FOLDER)
    except RetinueError:
        return False
    return True


def _wait_until_free(path: Path) -> None:
    """Wait for a process whose driver has died, and which is about to end.

    Raises:
        RetinueError: it does not end.
    """
    until = time.monotonic() + PATIENCE
    while is_held(path):
        if time.monotonic() > until:
            raise RetinueError(f"{path}: is held by another process; stop that one")
        time.sleep(0.2)
