"""A training that was stopped goes on as if nothing had happened."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_for
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import UsageError
from retinue.runs import Run
from retinue.training.carry_out import carry_out
from retinue.training.checkpoint import read_newest, remove_checkpoints
from retinue.training.environment import describe_environment
from retinue.training.folder import describe_data, split_rows
from retinue.training.listener import Listener, Plan, with_tensorboard
from retinue.training.prepare import make_training, resolve_device
from retinue.training.saving import EVERY, FOLDER, Every, Saving
from retinue.training.state import restore

# What data.json says of how pictures and labels become numbers.
_BROUGHT = ("classes", "preprocess", "decode_rules")
_ALIKE = ("retinue", "python", "processor", "threads", "device", "device_name")
NAMED = 3  # pictures named of those that changed


def go_on(
    run: Run | str | Path,
    *,
    data: ImageData | tuple[Any, Any] | None = None,
    module: nn.Module | None = None,
    device: str = "auto",
    threads: int | None = None,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    tensorboard: bool = False,
    checkpoint_every: str | int = EVERY,
    listener: Listener | None = None,
    draw: bool = True,
) -> Run:
    """Train a stopped run to its end, from its newest checkpoint that is whole.

    On the same machine, with the same versions and threads, the run ends with the weights, metrics
    and predictions that it would have had without the stop, to the last bit. `data` and `module`
    are needed where the training had them as objects; threads are those of the run's beginning;
    without `draw` there are no figures and pictures.

    Raises:
        UsageError: the run is finished or at work, or its data has changed.
        RetinueError: no checkpoint is whole, or files cannot be read.
    """
    run = Run.load(run)
    listener = listener or Listener()
    every = Every.parse(checkpoint_every)
    if run.status["state"] == "finished":
        remove_checkpoints(run.path / FOLDER)  # there where it was killed before it did so
        raise UsageError(f"{run.path}: is finished; there is nothing to go on with")
    before = run.read_json("environment.json")
    torch.set_num_threads(threads or before["threads"])
    if tensorboard:
        listener = with_tensorboard(listener)
    with run.held():
        checkpoint, notes = read_newest(run.path / FOLDER)
        recipe = run.recipe
        if not isinstance(data, ImageData):
            root = data_root or run.data.get("data_root")
            data = load_for(recipe, data, root, listener.on_load, cache_memory)
        _require_unchanged(run, data)
        # Where a GPU came since, the processor on which the run began is still the exact one.
        kept = device == "auto" and before["device"] == "cpu"
        place = resolve_device("cpu" if kept else device)
        # What "auto" was is known by now, and another machine might choose otherwise.
        settled = recipe.model_copy(update={"precision": before["precision"]})
        with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
            made = make_training(settled, data, place, module, permit=None)
            training = made.training
            course = restore(training, checkpoint)
            remove_checkpoints(run.path / FOLDER, after=checkpoint.step)  # the damaged ones
            run.cut_lines(checkpoint.values["lines"])
            run.take_over(epoch=course.epoch, step=checkpoint.step)
            plan = Plan(run, recipe, data, training.model, training.precision, [], made.transfer)
            if recipe.time_limit:
                notes.append("--time-limit goes by the clock: no two such runs end alike")
            notes += _differences(before, describe_environment(place, training.precision))
            listener.on_resume(checkpoint.step)
            for note in notes:
                listener.on_note(note)
            saving = Saving(run, every)
            carry_out(plan, training, made.card, course, saving, listener, draw)
    return run


def _require_unchanged(run: Run, data: ImageData) -> None:
    """Refuse pictures, labels, splits or an order that are not those of the run's beginning."""
    told = json.loads(json.dumps(describe_data(data)))
    if otherwise := [key for key in _BROUGHT if run.data[key] != told[key]]:
        raise UsageError(
            f"{run.path}: its pictures are brought otherwise than when it began "
            f"({', '.join(otherwise)}); load them as then, or train anew"
        )
    before, now = run.splits, split_rows(data)
    # Without paths: a folder that was moved is still the same.
    if [(row[0], *row[2:]) for row in before] == [(row[0], *row[2:]) for row in now]:
        return
    # Nor with splits, which shift for all where a few pictures change.
    old, fresh = ({(row[0], row[2], row[4]) for row in rows} for rows in (before, now))
    gone, new = {row[0] for row in old - fresh}, {row[0] for row in fresh - old}
    changed = gone & new
    parts = [
        _count(changed, "changed"),
        _count(gone - changed, "are gone"),
        _count(new - changed, "are new"),
    ]
    what = ", ".join(part for part in parts if part) or "their splits or their order changed"
    raise UsageError(
        f"{run.path}: its pictures are no longer those it was trained on: {what}; "
        "bring them back, or train anew"
    )


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is not as it was when the run began, and may change the last bits of its numbers."""
    pairs = {key: (before.get(key), now.get(key)) for key in _ALIKE}
    for name, version in before["packages"].items():
        pairs[name] = version, now["packages"].get(name)
    return [
        f"{name} was {old} and is now {new}: the last bits of the numbers may differ"
        for name, (old, new) in pairs.items()
        if old != new
    ]


def _count(names: set[str], what: str) -> str:
    some = sorted(names)[:NAMED]
    more = ", ..." if len(names) > NAMED else ""
    return f"{len(names)} {what} ({', '.join(some)}{more})" if names else ""
