"""What a layer makes of pictures, brought into the form of maps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from typing import Literal

import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.layers import convolutions, find_layer, inputs, layers, outputs
from retinue.models.describe import evaluating, kind
from retinue.prediction.classifier import Classifier
from retinue.wording import count, printable

Form = Literal["maps", "tokens", "units"]

# Layers whose maps are (channels, rows, columns), whatever the others of their network have.
_CHANNELS_FIRST = (
    *(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d),
    *(nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d),
)


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """Maps (N, C, H, W) float32 on the processor, and what they were.

    `shape` is that of one picture as the network has it: (C, H, W), of tokens (T, D), of units
    (F,). Tokens are maps of D channels, with the class token left out if there is one; units are
    maps of one pixel.
    """

    values: Tensor
    form: Form
    shape: tuple[int, ...]
    class_token: bool = False


@dataclass(frozen=True, eq=False)
class Seen:
    """What one layer made of some pictures.

    `runs` is how often the layer ran in the pass, `answer` whether what it gives is what the whole
    network gives. `before` is what it was given, where that was asked for.
    """

    layer: str
    kind: str
    maps: LayerMaps
    runs: int
    answer: bool
    before: LayerMaps | None = None


def look(classifier: Classifier, pictures: Tensor, name: str, before: bool = False) -> Seen:
    """Send pictures (N, C, H, W) uint8 through the network and see what one layer makes of them.

    Args:
        classifier: whose network; nothing of it is changed.
        pictures: of the network's size.
        name: of a layer or a part; `name:2` is its second run, where it has several in a pass.
        before: whether to keep what the layer is given as well.

    Raises:
        UsageError: no such layer or run, or what it gives is nothing that can be shown as maps.
    """
    model = classifier.model
    name, run = split_run(name)
    layer = find_layer(model, name)
    with (
        undisturbed(model),
        inputs(model, {name: layer} if before else {}) as given,
        outputs(model, {name: layer}) as found,
    ):
        answer = model(pictures.to(classifier.device))
    key = name if run == 1 else f"{name}:{run}"
    if key not in found:
        raise UsageError(_nothing(name, run, len(found)))

    def maps(tensor: Tensor, called: str) -> LayerMaps:
        size = int(pictures.shape[2]), int(pictures.shape[3])
        last = channels_last(model, layer, tuple(tensor.shape[1:]), size)
        return as_maps(tensor, called, len(pictures), size, last)

    return Seen(
        key,
        kind_of(layer),
        maps(found[key], key),
        len(found),
        isinstance(answer, Tensor) and torch.equal(answer, found[key]),
        maps(given[key], f"{key} (its input)") if key in given else None,
    )


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; mode and torch's random numbers are then as before."""
    with evaluating(model), torch.no_grad(), torch.random.fork_rng(devices=[]):
        yield


def split_run(name: str) -> tuple[str, int]:
    """`layer1.relu:2` is the second run of layer1.relu."""
    layer, _, run = name.rpartition(":")
    return (layer, max(1, int(run))) if layer and run.isdecimal() else (name, 1)


def default_layer(model: nn.Module) -> str:
    """The first convolution, or where there is none the first layer with weights.

    Raises:
        UsageError: the network has no layer with weights, or is a graph.
    """
    weighted = (name for name, one in layers(model).items() if [*one.parameters(recurse=False)])
    name = next(iter(convolutions(model)), None) or next(weighted, None)
    if name is None:
        raise UsageError("the network has no layer with weights: name one with --layer")
    return name


def kind_of(layer: nn.Module) -> str:
    """`Conv2d 3x3, 32`, or of a part with layers in it `Sequential of 7 layers`."""
    inner = len(layers(layer))
    return f"{kind(layer)} of {count(inner, 'layer')}" if inner else kind(layer)


def channels_last(
    model: nn.Module, layer: nn.Module, shape: tuple[int, ...], size: tuple[int, int]
) -> bool:
    """Whether maps of this shape are (rows, columns, channels).

    Networks such as ConvNeXt and Swin have them so between their linear layers, and nothing in a
    tensor says it. It is taken for that only in networks with layer normalisation, if its rows and
    columns then come nearer to the proportions of the pictures.
    """
    if len(shape) != 3 or isinstance(layer, _CHANNELS_FIRST):
        return False
    if isinstance(layer, nn.Linear):
        return True
    if not any(isinstance(part, nn.LayerNorm) for part in model.modules()):
        return False
    wanted = log(size[0] / size[1])
    as_first, as_last = (
        abs(log(rows / columns) - wanted) for rows, columns in (shape[1:], shape[:2])
    )
    return as_last < as_first


def as_maps(
    output: Tensor, name: str, pictures: int, size: tuple[int, int], last: bool = False
) -> LayerMaps:
    """What a layer gave for so many pictures as maps.

    Args:
        output: maps (N, C, H, W), tokens (N, T, D) that lie on a grid over the picture, with or
            without a class token before them, or units (N, F).
        name: of the layer, for the error's text.
        pictures: N.
        size: (height, width) of the pictures.
        last: whether four axes are (N, H, W, C).

    Raises:
        UsageError: it is none of these.
    """
    shape = tuple(output.shape[1:])
    if output.dim() in (2, 3, 4) and len(output) == pictures and output.numel():
        values = output.detach().float().cpu()
        if output.dim() == 2:
            return LayerMaps(values[:, :, None, None], "units", shape)
        if output.dim() == 4:
            values = values.permute(0, 3, 1, 2) if last else values
            form: Form = "units" if values.shape[2:] == (1, 1) else "maps"
            return LayerMaps(values.contiguous(), form, shape)
        for extra in (0, 1):
            grid = _grid(shape[0] - extra, size)
            if grid:
                tokens = values[:, extra:].transpose(1, 2).unflatten(2, grid)
                return LayerMaps(tokens.contiguous(), "tokens", shape, extra == 1)
    raise UsageError(
        f"--layer {printable(name)}: what it gives for {count(pictures, 'picture')}, "
        f"{tuple(output.shape)}, is neither maps, nor tokens on a grid, nor single units"
    )


def _grid(tokens: int, size: tuple[int, int]) -> tuple[int, int] | None:
    """Rows and columns of so many tokens over a picture: as the picture in their proportions."""
    rows = round((max(tokens, 0) * size[0] / size[1]) ** 0.5)
    if rows < 1 or tokens % rows or rows * size[1] != tokens // rows * size[0]:
        return None
    return rows, tokens // rows


def _nothing(name: str, run: int, runs: int) -> str:
    if runs:
        times = "once" if runs == 1 else f"{runs} times"
        return f"--layer {printable(name)}:{run}: the layer runs {times} for a prediction"
    return (
        f"--layer {printable(name)}: shows nothing: it is not run for a prediction, or gives no "
        "tensor; take a layer inside of it or beside it"
    )
