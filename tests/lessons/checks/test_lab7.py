"""Lab 7: the solution passes, typical mistakes get their hint, and nonsense does no harm."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks.lab7 import LAB

Layers = list[dict[str, Any]]
Shape = tuple[int, int, int]


def counted(
    layers: Layers,
    shape: Shape,
    convolution: Callable[[int, int, int], int],
    dense: Callable[[int, int], int],
    flat: Callable[[int, int, int], int] = lambda height, width, channels: (
        height * width * channels
    ),
) -> list[int]:
    """Layer by layer as a learner does it, with formulas to be spoiled."""
    height, width, channels = shape
    values, found = 0, []
    for layer in layers:
        match layer["layer"]:
            case "Conv2D":
                size, filters = layer["kernel_size"], layer["filters"]
                found.append(convolution(size, channels, filters))
                lost = size - 1 if layer["padding"] == "valid" else 0
                height, width, channels = height - lost, width - lost, filters
            case "MaxPooling2D":
                height, width = height // 2, width // 2
                found.append(0)
            case "Dense":
                found.append(dense(values, layer["units"]))
                values = layer["units"]
            case _:
                found.append(0)
                values = flat(height, width, channels) if layer["layer"] == "Flatten" else values
    return found


def plain_conv(size: int, channels: int, filters: int) -> int:
    return size * size * channels * filters + filters


def plain_dense(values: int, units: int) -> int:
    return values * units + units


def built(
    layers: Layers,
    shape: Shape,
    *,
    softmax: bool = False,
    padding: Callable[[dict[str, Any]], Any] = lambda layer: layer["padding"],
    relu: bool = True,
    first: Callable[[Shape], int] = lambda shape: shape[2],
    flatten: bool = True,
    flat_size: int | None = None,
    dropout: Callable[[float], nn.Module] = nn.Dropout,
) -> nn.Module:
    """A translation by lazy layers, which may be spoiled in several ways."""
    modules: list[nn.Module] = []
    channels = first(shape)
    for layer in layers:
        match layer["layer"]:
            case "Conv2D":
                size = layer["kernel_size"]
                modules.append(nn.Conv2d(channels, layer["filters"], size, padding=padding(layer)))
                channels = layer["filters"]
            case "MaxPooling2D":
                modules.append(nn.MaxPool2d(2))
            case "Flatten" if flatten:
                modules.append(nn.Flatten())
            case "Dropout":
                modules.append(dropout(layer["rate"]))
            case "Dense":
                is_first = not any(isinstance(one, nn.Linear) for one in modules)
                units = layer["units"]
                fixed = flat_size if is_first else None
                modules.append(nn.LazyLinear(units) if fixed is None else nn.Linear(fixed, units))
        if layer.get("activation") == "relu" and relu:
            modules.append(nn.ReLU())
        if layer.get("activation") == "softmax" and softmax:
            modules.append(nn.Softmax(dim=1))
    return nn.Sequential(*modules)


def flat_values(layers: Layers, shape: Shape) -> int:
    cut = [layer["layer"] for layer in layers].index("Flatten") + 1
    with torch.no_grad():
        return int(built(layers[:cut], shape)(torch.zeros(1, shape[2], *shape[:2])).shape[1])


class TwoSoftmaxes(nn.Module):
    """The softmax stands in forward, where no list of layers shows it."""

    def __init__(self, layers: Layers, shape: Shape) -> None:
        super().__init__()
        self.layers = built(layers, shape)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return functional.softmax(self.layers(pictures), dim=1)


def padded(size: int, kernel: int, stride: int) -> int:
    return (-(-size // stride) - 1) * stride + kernel - size


def entropy(targets: Any, outputs: Any, from_logits: bool, axis: int = 1) -> Any:
    """The cross entropy of every picture."""
    if from_logits:
        outputs = np.exp(outputs) / np.exp(outputs).sum(axis=axis, keepdims=True)
    labels = targets.argmax(axis=1) if targets.ndim == 2 else targets
    return -np.log(outputs[np.arange(len(labels)), labels])


def one_hot_mean(targets: Any, outputs: Any, from_logits: bool) -> Any:
    losses = entropy(targets, outputs, from_logits)
    return losses.mean() / outputs.shape[1] if targets.ndim == 2 else losses.mean()


WRONG: dict[str, dict[str, Callable[..., Any]]] = {
    "parameters": {
        "bias_forgotten": lambda layers, shape: counted(
            layers, shape, lambda k, c, f: k * k * c * f, lambda values, units: values * units
        ),
        "channels_forgotten": lambda layers, shape: counted(
            layers, shape, lambda k, c, f: (k * k + 1) * f, plain_dense
        ),
        "kernel_not_squared": lambda layers, shape: counted(
            layers, shape, lambda k, c, f: (k * c + 1) * f, plain_dense
        ),
        "flatten_forgotten": lambda layers, shape: counted(
            layers, shape, plain_conv, plain_dense, lambda height, width, channels: channels
        ),
    },
    "same_padding": {
        "as_in_torch": lambda size, kernel, stride: (kernel // 2, kernel // 2),
        "extra_in_front": lambda size, kernel, stride: (
            max(padded(size, kernel, stride), 0) - max(padded(size, kernel, stride), 0) // 2,
            max(padded(size, kernel, stride), 0) // 2,
        ),
        "stride_forgotten": lambda size, kernel, stride: (
            (kernel - 1) // 2,
            kernel - 1 - (kernel - 1) // 2,
        ),
        "floor_for_ceil": lambda size, kernel, stride: (
            max((size // stride - 1) * stride + kernel - size, 0) // 2,
            -(-max((size // stride - 1) * stride + kernel - size, 0) // 2),
        ),
        "below_zero": lambda size, kernel, stride: (
            padded(size, kernel, stride) // 2,
            padded(size, kernel, stride) - padded(size, kernel, stride) // 2,
        ),
        "all_at_one_side": lambda size, kernel, stride: (0, max(padded(size, kernel, stride), 0)),
    },
    "translate": {
        "softmax_kept": lambda layers, shape: built(layers, shape, softmax=True),
        "same_forgotten": lambda layers, shape: built(layers, shape, padding=lambda _: 0),
        "always_padded": lambda layers, shape: built(layers, shape, padding=lambda _: "same"),
        "activation_forgotten": lambda layers, shape: built(layers, shape, relu=False),
        "wrong_channels": lambda layers, shape: built(layers, shape, first=lambda one: one[0]),
        "flatten_forgotten": lambda layers, shape: built(
            layers, shape, flatten=False, flat_size=flat_values(layers, shape)
        ),
        "wrong_flat_size": lambda layers, shape: built(layers, shape, flat_size=800),
        "dropout_forgotten": lambda layers, shape: built(
            layers, shape, dropout=lambda _: nn.Identity()
        ),
        "rate_turned_round": lambda layers, shape: built(
            layers, shape, dropout=lambda rate: nn.Dropout(1 - rate)
        ),
    },
    "conv_weights": {
        "in_and_out_swapped": lambda kernel: kernel.transpose(2, 3, 0, 1),
        "rows_and_columns_swapped": lambda kernel: kernel.T,
        "reshaped": lambda kernel: kernel.reshape(
            kernel.shape[3], kernel.shape[2], *kernel.shape[:2]
        ),
        "flipped": lambda kernel: np.rot90(kernel, 2).transpose(3, 2, 0, 1),
        "nothing_done": lambda kernel: kernel,
    },
    "dense_weights": {
        "order_kept": lambda kernel, height, width, channels: kernel.T,
        "transpose_forgotten": lambda kernel, height, width, channels: (
            kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
        ),
        "height_and_width_swapped": lambda kernel, height, width, channels: kernel.reshape(
            height, width, channels, -1
        ).T.reshape(kernel.T.shape),
        "reshaped": lambda kernel, height, width, channels: kernel.reshape(kernel.T.shape),
        "backwards": lambda kernel, height, width, channels: (
            kernel.T.reshape(-1, channels, height, width)
            .transpose(0, 2, 3, 1)
            .reshape(kernel.T.shape)
        ),
        "nothing_done": lambda kernel, height, width, channels: kernel,
    },
    "loss": {
        "softmax_twice": lambda targets, outputs, from_logits: functional.cross_entropy(
            torch.tensor(outputs), torch.tensor(targets)
        ),
        "logits_taken_for_probabilities": lambda targets, outputs, from_logits: entropy(
            targets, outputs, False
        ).mean(),
        "sum_for_mean": lambda *given: entropy(*given).sum(),
        "mean_over_classes_too": one_hot_mean,
        "softmax_over_pictures": lambda targets, outputs, from_logits: entropy(
            targets, outputs, from_logits, axis=0
        ).mean(),
        "sign_lost": lambda *given: -entropy(*given).mean(),
    },
}


def test_a_softmax_in_forward_is_found_too() -> None:
    outcome = outcome_of("lab7", LAB.questions["translate"], TwoSoftmaxes)
    assert outcome.mistake == "softmax_kept"


def test_other_ways_to_a_right_answer_pass() -> None:
    class Own(nn.Module):
        """Flattens in forward, as Keras does: the order is free where no weights are taken."""

        def __init__(self, layers: Layers, shape: Shape) -> None:
            super().__init__()
            cut = [layer["layer"] for layer in layers].index("Flatten")
            self.maps = built(layers[:cut], shape)
            self.rows = built(layers[cut + 1 :], shape)

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            maps = self.maps(pictures).permute(0, 2, 3, 1)
            return self.rows(maps.reshape(len(maps), -1))  # type: ignore[no-any-return]

    def by_permute(kernel: Any) -> torch.Tensor:
        return torch.tensor(kernel).permute(3, 2, 0, 1)

    def with_gradient(kernel: Any, height: int, width: int, channels: int) -> torch.Tensor:
        grid = torch.tensor(kernel).reshape(height, width, channels, -1)
        return nn.Parameter(grid.permute(3, 2, 0, 1).flatten(1))

    def by_torch(targets: Any, outputs: Any, from_logits: bool) -> torch.Tensor:
        logits = torch.tensor(outputs if from_logits else np.log(outputs))
        return functional.cross_entropy(logits, torch.tensor(targets))

    right = {
        "translate": Own,
        "conv_weights": by_permute,
        "dense_weights": with_gradient,
        "loss": by_torch,
        "same_padding": lambda *given: list(np.array(sharing(*given))),
    }
    for question, answer in right.items():
        assert outcome_of("lab7", LAB.questions[question], answer).passed, question


def sharing(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's own words: by what is left of the last step."""
    left = size % stride or stride
    total = max(kernel - left, 0)
    return total // 2, total - total // 2
