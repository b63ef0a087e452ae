"""What a network is, layer by layer: shapes, parameters, multiply-adds and receptive fields."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from retinue.errors import RetinueError, UsageError
from retinue.models.arithmetic import convolution_multiply_adds, linear_multiply_adds
from retinue.models.receptive import FollowFields
from retinue.models.shapes import both, brief, refusing_to_run_out, times


@dataclass(frozen=True)
class LayerRow:
    """One layer, as one picture passes through it.

    A receptive field is that of a value in the middle of a large picture: on a small one it can
    reach beyond the edges.
    """

    name: str  # as in the state dict
    kind: str  # such as "Conv2d 3x3, 32"
    output: tuple[int, ...]  # (C, H, W) or (F,)
    parameters: int  # 0 where an earlier row of the same layer has them
    multiply_adds: int
    receptive_field: tuple[int, int] | None  # (height, width); None: all pixels, or not known


@dataclass(frozen=True)
class Description:
    """A network's layers in order of execution, and its totals.

    The totals of parameters and bytes are the network's own, so they include what no row shows:
    parameters outside of layers. `bytes` are those of parameters and buffers.
    """

    input: tuple[int, int, int]  # (C, H, W)
    rows: list[LayerRow]
    parameters: int
    trainable_parameters: int
    multiply_adds: int
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON has it: dictionaries, lists and numbers."""
        return _jsonable(asdict(self))  # type: ignore[no-any-return]


def describe(model: nn.Module, channels: int, size: tuple[int, int]) -> Description:
    """Send one black picture (1, channels, *size) through a network and note what each layer does.

    Any module will do; its mode, weights and hooks are afterwards as before. Rows are the layers
    that contain no others. A layer that is used twice has two rows.

    Raises:
        ImpossibleNetworkError: a layer runs out of pixels; the text names it.
        UsageError: the network does not take such pictures.
    """
    tensors = list(chain(model.parameters(), model.buffers()))
    device = tensors[0].device if tensors else torch.device("cpu")
    picture = torch.zeros(1, channels, *size, device=device)
    rows: list[LayerRow] = []
    with (
        torch.no_grad(),
        evaluating(model),
        refusing_to_run_out(model),
        FollowFields(picture) as fields,
        _noting(model, fields, rows),
    ):
        _run(model, picture)
    parameters = list(model.parameters())
    return Description(
        input=(channels, *size),
        rows=rows,
        parameters=sum(parameter.numel() for parameter in parameters),
        trainable_parameters=sum(
            parameter.numel() for parameter in parameters if parameter.requires_grad
        ),
        multiply_adds=sum(row.multiply_adds for row in rows),
        bytes=sum(tensor.numel() * tensor.element_size() for tensor in tensors),
    )


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode while it lasts; then every part has its own mode again."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def _run(model: nn.Module, picture: Tensor) -> None:
    """The forward pass, with a clear word where the network does not take such a picture."""
    try:
        model(picture)
    except RetinueError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        _, channels, height, width = picture.shape
        raise UsageError(
            f"the network does not take pictures of {channels}x{height}x{width}: {error}"
        ) from error


@contextmanager
def _noting(model: nn.Module, fields: FollowFields, rows: list[LayerRow]) -> Iterator[None]:
    """While it lasts, every run of a layer without parts adds a row; parameters count once."""
    seen: set[nn.Parameter] = set()

    def note(name: str, layer: nn.Module, output: Any) -> None:
        if isinstance(output, Tensor):
            new = set(layer.parameters()) - seen
            seen.update(new)
            rows.append(_row(name, layer, output, fields, sum(part.numel() for part in new)))

    with ExitStack() as hooks:
        for name, layer in model.named_modules():
            if not list(layer.children()):
                hook = layer.register_forward_hook(
                    lambda layer, _, output, name=name: note(name, layer, output)
                )
                hooks.callback(hook.remove)
        yield


def _row(
    name: str, layer: nn.Module, output: Tensor, fields: FollowFields, parameters: int
) -> LayerRow:
    """The row of one run of one layer."""
    field = fields.of(output)
    return LayerRow(
        name=name,
        kind=kind(layer),
        output=tuple(output.shape[1:]),
        parameters=parameters,
        multiply_adds=_multiply_adds(layer, output),
        receptive_field=(field[0].size, field[1].size) if field and output.dim() == 4 else None,
    )


def kind(layer: nn.Module) -> str:
    """What a layer is, briefly: `Conv2d 3x3, 32, stride 2`, `Linear 10`, `ReLU`."""
    name = type(layer).__name__
    match layer:
        case nn.Conv2d():
            stride = "" if both(layer.stride) == (1, 1) else f", stride {brief(layer.stride)}"
            return f"{name} {times(layer.kernel_size)}, {layer.out_channels}{stride}"
        case nn.MaxPool2d() | nn.AvgPool2d():
            same = both(layer.stride) == both(layer.kernel_size)
            stride = "" if same else f", stride {brief(layer.stride)}"
            return f"{name} {times(layer.kernel_size)}{stride}"
        case nn.Linear():
            return f"{name} {layer.out_features}"
        case nn.BatchNorm2d():
            return f"{name} {layer.num_features}"
        case nn.Dropout():
            return f"{name} {layer.p:g}"
        case _:
            return name


def _multiply_adds(layer: nn.Module, output: Tensor) -> int:
    """Of a convolution or a linear layer for one picture; other layers have next to none."""
    match layer:
        case nn.Conv2d():
            kernel, (channels, height, width) = both(layer.kernel_size), output.shape[-3:]
            return convolution_multiply_adds(
                layer.in_channels, kernel, (channels, height, width), layer.groups
            )
        case nn.Linear():
            positions = output.numel() // layer.out_features
            return linear_multiply_adds(layer.in_features, layer.out_features, positions)
        case _:
            return 0


def _jsonable(value: Any) -> Any:
    """The value with lists in place of tuples."""
    if isinstance(value, dict):
        return {key: _jsonable(part) for key, part in value.items()}
    return [_jsonable(part) for part in value] if isinstance(value, list | tuple) else value
