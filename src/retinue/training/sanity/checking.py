"""`check_sanity`: the classic checks, before a training that takes long."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from retinue.data.cache import Progress
from retinue.data.imagedata import ImageData
from retinue.data.load import Source
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import UsageError
from retinue.models.graph import in_a_line
from retinue.models.own import name_of
from retinue.models.published import Permit, refuse
from retinue.recipe import ModelSettings, Recipe
from retinue.seeds import seed_for
from retinue.training.checked import Checked
from retinue.training.defaults import choose
from retinue.training.prepare import make_training, resolve_device
from retinue.training.sanity import answering, learning
from retinue.training.sanity.bench import RATE, Bench
from retinue.training.sanity.check import Check
from retinue.training.start import data_to_train_on

# In the order in which they are asked.
CHECKS: dict[str, Callable[[Bench], Check]] = {
    "labels": learning.labels,
    "first-loss": learning.first_loss,
    "gradients": learning.gradients,
    "one-batch": learning.one_batch,
    "alone": answering.alone,
    "repeatable": answering.repeatable,
    "pixels": answering.pixels,
    "shuffled-labels": learning.shuffled_labels,
}


def _ignore(_: Check) -> None:
    """Nobody listens."""


def check_sanity(
    recipe: Recipe,
    data: Source | ImageData | None = None,
    *,
    module: nn.Module | None = None,
    device: str = "auto",
    threads: int | None = None,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    permit: Permit = refuse,
    on_load: Progress | None = None,
    on_check: Callable[[Check], None] = _ignore,
) -> list[Check]:
    """Ask what a network, its data and its labels should pass before they are trained for long.

    Nothing is trained that is kept, no run is written, and test pictures are not looked at. The
    same recipe and seed give the same answers, unless the clock ends the practice.

    Args:
        recipe: as of a training; what it leaves open is chosen as there.
        data: what `load_data` takes, or what it gave; by default that of the recipe.
        module: a network of one's own in place of the recipe's; it stays as it is.
        device: auto, cpu, cuda or cuda:N.
        threads: of the processor; by default all.
        data_root: where built-in data sets lie or are downloaded to.
        cache_memory: bytes of decoded pictures that may lie in memory, as "256MB".
        permit: asked before weights are fetched; by default none are.
        on_load: told how the reading of pictures goes.
        on_check: called with each check as it is done.

    Raises:
        UsageError: a setting or name that cannot be used, or a network that gives no logits.
        RetinueError: data that cannot be read.
    """
    place = resolve_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    data = data_to_train_on(recipe, data, data_root, on_load, cache_memory)
    if module is not None and recipe.model.name == "auto":
        recipe = recipe.model_copy(update={"model": ModelSettings(name=name_of(module))})
    found = []
    with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
        bench = make_bench(recipe, data, place, module, permit)
        for name, check in CHECKS.items():
            torch.manual_seed(seed_for(recipe.seed, f"sanity-{name}"))
            found.append(check(bench))
            on_check(found[-1])
    return found


def make_bench(
    recipe: Recipe,
    data: ImageData,
    device: torch.device,
    module: nn.Module | None = None,
    permit: Permit = refuse,
) -> Bench:
    """The network as a training by this recipe would begin with it, and the data.

    Raises:
        UsageError: the network cannot be copied or trained, or gives no logits.
    """
    recipe, _ = choose(recipe.model_copy(update={"data": data.source}), data)
    try:
        own: Any = copy.deepcopy(module)
    except Exception as error:
        raise UsageError(f"the network cannot be copied: {in_a_line(error)}") from error
    settled = recipe.model_copy(
        update={"precision": "fp32", "lr": RATE if recipe.lr == "auto" else recipe.lr}
    )
    try:
        made = make_training(settled, data, device, own, permit)
    except ValueError as error:  # of an optimiser without a weight to move
        raise UsageError(f"the network cannot be trained: {in_a_line(error)}") from error
    model = made.training.model.eval()
    bench = Bench(model, data, device, recipe.fit, recipe.seed, recipe.keep_head, made.transfer)
    pictures, _ = bench.pictures(data.train, bench.batch[:2])
    with torch.no_grad():
        Checked(model, len(data.classes)).eval()(pictures)
    return bench
