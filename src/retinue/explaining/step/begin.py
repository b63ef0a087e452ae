"""A training as it begins: of a recipe, or of a run once more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from retinue.data.imagedata import ImageData
from retinue.data.load import Source, load_for
from retinue.errors import UsageError
from retinue.evaluation.evaluate import reopen
from retinue.explaining.layers import copied
from retinue.models.catalogue import is_known, split_way
from retinue.models.graph import in_a_line
from retinue.models.own import name_of
from retinue.models.published import refuse
from retinue.recipe import ModelSettings, Recipe
from retinue.runs import Run
from retinue.training.defaults import choose
from retinue.training.listener import Listener
from retinue.training.loop import Training
from retinue.training.precision import has_bf16
from retinue.training.prepare import Made, make_training, resolve_device
from retinue.training.start import data_to_train_on
from retinue.training.transfer import fit_head
from retinue.writing import write_json


@dataclass(frozen=True)
class Begun:
    """A training before its first step, by a recipe in which nothing is open.

    `threads` are those of the run, None where there is no run; with another number sums are added
    up in another order. `notes` say where it is not quite as in the run.
    """

    training: Training
    recipe: Recipe
    data: ImageData
    threads: int | None = None
    notes: tuple[str, ...] = ()

    @contextmanager
    def as_there(self) -> Iterator[None]:
        """While it lasts torch has the run's threads, and what is drawn leaves no trace."""
        with as_in_training(self.training.device, self.threads):
            yield


@contextmanager
def as_in_training(device: torch.device, threads: int | None) -> Iterator[None]:
    """While it lasts torch has so many threads, and its generators are put back at the end."""
    usual = torch.get_num_threads()
    torch.set_num_threads(threads or usual)
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        torch.set_num_threads(usual)


def begin(
    source: Run | Recipe | str | Path,
    data: Source | ImageData | None,
    model: nn.Module | None,
    device: str,
    data_root: str | Path | None,
) -> Begun:
    """Build a training as `retinue.training.fit` does; arguments are those of `training_step`.

    In fine-tuning the new head is solved for first, as in training.

    Raises:
        UsageError: no such run or data, or a training without steps.
    """
    place = resolve_device(device)
    notes: list[str] = []
    threads = None
    if isinstance(source, Recipe):
        recipe, data = _by_recipe(source, data, model, data_root)
    else:
        run = Run.load(source)
        recipe, data, notes = _by_run(run, data, model, data_root, place)
        threads = run.read_json("environment.json")["threads"]
    if recipe.lr == "auto":
        raise UsageError("lr auto: is found by trying rates; give a number, or a finished run")
    if recipe.time_limit:
        notes.append("it had a time limit: here the learning rate goes by steps, not by the clock")
        recipe = recipe.model_copy(update={"time_limit": None})
    if split_way(recipe.model.name)[1] == "linear" and not recipe.keep_head:
        raise UsageError(
            f"{recipe.model.name}: has no steps to look at, for its head is solved for at once; "
            "take a training from scratch, or :finetune"
        )
    if not recipe.epochs:
        raise UsageError("epochs 0: a training without steps has nothing to look at")
    with as_in_training(place, threads):
        made = _made(recipe, data, place, model)
        _solve_head(made, recipe, data)
    return Begun(made.training, recipe, data, threads, tuple(notes))


def _by_recipe(
    recipe: Recipe,
    data: Source | ImageData | None,
    model: nn.Module | None,
    data_root: str | Path | None,
) -> tuple[Recipe, ImageData]:
    """The recipe with nothing open, and the data as its network takes it."""
    data = data_to_train_on(recipe, data, data_root)
    if model is not None and recipe.model.name == "auto":
        recipe = recipe.model_copy(update={"model": ModelSettings(name=name_of(model))})
    return choose(recipe.model_copy(update={"data": data.source}), data)[0], data


def _by_run(
    run: Run,
    data: Source | ImageData | None,
    model: nn.Module | None,
    data_root: str | Path | None,
    device: torch.device,
) -> tuple[Recipe, ImageData, list[str]]:
    """The run's recipe, its data, and what will differ from the run."""
    recipe, before = run.recipe, run.read_json("environment.json")
    if model is None and not is_known(split_way(recipe.model.name)[0]):
        raise UsageError(
            f"{run.path}: the network {recipe.model.name!r} is not Retinue's: give it as model=, "
            "as it was before the training"
        )
    if data is None:
        data = reopen(run, data_root)
    elif not isinstance(data, ImageData):
        data = load_for(recipe, data, data_root)
    if data.train.content_digest(data.classes) != run.data["digests"]["train"]:
        raise UsageError(f"{run.path}: {data.name} does not hold the pictures it was trained on")
    notes = []
    precision = before["precision"]
    if precision == "bf16" and not has_bf16(device):
        precision = "fp32"
        notes.append("the run was trained in bf16, which this processor lacks; this is fp32")
    now = {"on": str(device), "with torch": metadata.version("torch")}
    for how, was in (("on", before["device"]), ("with torch", before["packages"].get("torch"))):
        if was != now[how]:
            notes.append(f"the run was trained {how} {was}, this is {now[how]}: digits may differ")
    return recipe.model_copy(update={"precision": precision}), data, notes


def _made(recipe: Recipe, data: ImageData, device: torch.device, model: nn.Module | None) -> Made:
    """Everything that the loop works with, around a copy of the user's network."""
    own = copied(model)
    try:
        return make_training(recipe, data, device, own, refuse)
    except ValueError as error:  # of an optimiser without a weight to move
        raise UsageError(f"the network cannot be trained: {in_a_line(error)}") from error


def _solve_head(made: Made, recipe: Recipe, data: ImageData) -> None:
    """Give a fine-tuned network the head with which its training begins."""
    transfer = made.transfer
    if transfer is None or transfer.way == "full" or recipe.keep_head:
        return
    with TemporaryDirectory() as folder:  # what training notes of it in the run's folder
        run = Run(Path(folder))
        write_json(run.path / "transfer.json", transfer.as_dict())
        fit_head(transfer, made.training, recipe, run, data, Listener(), lambda: None)
