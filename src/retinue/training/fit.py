"""One recipe to one finished run folder."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from retinue import plotting
from retinue.data.imagedata import ImageData
from retinue.data.load import Source
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import UsageError
from retinue.models.catalogue import split_way
from retinue.models.own import name_of
from retinue.models.published import Permit, allow, refuse
from retinue.recipe import DATA_KEYS, Recipe, make_recipe
from retinue.runs import Run
from retinue.training.carry_out import carry_out
from retinue.training.choices import Choice
from retinue.training.defaults import choose
from retinue.training.environment import describe_environment
from retinue.training.folder import write_beginning
from retinue.training.listener import Listener, Plan, with_tensorboard
from retinue.training.lr_finder import Found, find_lr
from retinue.training.paces import LR
from retinue.training.prepare import make_training, resolve_device
from retinue.training.resume import go_on
from retinue.training.saving import EVERY, Every, Saving
from retinue.training.start import data_to_train_on
from retinue.training.state import Course
from retinue.writing import write_json

LR_FINDER = "lr-finder.png"


def train(
    data: Source | ImageData | None = None,
    *,
    model: str | dict[str, Any] | nn.Module | None = None,
    recipe: Recipe | None = None,
    output: str | Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    download: bool = False,
    tensorboard: bool = False,
    checkpoint_every: str | int = EVERY,
    resume: Run | str | Path | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    listener: Listener | None = None,
    **settings: Any,
) -> Run:
    """Train a classifier and return its run.

    Args:
        data: what `load_data` takes, or what it gave.
        model: a name of `retinue models`, `package.module:factory`, a mapping with `name` and the
            network's settings, or any `torch.nn.Module` from pixels (N, C, H, W), normalised, to
            logits (N, K).
        recipe: settings to begin with.
        output: the run's folder; by default runs/<data>-<model>-<n>.
        device: auto, cpu, cuda or cuda:N.
        threads: of the processor; by default all.
        data_root: where built-in data sets lie or are downloaded to.
        cache_memory: bytes of decoded pictures that may lie in memory, as "256MB".
        download: fetch weights that the recipe names and that are not on this machine.
        tensorboard: also write TensorBoard files.
        checkpoint_every: steps, as 500, or time, as "10s" or "5m", between two checkpoints.
        resume: a run that was stopped; it goes on with its own recipe, as if never stopped. Needs
            `data` and `model` again only where they were objects of Python's.
        on_epoch: called with each epoch's line of history.
        listener: who is told of every step too, as that of `retinue.widgets.TrainingMonitor`; has
            an `on_epoch` of its own.
        settings: any key of the recipe, as epochs=5 or lr=1e-3.

    Raises:
        UsageError: a setting, name or folder that cannot be used.
        RetinueError: data that cannot be read, or a loss that is no longer a number.
    """
    module = model if isinstance(model, nn.Module) else None
    if on_epoch is not None:
        if listener is not None:
            raise UsageError("on_epoch: the listener has one of its own; give one of both")
        listener = Listener(on_epoch=on_epoch)
    given = data if isinstance(data, ImageData | tuple) else None
    if resume is not None:
        said: dict[str, Any] = {"recipe": recipe, "output": output, **settings}
        said |= {} if given is not None else {"data": data}
        said |= {} if module is not None else {"model": model}
        if named := [key for key, value in said.items() if value is not None]:
            raise UsageError(f"{', '.join(named)}: a run goes on as it began; leave it out")
        return go_on(
            resume,
            data=given,
            module=module,
            device=device,
            threads=threads,
            data_root=data_root,
            cache_memory=cache_memory,
            tensorboard=tensorboard,
            checkpoint_every=checkpoint_every,
            listener=listener,
        )
    layers: list[dict[str, Any]] = [recipe.model_dump(exclude_unset=True)] if recipe else []
    if isinstance(data, ImageData):
        layers.append(data.loaded_with)
    elif data is not None and not isinstance(data, tuple):
        layers.append({"data": str(data)})
    if module is not None:
        layers.append({"model": {"name": name_of(module)}})
    elif model is not None:
        layers.append({"model": model})
    return fit(
        make_recipe(*layers, settings),
        data=given,
        module=module,
        output=None if output is None else Path(output),
        device=device,
        threads=threads,
        data_root=data_root,
        cache_memory=cache_memory,
        permit=allow if download else refuse,
        tensorboard=tensorboard,
        checkpoint_every=checkpoint_every,
        listener=listener,
    )


def fit(
    recipe: Recipe,
    *,
    data: ImageData | tuple[Any, Any] | None = None,
    module: nn.Module | None = None,
    output: Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    permit: Permit = refuse,
    tensorboard: bool = False,
    checkpoint_every: str | int = EVERY,
    listener: Listener | None = None,
    draw: bool = True,
) -> Run:
    """Carry out a recipe: load, choose what is open, train, keep the best, judge, write it all.

    `data` and `module` stand in for the recipe's where Python already has them; `permit` is asked
    before weights are fetched; without `draw` there are no figures and pictures.

    Raises:
        As `train`.
    """
    listener = listener or Listener()
    every = Every.parse(checkpoint_every)
    place = resolve_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    if tensorboard:
        listener = with_tensorboard(listener)
    if isinstance(data, ImageData):
        _require_as_loaded(recipe, data)
    data = data_to_train_on(recipe, data, data_root, listener.on_load, cache_memory)
    recipe, choices = choose(recipe.model_copy(update={"data": data.source}), data)
    # Every draw is seeded from the recipe; the caller's own random state stays as it was.
    with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
        return _begin(recipe, choices, data, place, module, output, every, listener, permit, draw)


def _begin(
    recipe: Recipe,
    choices: list[Choice],
    data: ImageData,
    device: torch.device,
    module: nn.Module | None,
    output: Path | None,
    every: Every,
    listener: Listener,
    permit: Permit,
    draw: bool,
) -> Run:
    """Make the run folder of a recipe in which nothing is open, and carry it out."""
    rates = None
    if recipe.lr == "auto":
        rates = _try_rates(recipe, data, device, module, permit)
        why = f"the loss falls longest around it: see figures/{LR_FINDER}"
        # With muon the rest learns at a rate that rose along with it.
        rest_lr = recipe.rest_lr * rates.lr / LR if recipe.opt == "muon" else recipe.rest_lr
        recipe = recipe.model_copy(update={"lr": rates.lr, "rest_lr": rest_lr})
        choices = [*choices, Choice("lr", rates.lr, why)]
    made = make_training(recipe, data, device, module, permit)
    training = made.training
    name, way = split_way(recipe.model.name)
    run = Run.create(data.name, f"{name.rpartition(':')[2]} {way}", output)
    with run.held():
        # First of all, for a network of the user's own has the weights that it came with.
        saving, course = Saving(run, every), Course()
        saving.write(training, course)
        if rates is not None:
            figure = plotting.learning_rates(rates.rates, rates.losses, rates.lr)
            plotting.save(figure, run.path / "figures" / LR_FINDER)
        write_beginning(run, recipe, data, describe_environment(device, training.precision))
        if made.transfer is not None:
            write_json(run.path / "transfer.json", made.transfer.as_dict())
        plan = Plan(run, recipe, data, training.model, training.precision, choices, made.transfer)
        carry_out(plan, training, made.card, course, saving, listener, draw)
    return run


def _try_rates(
    recipe: Recipe,
    data: ImageData,
    device: torch.device,
    module: nn.Module | None,
    permit: Permit,
) -> Found:
    """Find a learning rate with a network of its own, from the same initial weights."""
    trial = recipe.model_copy(update={"lr": LR, "ema": 0.0})
    return find_lr(make_training(trial, data, device, copy.deepcopy(module), permit).training)


def _require_as_loaded(recipe: Recipe, data: ImageData) -> None:
    """Refuse settings that are about loading where the data is loaded already, otherwise."""
    loaded = make_recipe(data.loaded_with).model_copy(
        update={"size": data.size, "channels": data.channels}
    )
    for key in DATA_KEYS:
        wanted = getattr(recipe, key)
        if key in recipe.model_fields_set and wanted not in (None, getattr(loaded, key)):
            raise UsageError(f"{key}={wanted!r}: the data is loaded already; say it to load_data")
