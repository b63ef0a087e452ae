"""The layer whose maps Grad-CAM looks at: by itself the last one in which a place is a place."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.layers import OURS, find_layer, layers
from retinue.models.shuffle import ShufflePixels

Shape = tuple[int, int, int]
INSTEAD = "use integrated-gradients or occlusion"


@dataclass(frozen=True)
class MapLayer:
    """A layer, or a part with layers in it, by its name, and its maps (C, H, W)."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class _Output:
    """What a part of the network gave in its turn.

    `tensor` is the same for parts that hand on the same numbers, as a block does with those of its
    last layer.
    """

    name: str
    part: nn.Module
    shape: tuple[int, ...]
    tensor: tuple[int, int]
    layout: Literal["maps", "tokens", "other"]

    @property
    def maps(self) -> bool:
        """Whether it is (C, H, W) of more than one pixel."""
        return self.layout == "maps"


def layers_with_maps(model: nn.Module, pictures: Tensor) -> list[MapLayer]:
    """What gives maps of more than one pixel, from the first convolution on, in order of execution.

    Numbers that several parts hand on are named after the innermost that runs once in a pass.

    Args:
        model: takes (N, C, H, W).
        pictures: to be run once.

    Raises:
        UsageError: the network is a graph, which shows no layers.
    """
    return [_map_layer(one) for one in _with_maps(_run(model, pictures))]


def map_layer(model: nn.Module, pictures: Tensor, name: str | None = None) -> MapLayer:
    """The layer of that name, or the one for Grad-CAM: the last with maps of more than one pixel.

    A pooling at the end of the maps is passed over: the maps before it are those of Selvaraju et
    al. 2017 (the last convolution, normalised and activated), and finer.

    Raises:
        UsageError: there is no such layer, or it gives no maps; the network has none, goes on with
            tokens after them, or gets shuffled pixels.
    """
    if any(isinstance(part, ShufflePixels) for part in model.modules()):
        raise UsageError(
            "grad-cam: this network gets shuffled pixels (model.shuffle_pixels), so that no place "
            f"of its maps is one of the picture; {INSTEAD}"
        )
    outputs = _run(model, pictures)
    if name is not None:
        return _named(model, outputs, name)
    found = [one for one in _with_maps(outputs) if not _pools(one.part)]
    if not found:
        raise UsageError(
            "grad-cam: looks at the maps of convolutions, and this network has none of more than "
            f"one pixel; {INSTEAD}"
        )
    last = found[-1]
    if any(_works_on_tokens(one) for one in outputs[outputs.index(last) + 1 :]):
        raise UsageError(
            f"grad-cam: after its last maps ({last.name}) this network goes on with tokens, each "
            f"of which has looked at the whole picture; {INSTEAD}, or name a layer"
        )
    return _map_layer(last)


def _named(model: nn.Module, outputs: list[_Output], name: str) -> MapLayer:
    """The layer of that name; one that runs several times counts by its last run."""
    part = find_layer(model, name)
    given = [one for one in outputs if one.part is part]
    if not given:
        raise UsageError(f"--layer {name}: gives nothing when a picture passes through the network")
    if not given[-1].maps:
        shape = "x".join(str(side) for side in given[-1].shape)
        raise UsageError(
            f"--layer {name}: gives {shape}, which are no maps of more than one pixel; choose an "
            f"earlier layer, or {INSTEAD}"
        )
    return _map_layer(given[-1])


def _run(model: nn.Module, pictures: Tensor) -> list[_Output]:
    """One pass; the outputs of all parts in order of execution, inner parts first."""
    layers(model)  # refuses a graph
    found: list[_Output] = []
    kept: list[Tensor] = []  # while it lives no other tensor gets its id
    sides: tuple[int, ...] | None = None  # (H, W) after the last convolution so far

    def note(name: str, part: nn.Module, output: object) -> None:
        nonlocal sides
        if not isinstance(output, Tensor) or output.shape[:1] != pictures.shape[:1]:
            return
        kept.append(output)
        shape = tuple(output.shape[1:])
        # What is written over has another version: the numbers are no longer the same.
        key = (id(output), output._version)
        found.append(_Output(name, part, shape, key, _layout(shape, sides)))
        if isinstance(part, nn.Conv2d):
            sides = shape[1:]

    with torch.inference_mode(False), torch.no_grad(), ExitStack() as stack:
        for path, part in model.named_modules():
            if path:
                name = path.removeprefix(OURS)
                hook = part.register_forward_hook(
                    lambda part, _, output, name=name: note(name, part, output)
                )
                stack.callback(hook.remove)
        model(pictures)
    return found


def _layout(
    shape: tuple[int, ...], sides: tuple[int, ...] | None
) -> Literal["maps", "tokens", "other"]:
    """How an output lies in memory: maps (C, H, W), or tokens (T, D) or (H, W, D), one a place.

    Tokens of the second kind, which some networks have for a while, begin with the rows and columns
    that the last convolution had.
    """
    if len(shape) == 2:
        return "tokens" if shape[0] > 1 else "other"
    if len(shape) != 3:
        return "other"
    if shape[:2] == sides != shape[1:] and shape[0] * shape[1] > 1:
        return "tokens"
    return "maps" if shape[1] * shape[2] > 1 else "other"


def _with_maps(outputs: list[_Output]) -> list[_Output]:
    """Of all outputs with maps, from the first convolution on, one for each tensor."""
    convolved = [isinstance(one.part, nn.Conv2d) for one in outputs]
    if True not in convolved:
        return []
    runs = Counter(one.name for one in outputs)
    found: dict[tuple[int, int], _Output] = {}
    for one in outputs[convolved.index(True) :]:
        if one.maps and runs[one.name] == 1:
            found.setdefault(one.tensor, one)
    return list(found.values())


def _pools(part: nn.Module) -> bool:
    """Whether it is a pooling layer, of torch or of another library."""
    return "pool" in type(part).__name__.lower()


def _works_on_tokens(output: _Output) -> bool:
    """Whether it is of a layer with weights for tokens."""
    return output.layout == "tokens" and any(True for _ in output.part.parameters(recurse=False))


def _map_layer(output: _Output) -> MapLayer:
    channels, height, width = output.shape
    return MapLayer(output.name, (channels, height, width))
