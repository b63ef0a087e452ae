"""Lab 4: the parameters of layers, and the learning rate of larger batches."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from torch import nn

from retinue.lessons.comparing import compare

Layer = tuple[Any, ...]
Layers = Sequence[Layer]

PARAMETER_HINTS = {
    "bias_forgotten": "Every output of a linear layer, and every filter of a convolution, adds "
    "one more number to its sum. Which?",
    "one_bias_a_layer": "How many biases has a layer: one for all, or one for each ...?",
    "kernel_not_squared": "A kernel of size 3 is a square. How many weights does it have?",
    "channels_in_forgotten": "A filter looks at all channels that come in, with other weights for "
    "each. Yours looks at one.",
    "inputs_and_outputs_added": "Every output has a weight for every input. How many pairs are "
    "there?",
    "others_counted": "ReLU, pooling and flattening: what is there in them that could be learnt?",
    "first_layer_only": "The sum goes over all layers.",
}
RATE_HINTS = {
    "divided": "The larger batch takes fewer steps an epoch. Must each of them go further, or "
    "less far?",
    "square_root": "That is another rule. The one of Goyal and others is linear: with a batch k "
    "times as large ...?",
    "warm_up_forgotten": "The rate is the final one from the first step on. What should happen in "
    "the first warm_up steps?",
    "from_zero": "In this rule the warm-up begins at the rate of the small batch, not at zero.",
    "goes_on_rising": "After the warm-up the rate should stay where it is.",
    "scaling_forgotten": "The rate never changes, though the batch is another one.",
}


def check_parameters(answer: Any) -> None:
    """Hold `parameters(layers)` against the parameters of torch's layers."""
    compare(answer, _networks(), _in_torch, _PARAMETER_MISTAKES)


def check_rate(answer: Any) -> None:
    """Hold `rate(step, small_rate, small_batch, batch, warm_up)` against a straight line."""
    compare(answer, _steps(), _line, _RATE_MISTAKES, words=_told)


def _networks() -> Iterator[tuple[list[Layer]]]:
    random = np.random.default_rng(0)
    for _ in range(3):
        inputs, outputs, channels, filters, kernel = map(int, random.integers(3, 20, 5))
        yield ([("linear", inputs, outputs)],)
        yield ([("conv", channels, filters, kernel)],)
        first = [("conv", channels, filters, kernel), ("relu",), ("pool", 2), ("flatten",)]
        last = [("linear", 4 * filters, inputs), ("relu",), ("linear", inputs, outputs)]
        yield ([*first, *last],)


def _in_torch(layers: Layers) -> int:
    made: list[nn.Module] = []
    for kind, *sizes in layers:
        if kind == "linear":
            made.append(nn.Linear(*sizes))
        elif kind == "conv":
            made.append(nn.Conv2d(*sizes))
    return sum(weight.numel() for layer in made for weight in layer.parameters())


def _each(
    linear: Callable[[int, int], int], conv: Callable[[int, int, int], int], other: int = 0
) -> Callable[[Layers], int]:
    """What somebody counts who counts layers so."""

    def of_one(kind: str, *sizes: int) -> int:
        if kind == "linear":
            return linear(*sizes)
        return conv(*sizes) if kind == "conv" else other

    def count(layers: Layers) -> int:
        return sum(of_one(*layer) for layer in layers)

    return count


def _linear(inputs: int, outputs: int) -> int:
    return _in_torch([("linear", inputs, outputs)])


def _conv(channels: int, filters: int, kernel: int) -> int:
    return _in_torch([("conv", channels, filters, kernel)])


_PARAMETER_MISTAKES = {
    "bias_forgotten": _each(lambda i, o: i * o, lambda c, f, k: c * f * k * k),
    "one_bias_a_layer": _each(lambda i, o: i * o + 1, lambda c, f, k: c * f * k * k + 1),
    "kernel_not_squared": _each(_linear, lambda c, f, k: c * f * k + f),
    "channels_in_forgotten": _each(_linear, lambda _, f, k: f * k * k + f),
    "inputs_and_outputs_added": _each(lambda i, o: i + o, _conv),
    "others_counted": _each(_linear, _conv, other=1),
    "first_layer_only": lambda layers: _in_torch(layers[:1]),
}


def _steps() -> Iterator[tuple[int, float, int, int, int]]:
    for batch in (256, 128, 32):
        for step in (0, 3, 10, 20, 21, 500):
            yield step, 0.1, 32, batch, 20


def _told(step: int, rate: float, small: int, batch: int, warm_up: int) -> str:
    return (
        f"step {step}, rate {rate} for batches of {small}, now batches of {batch}, "
        f"{warm_up} steps of warm-up"
    )


def _between(
    factor: Callable[[float], float], start: float = 1.0, warms_up: bool = True, ends: bool = True
) -> Callable[..., float]:
    """The rate of a rule by which a batch k times as large has `factor(k)` times the rate."""

    def rate(step: int, rate: float, small: int, batch: int, warm_up: int) -> float:
        last = factor(batch / small) * rate
        share = step / warm_up if warms_up else 1.0
        share = min(1.0, share) if ends else share
        return start * rate + share * (last - start * rate)

    return rate


def _line(step: int, rate: float, small: int, batch: int, warm_up: int) -> float:
    return float(np.interp(step, [0, warm_up], [rate, rate * batch / small]))


_RATE_MISTAKES = {
    "divided": _between(lambda k: 1 / k),
    "square_root": _between(lambda k: k**0.5),
    "warm_up_forgotten": _between(lambda k: k, warms_up=False),
    "from_zero": _between(lambda k: k, start=0.0),
    "goes_on_rising": _between(lambda k: k, ends=False),
    "scaling_forgotten": _between(lambda _: 1.0),
}
