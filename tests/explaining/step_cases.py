"""What the tests of training steps share: recipes of every kind, and the loop without a watcher."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from retinue.data.imagedata import ImageData
from retinue.models.weights import save_model
from retinue.recipe import Recipe, make_recipe
from retinue.runs import Run
from retinue.training.course import run_epochs, subset_of
from retinue.training.defaults import choose
from retinue.training.environment import describe_environment
from retinue.training.folder import write_beginning
from retinue.training.listener import Listener
from retinue.training.loop import StepReport, Training, train_epoch
from retinue.training.prepare import make_training
from retinue.training.saving import Every, Saving
from retinue.training.state import Course

CNN = {"name": "cnn", "depth": 2, "width": 4}
DROPPING = {"name": "mlp", "hidden": [16], "dropout": 0.4}
SGD = {"opt": "sgd", "lr": 0.1}
# Every way in which a step may differ; 170 digits make six steps an epoch.
RECIPES: dict[str, dict[str, Any]] = {
    "plain": {**SGD, "momentum": 0.0, "weight_decay": 0.0},
    "sgd": {**SGD, "momentum": 0.9, "weight_decay": 0.01},
    "adam": {"opt": "adam", "lr": 0.01, "weight_decay": 0.01},
    "adamw": {"opt": "adamw", "lr": 0.01, "weight_decay": 0.5, "schedule": "cosine"},
    "muon": {"model": {"name": "fast", "width": 4}, "opt": "muon", "lr": 0.1},
    "dropout": {**SGD, "model": DROPPING},
    "strong": {**SGD, "augment": "strong"},
    "mixed": {**SGD, "mixup": 0.5, "label_smoothing": 0.1},
    "slices": {**SGD, "slice_size": 10},
    "weights": {**SGD, "class_weights": "balanced"},
    "clip": {**SGD, "clip": 0.05},
    "average": {**SGD, "ema": 0.9},
    "hardest": {**SGD, "hardest": 0.5},
    "small": {**SGD, "progressive": "6:0.5"},
}


def recipe_of(**settings: Any) -> Recipe:
    """A recipe of two epochs of six steps, in fp32."""
    given = {"model": CNN, "precision": "fp32", "batch_size": 32, "epochs": 2, "seed": 3}
    return make_recipe(given, settings)


def made(recipe: Recipe, data: ImageData) -> Training:
    """The training of a recipe as it begins."""
    chosen, _ = choose(recipe.model_copy(update={"data": data.source}), data)
    with torch.random.fork_rng():
        return make_training(chosen, data, torch.device("cpu")).training


def short_run(recipe: Recipe, data: ImageData, folder: Path) -> Run:
    """A run of one epoch on whose network nobody passed judgement, which would take longer."""
    chosen, _ = choose(make_recipe(data.loaded_with, recipe.model_dump(exclude_unset=True)), data)
    with torch.random.fork_rng():
        begun = make_training(chosen, data, torch.device("cpu"))
        run = Run.create(data.name, "short", folder)
        saving = Saving(run, Every(seconds=3600))
        write_beginning(run, chosen, data, describe_environment(torch.device("cpu"), "fp32"))
        subset = subset_of(data.train, data.val)
        run_epochs(begun.training, chosen, run, data.val, subset, Listener(), Course(), saving)
        save_model(run.path, begun.training.model, begun.card)
    return run


class _StopError(Exception):
    pass


def by_loop(recipe: Recipe, data: ImageData, steps: int) -> dict[str, Tensor]:
    """All weights and buffers after so many steps of the loop, on which nobody looks."""
    training, done = made(recipe, data), 0

    def count(_: StepReport) -> None:
        nonlocal done
        done += 1
        if done == steps:
            raise _StopError

    with torch.random.fork_rng():
        try:
            for epoch in range(2):
                train_epoch(training, epoch, count)
        except _StopError:
            pass
    assert done == steps
    return state(training.model)


def state(model: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of all weights and buffers."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether all are equal to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
