"""A network on the disk: model.safetensors holds the weights, model.json all else."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from retinue.errors import RetinueError, UsageError
from retinue.images import Preprocess
from retinue.models.catalogue import build, is_known, wrap
from retinue.models.graph import load_graph
from retinue.models.shuffle import shuffle_of
from retinue.writing import appearing, write_json

SCHEMA = 1
FILE = "model.safetensors"


@dataclass(frozen=True)
class ModelCard:
    """model.json: what is needed to build the network again and to feed it.

    `weights` and `graph` are the SHA-256 of model.safetensors and, for a user's own network, of
    model.onnx; `no_graph` says why there is none. `shuffle_pixels` is in the file only where pixels
    are put into another order.
    """

    name: str
    arguments: dict[str, Any]
    classes: tuple[str, ...]
    preprocess: Preprocess
    mean: tuple[float, ...]
    std: tuple[float, ...]
    parameters: int
    views: str = "one"
    weights: str = ""
    graph: str = ""
    no_graph: str = ""
    shuffle_pixels: int | None = None
    schema: int = field(default=SCHEMA)

    @property
    def of_catalogue(self) -> bool:
        """Whether Retinue can build this network without its user's code."""
        return is_known(self.name)

    def build(self, module: nn.Module | None = None) -> nn.Sequential:
        """The network with fresh weights; around `module` where it is the user's own.

        Raises:
            UsageError: the network is a user's own and `module` is not given.
        """
        if module is not None:
            shuffle = shuffle_of(self.shuffle_pixels, self.preprocess.size)
            return wrap(module, self.mean, self.std, as_torch=True, shuffle=shuffle)
        if not self.of_catalogue:
            raise UsageError(
                f"the network {self.name!r} is not Retinue's: give its code with "
                f"--model package.module:factory{self.no_graph and f' ({self.no_graph})'}"
            )
        return build(
            self.name,
            classes=len(self.classes),
            channels=self.preprocess.channels,
            size=self.preprocess.size,
            arguments=self.arguments,
            mean=self.mean,
            std=self.std,
            shuffle_pixels=self.shuffle_pixels,
        )


def save_model(folder: Path, model: nn.Module, card: ModelCard) -> None:
    """Write model.safetensors and model.json, which names the digest of the weights."""
    data = save(plain_state(model))
    with appearing(folder / FILE) as aside:
        aside.write_bytes(data)
    values = {**asdict(card), "weights": hashlib.sha256(data).hexdigest()}
    if card.shuffle_pixels is None:
        del values["shuffle_pixels"]
    write_json(folder / "model.json", values)


def plain_state(model: nn.Module) -> dict[str, Tensor]:
    """A copy of all weights and buffers on the CPU, contiguous, in fp32 or as they are."""
    return {
        name: tensor.detach().to("cpu", copy=True).contiguous()
        for name, tensor in model.state_dict().items()
    }


def read_card(folder: Path) -> ModelCard:
    """Read model.json.

    Raises:
        UsageError: there is none, as in a run that was stopped before its first epoch.
        RetinueError: it is damaged.
    """
    path = folder / "model.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        tuples = {key: tuple(values[key]) for key in ("classes", "mean", "std")}
        preprocess = Preprocess.from_dict(values["preprocess"])
        if type(values.get("shuffle_pixels", 0)) is not int:
            raise TypeError("shuffle_pixels is no whole number")
        return ModelCard(**{**values, **tuples, "preprocess": preprocess})
    except FileNotFoundError:
        raise UsageError(f"{folder}: holds no network yet; was its training stopped?") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RetinueError(f"{path}: cannot be read: {error}") from None


def load_model(folder: Path, card: ModelCard, module: nn.Module | None = None) -> nn.Module:
    """Build the network of a run and load its weights, which must be those of model.json.

    Without `module` a user's own network is its graph.

    Raises:
        RetinueError: the weights are missing, damaged, or do not fit the network.
    """
    if module is None and card.graph and not card.of_catalogue:
        shape = (card.preprocess.channels, *card.preprocess.size)
        return load_graph(folder, card.graph, shape, len(card.classes))
    path, data = folder / FILE, checked_bytes(folder, card)
    with torch.random.fork_rng():
        model = card.build(module)
    try:
        model.load_state_dict(load(data))
    except (RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RetinueError(f"{path}: does not fit the network {card.name!r}: {reason}") from None
    return model


def checked_bytes(folder: Path, card: ModelCard) -> bytes:
    """What model.safetensors holds.

    Raises:
        RetinueError: it is missing, or not what model.json names.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RetinueError(f"{path}: cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != card.weights:
        raise RetinueError(f"{path}: damaged, or not the weights that model.json names")
    return data


def make_card(
    model: nn.Module,
    name: str,
    arguments: dict[str, Any],
    classes: Sequence[str],
    preprocess: Preprocess,
    statistics: tuple[Sequence[float], Sequence[float]],
    views: str = "one",
    shuffle_pixels: int | None = None,
) -> ModelCard:
    """The card of a network that is about to be trained."""
    count = sum(weight.numel() for weight in model.parameters())
    mean, std = (tuple(values) for values in statistics)
    return ModelCard(
        name,
        arguments,
        tuple(classes),
        preprocess,
        mean,
        std,
        count,
        views,
        shuffle_pixels=shuffle_pixels,
    )
