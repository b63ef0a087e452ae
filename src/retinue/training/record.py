"""`record`: a network that was trained in a loop of somebody's own becomes a run like any other."""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn

from retinue import plotting
from retinue.data.imagedata import ImageData
from retinue.data.load import Source, load_for
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import UsageError
from retinue.evaluation.judge import calibrate, evaluate_split
from retinue.models.graph_export import save_own_model
from retinue.models.own import name_of
from retinue.models.weights import ModelCard, make_card
from retinue.prediction.classifier import Classifier
from retinue.recipe import DATA_KEYS, Recipe, make_recipe
from retinue.runs import Run
from retinue.training.checked import (
    Checked,
    Numbers,
    Statistics,
    normalised_copy,
    require_logits,
)
from retinue.training.environment import describe_environment
from retinue.training.folder import write_beginning
from retinue.training.history import History, history_lines
from retinue.training.prepare import resolve_device

REASON = "recorded: trained in a loop of its own"
_ABOUT_DATA = (*DATA_KEYS, "data_options")
_NOT_SAID = ("data", "model", "epochs", "views")  # known from elsewhere


def record(
    model: nn.Module,
    data: Source | ImageData,
    history: History | None = None,
    *,
    name: str | None = None,
    output: str | Path | None = None,
    mean: Numbers = 0.0,
    std: Numbers = 1.0,
    seconds: float | None = None,
    device: str = "auto",
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    **settings: Any,
) -> Run:
    """Judge a network that is trained already, and write all that a run holds.

    The run is evaluated on val and test, which counts as a look at test, calibrated on val, and can
    be evaluated, compared and predicted with like any other. The network is copied; the one given
    stays as it is.

    Args:
        model: from pixels (N, C, H, W) float to logits (N, K), in the order of `data.classes`.
        data: what `load_data` gave, or takes.
        history: a mapping an epoch, as {"loss": 0.3, "val_accuracy": 0.9}, or a mapping of lists.
        name: of the network; by default that of its class.
        output: the run's folder; by default runs/<data>-<name>-<n>.
        mean: what was subtracted from pixel values, which go from 0 to 1; one number, or one a
            channel. 0 for pixels that were only divided by 255.
        std: what they were then divided by, likewise.
        seconds: how long it was trained.
        device: auto, cpu, cuda or cuda:N, where it is judged.
        data_root: where built-in data sets lie or are downloaded to.
        cache_memory: bytes of decoded pictures that may lie in memory, as "256MB".
        settings: keys of the recipe as they were in that loop, for whoever reads it, as lr=0.01.
            The others are not known, whatever recipe.yaml says; status.json names those given.

    Raises:
        UsageError: a network that cannot be copied or gives no logits, a history of another shape,
            data without pictures to judge on, or a setting or folder that cannot be used.
    """
    if not isinstance(model, nn.Module):
        raise UsageError(f"record takes a torch.nn.Module, not {type(model).__name__}")
    if seconds is not None and not 0 <= seconds < math.inf:
        raise UsageError(f"seconds={seconds}: give how long the training took")
    place = resolve_device(device)
    lines = history_lines(history)
    data = _loaded(data, settings, data_root, cache_memory)
    model = getattr(model, "_orig_mod", model)  # what torch.compile was given
    name = name or name_of(model)
    network, statistics = normalised_copy(model, mean, std, data.channels)
    recipe = _recipe(name, statistics, data, len(lines), settings)
    card = make_card(network, name, {}, data.classes, data.preprocess, statistics)
    if card.of_catalogue or name == "auto":
        raise UsageError(f"name={name!r}: a network of Retinue's is called so; give another name")
    judged = Checked(network, len(data.classes))
    classifier = Classifier(judged, data.classes, data.preprocess, device=place)
    require_logits(classifier, data)
    run = Run.create(data.name, name.rpartition(":")[2], None if output is None else Path(output))
    said = sorted(set(settings).difference(_ABOUT_DATA))
    ended = {"training_seconds": seconds, "recorded": said, "epoch": len(lines)}
    _write(run, recipe, data, lines, network, card, classifier, ended)
    return run


def _write(
    run: Run,
    recipe: Recipe,
    data: ImageData,
    lines: list[dict[str, Any]],
    network: nn.Module,
    card: ModelCard,
    classifier: Classifier,
    ended: dict[str, Any],
) -> None:
    """Fill the run folder; where that fails, the run says so."""
    environment = describe_environment(torch.device(classifier.device), "")
    with run.held():
        try:
            for line in lines:
                run.append("history.jsonl", line)
            # In which arithmetic it was trained is not known.
            write_beginning(run, recipe, data, {**environment, "precision": None})
            if lines:
                figure = plotting.learning_curves(lines)
                plotting.save(figure, run.path / "figures" / "learning-curves.png")
            save_own_model(run.path, network, card)
            looks = _judge(run, classifier, data)
        except BaseException as error:
            with suppress(OSError):  # where the disk is full this cannot be written either
                run.update_status(state="failed", reason=f"{type(error).__name__}: {error}")
            raise
        run.update_status(
            state="finished",
            reason=REASON,
            best_epoch=None,
            **ended,
            **looks,
        )


def _judge(run: Run, classifier: Classifier, data: ImageData) -> dict[str, Any]:
    """Calibrate on val, evaluate on val and test; gives what status.json is to say of test."""
    calibrate(run, classifier, data.val)
    if len(data.val):
        evaluate_split(run, classifier, data.val, "val", draw=not len(data.test))
    if not len(data.test):
        return {}
    found = evaluate_split(run, classifier, data.test, "test", count_look=True)
    return {"test_looks": found.metrics["test_looks"]}


def _loaded(
    data: Source | ImageData,
    settings: dict[str, Any],
    data_root: str | Path | None,
    cache_memory: int | str,
) -> ImageData:
    """The data, read with those of the settings that are about it, and with pictures to judge."""
    about_data = {key: settings[key] for key in _ABOUT_DATA if key in settings}
    if not isinstance(data, ImageData):
        source = {} if isinstance(data, tuple) else {"data": str(data)}
        arrays = data if isinstance(data, tuple) else None
        data = load_for(make_recipe(source, about_data), arrays, data_root, None, cache_memory)
    elif about_data:
        raise UsageError(f"{', '.join(about_data)}: the data is loaded already; say it there")
    if not len(data.val) and not len(data.test):
        raise UsageError(f"{data.name}: no pictures in val or test to judge the network on")
    return data


def _recipe(
    name: str, statistics: Statistics, data: ImageData, epochs: int, settings: dict[str, Any]
) -> Recipe:
    """Every setting: those of the data, those that were said, and defaults."""
    if said := [key for key in _NOT_SAID if key in settings]:
        raise UsageError(f"{', '.join(said)}: no setting of a run that is recorded; leave it out")
    # Recipes tell the scale of these numbers by the largest: up to 1 it is that of 0 to 1.
    scale = 255 if max(statistics[1]) <= 255 else 1
    mean, std = ([value / scale for value in values] for values in statistics)
    known = {
        "data": data.source,
        "model": {"name": name, "mean": mean, "std": std},
        "epochs": epochs,
        "size": data.size,
        "channels": data.channels,
    }
    return make_recipe(data.loaded_with, settings, known)
