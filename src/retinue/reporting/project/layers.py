"""Plain layers as source text: the calls that make them."""

from typing import Any

from torch import nn

from retinue.models.shapes import both

# What stands before `()` says all of these.
_ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.ELU, nn.Hardswish)


def layer_source(layer: nn.Module) -> str:
    """One plain layer as the call that makes it.

    Raises:
        ValueError: it is none of those that the catalogue's networks are made of.
    """
    return f"nn.{type(layer).__name__}({', '.join(_arguments(layer))})"


def _arguments(layer: nn.Module) -> list[str]:
    arguments: list[str] = []
    match layer:
        case nn.Linear():
            arguments = [str(layer.in_features), str(layer.out_features)]
            arguments += [] if layer.bias is not None else ["bias=False"]
        case nn.Conv2d():
            arguments = [str(layer.in_channels), str(layer.out_channels)]
            has_bias = layer.bias is not None
            arguments += window(layer.kernel_size, layer.stride, layer.padding, has_bias)
        case nn.MaxPool2d() | nn.AvgPool2d():
            stride = layer.stride if layer.stride != layer.kernel_size else 1
            arguments = window(layer.kernel_size, stride, layer.padding, True)
        case nn.BatchNorm2d():
            arguments = [str(layer.num_features)]
        case nn.AdaptiveAvgPool2d():
            arguments = [str(layer.output_size)]
        case nn.Dropout():
            arguments = [repr(layer.p)]
        case _ if not (isinstance(layer, nn.Flatten) or is_activation(layer)):
            raise ValueError(f"no plain layer: {layer}")
    return arguments


def is_activation(layer: nn.Module) -> bool:
    """Whether it is one of the activations that the catalogue has."""
    return isinstance(layer, _ACTIVATIONS)


def listed(layers: nn.Module) -> list[tuple[str, str]]:
    """Name and source of each layer in a row of them."""
    return [(name, layer_source(layer)) for name, layer in layers.named_children()]


def window(kernel: Any, stride: Any, padding: Any, bias: bool) -> list[str]:
    """Arguments of a convolution or pooling; what torch does anyway is left out."""
    arguments = [brief(kernel)]
    arguments += [brief(stride)] if stride not in ((1, 1), 1) else []
    arguments += [f"padding={brief(padding)}"] if padding not in ((0, 0), 0) else []
    return arguments + ([] if bias else ["bias=False"])


def brief(value: Any) -> str:
    """(rows, columns) as source, one number where both have the same; source stays as it is."""
    if isinstance(value, str):
        return value
    rows, columns = both(value)
    return str(rows) if rows == columns else f"({rows}, {columns})"
