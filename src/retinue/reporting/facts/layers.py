"""A run's network, layer by layer."""

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path

from retinue.errors import RetinueError
from retinue.models.describe import describe
from retinue.models.weights import FILE, ModelCard, read_card
from retinue.runs import Run

MOST = 2**26  # bytes of a header of safetensors, more than that of any network


@dataclass(frozen=True)
class Layer:
    """A layer as one picture passes through it; None is what is not known.

    Of a network whose code is not at hand only names, parameters and their shapes are known, and
    `kind` is the shape of its weights.
    """

    name: str
    kind: str
    output: tuple[int, ...] | None
    parameters: int
    multiply_adds: int | None


def layers(run: Run) -> list[Layer]:
    """The layers in order of execution; of a user's own network those that have weights.

    No code of a user's is run for it. Empty where the run has no network yet.
    """
    try:
        card = read_card(run.path)
    except RetinueError:
        return []
    try:
        if card.of_catalogue:
            return _described(card)
    except (RetinueError, ImportError):  # a backbone whose package is not installed here
        pass
    return _stored(run.path / FILE)


def _described(card: ModelCard) -> list[Layer]:
    import torch

    with torch.random.fork_rng(devices=[]):
        network = card.build()
    found = describe(network, card.preprocess.channels, card.preprocess.size)
    return [
        Layer(_plain(row.name), row.kind, row.output, row.parameters, row.multiply_adds)
        for row in found.rows
    ]


def _stored(path: Path) -> list[Layer]:
    """From the head of the file of weights, which names every tensor and its shape."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            tensors = json.loads(file.read(min(length, MOST)))
    except (OSError, ValueError, struct.error):
        return []
    parts: dict[str, dict[str, list[int]]] = {}
    places: dict[str, int] = {}
    for name, tensor in tensors.items():
        layer, _, part = name.rpartition(".")
        # Buffers count things and remember statistics; no training changes them by a gradient.
        if name != "__metadata__" and part in ("weight", "bias"):
            parts.setdefault(layer, {})[part] = tensor["shape"]
            start = tensor["data_offsets"][0]
            places[layer] = min(places.get(layer, start), start)
    return [
        Layer(_plain(name), _shape(parts[name]), None, sum(map(prod, parts[name].values())), None)
        for name in sorted(parts, key=lambda name: places[name])
    ]


def _shape(tensors: dict[str, list[int]]) -> str:
    sides = tensors.get("weight") or next(iter(tensors.values()))
    return "weights " + " x ".join(map(str, sides))


def _plain(name: str) -> str:
    """The name without the part that every network's layers begin with."""
    return name.removeprefix("network.")
