"""Which runs can be repeated by code of their own, and why others cannot."""

import hashlib
import re
from collections.abc import Iterator
from math import isfinite
from typing import get_args

from retinue.errors import RetinueError, UsageError
from retinue.images import Fit
from retinue.models.backbones import USUAL
from retinue.models.catalogue import split_way
from retinue.models.published import packaged
from retinue.models.weights import ModelCard, checked_bytes, read_card
from retinue.prediction.views import VIEWS
from retinue.reporting.project.networks import NETWORKS
from retinue.runs import Run
from retinue.training.start import DEFAULT
from retinue.wording import printable


def require_repeatable(run: Run) -> ModelCard:
    """The card of the run's network, where `train.py` can be promised to give its very weights.

    Raises:
        UsageError: it cannot; says why, and what would.
        RetinueError: the weights are missing or damaged.
    """
    _require_finished(run)
    for reason in _reasons(run):
        raise UsageError(f"{run.path}: no folder to hand in: {reason}")
    card = read_card(run.path)
    checked_bytes(run.path, card)
    _require_sound(run, card)
    return card


def _require_sound(run: Run, card: ModelCard) -> None:
    """Refuse a model.json that another hand has changed: its numbers become source code."""
    size, stored = card.preprocess.size, card.preprocess.stored
    whole = [*size, *stored, card.preprocess.channels]
    numbers = [*card.mean, *card.std]
    if (
        card.views not in VIEWS
        or card.preprocess.fit not in get_args(Fit)
        or (len(size), len(stored)) != (2, 2)
        or not all(type(value) is int and value > 0 for value in whole)
        or not all(isinstance(value, int | float) and isfinite(value) for value in numbers)
        or not re.fullmatch("[0-9a-f]{64}", card.weights)
    ):
        raise RetinueError(f"{run.path / 'model.json'}: is damaged")


def _require_finished(run: Run) -> None:
    state = run.state
    if state == "running":
        raise UsageError(f"{run.path}: is still being trained; wait for its end")
    if state == "interrupted":
        raise UsageError(
            f"{run.path}: was stopped before its end; go on with "
            f"`retinue train --resume {run.path}`"
        )
    if state != "finished":
        raise UsageError(f"{run.path}: its training failed; there is nothing to hand in")


def _reasons(run: Run) -> Iterator[str]:
    """What of the run no code of a few hundred lines can repeat to the last bit."""
    recipe, status = run.recipe, run.status
    name, way = split_way(recipe.model.name)
    if "recorded" in status:
        yield "it was trained in a loop of your own; hand in that one"
    if ":" in name:
        yield f"the network {name!r} is your own code; hand in that"
    if name not in NETWORKS:
        yield f"the code of {name!r} is another library's; train a network of `retinue models`"
    yield from _of_transfer(run, name, way)
    if recipe.time_limit is not None:
        yield "with --time-limit the clock decides, and no two trainings are alike; give --epochs"
    if recipe.model.shuffle_pixels is not None:
        yield "pixels were shuffled; train it without model.shuffle_pixels"
    if recipe.epochs == 0:
        yield "with --epochs 0 nothing was trained"
    if recipe.mixup or recipe.cutmix:
        yield "pictures were mixed; train it without --mixup and --cutmix"
    device = run.read_json("environment.json")["device"]
    if device != "cpu":
        yield f"on {device} no training gives the same bits twice; train it with --device cpu"


def _of_transfer(run: Run, name: str, way: str) -> Iterator[str]:
    """What weights of others make unrepeatable; those that a package brings do not."""
    pretrained = run.recipe.pretrained
    if way in ("linear", "finetune"):
        yield (
            f"with :{way} a head was solved for on features that are kept between trainings; "
            f"train {USUAL}:full, or with --pretrained none"
        )
    elif way and (name, pretrained) != (USUAL, DEFAULT):
        told = printable(pretrained)
        yield f"it begins with weights from {told}; train it with --pretrained none"
    elif way:
        file = packaged().at_hand()
        digest = run.read_json("transfer.json")["digest"]
        if file is None or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            yield "the weights that it began with are not on this machine: retinue[pretrained]"
