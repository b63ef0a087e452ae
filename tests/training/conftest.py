"""A small data set, and trainings that take milliseconds."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training.course import run_epochs, subset_of
from retinue.training.defaults import choose
from retinue.training.listener import Listener
from retinue.training.loop import Training
from retinue.training.prepare import make_training
from retinue.training.saving import Every, Saving
from retinue.training.state import Course, Outcome

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def digits() -> ImageData:
    """170 training, 30 val and 359 test pictures."""
    return load_data("digits", limit_per_class=20)


@pytest.fixture
def make(digits: ImageData) -> Callable[..., Training]:
    """Everything the loop works with, for some settings, in fp32 and without augmentation."""

    def made(**settings: object) -> Training:
        plain = {"model": "softmax", "precision": "fp32", "augment": "none"}
        recipe, _ = choose(make_recipe(digits.loaded_with, plain, settings), digits)
        return make_training(recipe, digits, CPU).training

    return made


@pytest.fixture
def course(digits: ImageData, tmp_path: Path) -> Callable[..., tuple[Outcome, Run]]:
    """Train some epochs in a fresh run folder, without judging the result."""

    def trained(
        listener: Listener | None = None, name: str = "run", **settings: object
    ) -> tuple[Outcome, Run]:
        plain = {"model": "softmax", "precision": "fp32", "augment": "none"}
        recipe, _ = choose(make_recipe(digits.loaded_with, plain, settings), digits)
        training = make_training(recipe, digits, CPU).training
        run = Run.create("digits", "softmax", tmp_path / name)
        subset = subset_of(digits.train, digits.val)
        outcome = run_epochs(
            training,
            recipe,
            run,
            digits.val,
            subset,
            listener or Listener(),
            Course(),
            Saving(run, Every(seconds=3600)),
        )
        return outcome, run

    return trained
