"""Weights of another training put into a network: which fit, which are left out, which are new."""

import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from retinue.errors import RetinueError, UsageError
from retinue.models.weights import checked_bytes, read_card
from retinue.wording import printable

# Under these a training script keeps the weights beside all else.
_NESTED = ("state_dict", "model_state_dict", "model", "net", "weights")
# Things that scripts keep beside them: their settings, and numbers of NumPy.
_BESIDE = (
    "argparse.Namespace",
    "numpy.dtype",
    "numpy.ndarray",
    *(
        f"numpy.{core}.multiarray.{what}"
        for core in ("core", "_core")
        for what in ("scalar", "_reconstruct")
    ),
)
# What wrappers put before every name: DataParallel, torch.compile, Lightning, Retinue, and so on.
_PREFIXES = ("module.", "_orig_mod.", "model.", "network.", "net.", "backbone.", "encoder.")
_INSIDE = "network."  # before the names of a run's network; its normalisation is not taken over


@dataclass(frozen=True)
class Weights:
    """Tensors by name, where they are from, and the SHA-256 of their file."""

    source: str
    tensors: Mapping[str, Tensor]
    digest: str


@dataclass(frozen=True)
class Loaded:
    """What became of some weights: names in the network, but for `left_out`, which are theirs.

    `left_out` says of each why it has no place.
    """

    source: str
    digest: str
    loaded: tuple[str, ...]
    left_out: Mapping[str, str]
    new: tuple[str, ...]

    def lines(self) -> list[str]:
        """By layer, for people."""
        told = [f"loaded {_layers(self.loaded)} from {self.source}"]
        if self.left_out:
            by_layer: dict[str, str] = {}
            for name, why in self.left_out.items():
                by_layer.setdefault(_layer(name), why)
            some = [f"{layer} ({why})" for layer, why in list(by_layer.items())[:4]]
            more = len(by_layer) - len(some)
            told.append(f"left out: {', '.join(some)}{f', and {more} more' if more else ''}")
        if self.new:
            told.append(f"newly made: {', '.join(_by_layer(self.new))}")
        return told


def read_weights(path: Path) -> Weights:
    """The weights in a file or in a run folder; no code in them is executed.

    A file is safetensors, or what `torch.save` wrote: a state dict, or a mapping that holds one.

    Raises:
        UsageError: there is no such file, or it holds no weights.
        RetinueError: it is damaged, or holds more than tensors.
    """
    if path.is_dir():
        card = read_card(path)
        state = _safetensors(path, checked_bytes(path, card))
        inner = {
            name.removeprefix(_INSIDE): tensor
            for name, tensor in state.items()
            if name.startswith(_INSIDE)
        }
        return Weights(str(path), inner, card.weights)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"--pretrained {path}: cannot be read ({error.strerror}); name a file of weights or a "
            "run folder"
        ) from None
    found = _safetensors(path, data) if path.suffix == ".safetensors" else _pickled(path, data)
    return Weights(str(path), found, hashlib.sha256(data).hexdigest())


def in_order_of(network: nn.Module, weights: Weights) -> Weights:
    """The weights under the names of a network whose tensors stand in the same order.

    Raises:
        RetinueError: number or shapes differ.
    """
    ours = network.state_dict()
    shapes = [tensor.shape for tensor in weights.tensors.values()]
    body = [name for name in ours if not name.startswith("head.")]
    if len(shapes) != len(ours) or any(
        shape != ours[name].shape for name, shape in zip(ours, shapes, strict=True) if name in body
    ):
        raise RetinueError(f"{weights.source}: not the weights of this network")
    renamed = dict(zip(ours, weights.tensors.values(), strict=True))
    return Weights(weights.source, renamed, weights.digest)


def load_into(
    network: nn.Module, weights: Weights, head: Iterable[str], keep_head: bool = False
) -> Loaded:
    """Put weights where name and shape agree; a head stays new unless it is to be kept and fits.

    Args:
        network: whose tensors are replaced.
        weights: names may have a common prefix more, or less, than the network's.
        head: names of the tensors of the last layer or layers.
        keep_head: take those over too.

    Raises:
        UsageError: not one tensor beside the head has a place, or the head that was to be kept has
            another shape.
    """
    ours, last = network.state_dict(), list(head)
    # safetensors gives its tensors in another order every time.
    theirs = dict(sorted(_renamed(weights.tensors, ours).items()))
    fitting, left_out = {}, {}
    for name, tensor in theirs.items():
        if name not in ours:
            left_out[name] = "no such layer"
        elif name in last and not keep_head:
            left_out[name] = "the head"
        elif tensor.shape != ours[name].shape:
            left_out[name] = f"shape {_shape(tensor)}, not {_shape(ours[name])}"
        else:
            fitting[name] = tensor
    lost = [name for name in last if name not in fitting]
    if keep_head and lost:
        why = left_out.get(lost[0], "not there")
        raise UsageError(f"--keep-head: {weights.source} has no head that fits: {lost[0]}, {why}")
    if not any(_counts(name, ours) for name in fitting):
        if _agreement(theirs, {name: ours[name] for name in last}):
            raise UsageError(f"{weights.source}: only its head fits; keep that with --keep-head")
        theirs_first, ours_first = next(iter(theirs), "none"), next(iter(ours), "none")
        raise UsageError(
            f"{weights.source}: nothing in it fits this network: it has tensors such as "
            f"{theirs_first}, the network such as {ours_first}"
        )
    network.load_state_dict(fitting, strict=False)
    new = tuple(name for name in ours if name not in fitting and _counts(name, ours))
    loaded = tuple(name for name in ours if name in fitting)
    return Loaded(weights.source, weights.digest, loaded, left_out, new)


def _counts(name: str, tensors: Mapping[str, Tensor]) -> bool:
    """Whether a tensor tells networks apart: a number of batches does not."""
    return tensors[name].ndim > 0


def _safetensors(path: Path, data: bytes) -> dict[str, Tensor]:
    try:
        return load(data)
    except SafetensorError as error:
        raise RetinueError(f"{path}: damaged, or no safetensors file: {error}") from None


def _pickled(path: Path, data: bytes) -> dict[str, Tensor]:
    """What `torch.save` wrote, read without executing anything in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = _plain(data)
    except Exception as error:  # the unpickler raises whatever a file makes it raise
        raise RetinueError(
            f"{path}: cannot be read as plain weights ({_reason(error)}); save "
            "model.state_dict(), best as safetensors"
        ) from None
    return _state_dict(path, content)


def _plain(data: bytes) -> Any:
    """What a file holds, with `Beside` in place of what scripts keep there for themselves."""
    try:
        return torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    except UnpicklingError:
        with torch.serialization.safe_globals([(Beside, name) for name in _BESIDE]):
            return torch.load(BytesIO(data), map_location="cpu", weights_only=True)


class Beside:
    """Stands for a thing that is no weight: made of anything, and holds nothing."""

    def __new__(cls, *_: object) -> Self:
        """Whatever it is given."""
        return super().__new__(cls)

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def _reason(error: Exception) -> str:
    """Why a file cannot be read, without torch's advice, which is to trust it."""
    text = " ".join(str(error).split())
    if held := re.search(r"GLOBAL (\S+) w", text):
        return f"it also holds {printable(held[1], 80)}, which may be code"
    if "weights_only" in text:
        return "no file of torch.save, or a damaged one"
    return printable(text, 160) or type(error).__name__


def _state_dict(path: Path, content: Any) -> dict[str, Tensor]:
    """The mapping of names to tensors in what a file held."""
    found = _tensors_in(content)
    if not found:
        raise UsageError(
            f"{path}: holds no state dict, neither itself nor under {', '.join(_NESTED)}"
        )
    return found


def _tensors_in(content: Any, depth: int = 3) -> dict[str, Tensor]:
    """Those of what is nested come first: a loss beside the weights may be a tensor too."""
    if not isinstance(content, Mapping) or depth == 0:
        return {}
    for key in _NESTED:
        if found := _tensors_in(content.get(key), depth - 1):
            return found
    return {str(key): value for key, value in content.items() if isinstance(value, Tensor)}


def _renamed(theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Their names without, or with, the prefixes under which most of them are ours."""
    best = dict(theirs)
    tried = [best]
    for _ in range(3):  # wrappers lie in one another
        tried = [
            {name.removeprefix(prefix): tensor for name, tensor in one.items()}
            for one in tried
            for prefix in _PREFIXES
            if any(name.startswith(prefix) for name in one)
        ]
        best = max([best, *tried], key=lambda one: _agreement(one, ours))
    longer = [{f"{prefix}{name}": value for name, value in theirs.items()} for prefix in _PREFIXES]
    return max([best, *longer], key=lambda one: _agreement(one, ours))


def _agreement(theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> int:
    return sum(name in ours and ours[name].shape == theirs[name].shape for name in theirs)


def _by_layer(names: Iterable[str]) -> list[str]:
    """`fc.weight` and `fc.bias` are the layer `fc`."""
    return list(dict.fromkeys(map(_layer, names)))


def _layer(name: str) -> str:
    return name.rpartition(".")[0] or name


def _layers(names: Iterable[str]) -> str:
    """How many layers, the first and the last of them."""
    layers = _by_layer(names)
    if len(layers) == 1:
        return layers[0]
    return f"{len(layers)} layers ({layers[0]} to {layers[-1]})"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"
