"""Small copies of the pictures that a report needs, so that it can do without the source."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from retinue.data.imagedata import Split
from retinue.images import Pixels, Preprocess
from retinue.prediction.probabilities import Probabilities
from retinue.writing import appearing_folder, write_json

PER_CELL = 6  # pictures of one confusion cell
MOST = 4000  # pictures of all confusion cells
MISTAKES = 24
SAMPLES = 6  # pictures of one class


def confident_mistakes(split: Split, probabilities: Probabilities) -> list[int]:
    """Positions of the wrong predictions, the surest first, at most 24."""
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != split.labels)
    order = np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")
    return [int(position) for position in wrong[order][:MISTAKES]]


def write_pictures(
    folder: Path, split: Split, probabilities: Probabilities, preprocess: Preprocess
) -> None:
    """Write thumbnails and index.json into `folder`, in place of what was there.

    The index names picture files: `cells` by "true-predicted" label numbers, `mistakes`, `samples`
    by label number.
    """
    cells = _cells(split, probabilities.argmax(axis=1))
    mistakes = confident_mistakes(split, probabilities)
    samples = _by(split.labels.tolist(), SAMPLES)
    wanted = {*mistakes, *_flat(cells.values()), *_flat(samples.values())}
    with appearing_folder(folder) as aside:
        positions = np.array(sorted(wanted), dtype=np.int64)
        pictures = preprocess.centre(split.take(positions))
        names = {
            position: _write_one(aside, position, pixels)
            for position, pixels in zip(positions.tolist(), pictures, strict=True)
        }
        index = {
            "cells": {key: [names[position] for position in found] for key, found in cells.items()},
            "mistakes": [names[position] for position in mistakes],
            "samples": {
                key: [names[position] for position in found] for key, found in samples.items()
            },
            "ids": {names[position]: split.ids[position] for position in sorted(wanted)},
        }
        write_json(aside / "index.json", index)


def _cells(split: Split, predicted: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, list[int]]:
    """Positions by confusion cell; so many of each that all together stay within bounds."""
    pairs = [f"{true}-{said}" for true, said in zip(split.labels, predicted, strict=True)]
    for quota in range(PER_CELL, 0, -1):
        cells = _by(pairs, quota)
        if sum(map(len, cells.values())) <= MOST:
            return cells
    return dict(list(cells.items())[:MOST])


def _by(keys: Iterable[Any], quota: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for position, key in enumerate(keys):
        if len(found[str(key)]) < quota:
            found[str(key)].append(position)
    return dict(found)


def _flat(lists: Iterable[list[int]]) -> set[int]:
    return {position for one in lists for position in one}


def _write_one(folder: Path, position: int, pixels: Pixels) -> str:
    """PNG for small pictures, JPEG for photos, where PNG would take ten times the space."""
    small = max(pixels.shape[:2]) <= 64
    name = f"{position}.{'png' if small else 'jpg'}"
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.save(folder / name, quality=88)
    return name
