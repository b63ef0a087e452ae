"""What it takes the networks themselves to know: multiply-adds, and how fast they predict."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from retinue.data.imagedata import ImageData
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import RetinueError
from retinue.experiments.entrants import Entrant
from retinue.experiments.listener import Listener
from retinue.experiments.numbers import Numbers
from retinue.experiments.pictures import open_test
from retinue.experiments.speed import measure_speed, some_of
from retinue.models.describe import describe
from retinue.prediction.classifier import Classifier
from retinue.recipe import DATA_KEYS
from retinue.runs import Run


def look_into(
    entrants: Sequence[Entrant],
    numbers: dict[str, Numbers],
    listener: Listener,
    *,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> tuple[dict[str, Numbers], list[str]]:
    """The numbers with multiply-adds and speeds, and notes where these cannot be had.

    The first run of each entrant stands for it; all are timed on the same test pictures.
    """
    known, notes = dict(numbers), []
    opened: dict[str, ImageData] = {}
    keys = entrants[0].answers[0].keys
    for position, entrant in enumerate(entrants):
        if listener.on_load:
            listener.on_load("measuring", position, len(entrants))
        run = entrant.runs[0]
        try:
            classifier = Classifier.load(run)
        except RetinueError as error:
            notes.append(f"neither speed nor multiply-adds of {entrant.name} are known: {error}")
            continue
        count = _multiply_adds(classifier)
        known[entrant.name] = replace(known[entrant.name], multiply_adds=count)
        try:
            data = _opened(run, opened, listener, data_root, cache_memory)
        except RetinueError as error:
            notes.append(f"how fast {entrant.name} predicts is not known: {error}")
            continue
        if data.preprocess != classifier.preprocess:
            notes.append(
                f"how fast {entrant.name} predicts is not known: {run.path} takes its pictures "
                "otherwise than they are loaded now"
            )
            continue
        speed = measure_speed(classifier, some_of(data, keys))
        known[entrant.name] = replace(known[entrant.name], speed=speed)
    return known, notes


def _multiply_adds(classifier: Classifier) -> int | None:
    """Of one picture passing through the network once; None where its layers are not known."""
    preprocess = classifier.preprocess
    try:
        found = describe(classifier.model, preprocess.channels, preprocess.size).multiply_adds
    except RetinueError:
        return None
    return found or None


def _opened(
    run: Run,
    opened: dict[str, ImageData],
    listener: Listener,
    data_root: str | Path | None,
    cache_memory: int | str,
) -> ImageData:
    """The data of a run; the last that was opened is kept."""
    wanted = run.recipe.model_dump(mode="json", include={"data", "data_options", *DATA_KEYS})
    key = json.dumps([wanted, run.data["preprocess"]])
    if key not in opened:
        opened.clear()
        opened[key] = open_test(run, data_root, listener.on_load, cache_memory)
    return opened[key]
