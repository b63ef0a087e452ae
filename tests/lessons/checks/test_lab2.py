import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.signal import convolve2d, correlate2d

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks.lab2 import LAB
from retinue.lessons.outcome import Outcome

Answer = Callable[..., Any]


def correlated(image: Any, kernel: Any, stride: Any = 1, padding: Any = 0, **how: Any) -> Any:
    padded = np.pad(image, padding, **how)
    return correlate2d(padded, kernel, mode="valid")[::stride, ::stride]


def convolved(image: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    return convolve2d(np.pad(image, padding), kernel, mode="valid")[::stride, ::stride]


def with_axes_mixed_up(image: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kernel.shape[0]) // stride + 1
    columns = (padded.shape[1] - kernel.shape[1]) // stride + 1
    output = np.zeros((rows, columns))
    for r in range(rows):
        for c in range(columns):
            for i in range(kernel.shape[0]):
                for j in range(kernel.shape[1]):
                    output[r, c] += padded[r * stride + i, c * stride + j] * kernel[j, i]
    return output


def layer(maps: Any, kernels: Any, bias: Any, together: Any = sum) -> Any:
    found = []
    for kernel, offset in zip(kernels, bias, strict=True):
        parts = [correlated(one, part) for one, part in zip(maps, kernel, strict=True)]
        found.append(together(parts) + offset)
    return np.array(found)


def layer_with_bias_inside(maps: Any, kernels: Any, bias: Any) -> Any:
    return np.array(
        [
            sum(correlated(one, part) + offset for one, part in zip(maps, kernel, strict=True))
            for kernel, offset in zip(kernels, bias, strict=True)
        ]
    )


def pooled(maps: Any, size: Any, best: Any = np.max, step: Any = None, whole: Any = False) -> Any:
    step = step or size
    channels, height, width = maps.shape
    most = (math.ceil(height / size), math.ceil(width / size)) if whole else (
        (height - size) // step + 1, (width - size) // step + 1
    )  # fmt: skip
    output = np.zeros((channels, *most))
    for row, column in np.ndindex(*most):
        window = maps[:, row * step : row * step + size, column * step : column * step + size]
        output[:, row, column] = best(window, axis=(1, 2))
    return output


def pooled_after_zeros(maps: Any, size: Any) -> Any:
    _, height, width = maps.shape
    rows, columns = math.ceil(height / size), math.ceil(width / size)
    bigger = np.pad(maps, ((0, 0), (0, rows * size - height), (0, columns * size - width)))
    return pooled(bigger, size)


def pooled_over_all_channels(maps: Any, size: Any) -> Any:
    return pooled(maps, size, best=lambda window, axis: window.max())


def field(layers: Any, early: Any = False, keep: Any = True, start: Any = 1) -> Any:
    seen, jump = start, 1
    for kernel, stride in layers:
        if early:
            jump *= stride
        seen += (kernel - 1) * jump
        if not early:
            jump = jump * stride if keep else stride
    return seen


def steps(size: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    return (size + 2 * padding - kernel) / stride


WRONG: dict[str, dict[str, Answer]] = {
    "output_size": {
        "ceil_for_floor": lambda *case: math.ceil(steps(*case)) + 1,
        "not_whole": lambda *case: steps(*case) + 1,
        "padding_once": lambda n, k, s, p: (n + p - k) // s + 1,
        "padding_forgotten": lambda n, k, s, p: (n - k) // s + 1,
        "one_forgotten": lambda n, k, s, p: (n + 2 * p - k) // s,
        "kernel_forgotten": lambda n, k, s, p: (n + 2 * p) // s + 1,
        "stride_forgotten": lambda n, k, s, p: n + 2 * p - k + 1,
    },
    "conv2d": {
        "flipped_kernel": convolved,
        "transposed_kernel": with_axes_mixed_up,
        "padding_forgotten": lambda image, kernel, s, p: correlated(image, kernel, s),
        "padding_at_one_end": lambda image, kernel, s, p: correlated(image, kernel, s, (p, 0)),
        "edge_repeated": lambda image, kernel, s, p: correlated(image, kernel, s, p, mode="edge"),
        "stride_ignored": lambda image, kernel, s, p: correlated(image, kernel, 1, p),
        "settings_ignored": lambda image, kernel, s, p: correlated(image, kernel),
        "mean_for_sum": lambda image, kernel, s, p: correlated(image, kernel, s, p) / kernel.size,
    },
    "conv_layer": {
        "channels_not_summed": lambda m, k, b: layer(m, k, b, np.array),
        "channels_averaged": lambda m, k, b: layer(m, k, b, lambda parts: np.mean(parts, 0)),
        "first_channel_only": lambda m, k, b: layer(m, k, b, lambda parts: parts[0]),
        "bias_forgotten": lambda maps, kernels, bias: layer(maps, kernels, np.zeros(len(bias))),
        "bias_too_often": layer_with_bias_inside,
        "flipped_kernel": lambda maps, kernels, bias: layer(maps, kernels[:, :, ::-1, ::-1], bias),
    },
    "max_pool": {
        "mean_for_max": lambda maps, size: pooled(maps, size, best=np.mean),
        "stride_one": lambda maps, size: pooled(maps, size, step=1),
        "leftover_kept": lambda maps, size: pooled(maps, size, whole=True),
        "zeros_padded": pooled_after_zeros,
        "across_channels": pooled_over_all_channels,
        "smallest_for_largest": lambda maps, size: pooled(maps, size, best=np.min),
    },
    "receptive_field": {
        "kernels_added": lambda layers: sum(kernel for kernel, _ in layers),
        "strides_ignored": lambda layers: field([(kernel, 1) for kernel, _ in layers]),
        "stride_too_early": lambda layers: field(layers, early=True),
        "stride_not_kept": lambda layers: field(layers, keep=False),
        "one_forgotten": lambda layers: field(layers, start=0),
    },
    "count_parameters": {
        "bias_forgotten": lambda c, o, k, bias: o * c * k * k,
        "bias_always": lambda c, o, k, bias: o * c * k * k + o,
        "single_bias": lambda c, o, k, bias: o * c * k * k + (1 if bias else 0),
        "bias_for_each_slice": lambda c, o, k, bias: o * c * (k * k + bias),
        "channels_in_forgotten": lambda c, o, k, bias: o * (k * k + bias),
        "channels_out_forgotten": lambda c, o, k, bias: c * k * k + bias,
        "kernel_not_squared": lambda c, o, k, bias: o * (c * k + bias),
    },
}


def ask(question: str, answer: Any) -> Outcome:
    return outcome_of(f"lab2.{question}", LAB.questions[question], answer)


def test_other_ways_of_writing_a_right_answer_are_right() -> None:
    assert ask("output_size", lambda *case: math.floor(steps(*case) + 1))
    assert ask("conv2d", correlated)
    assert ask("conv_layer", layer)
    assert ask("max_pool", pooled)
    assert ask("receptive_field", field)
    assert ask("count_parameters", lambda c, o, k, bias: o * c * k * k + (o if bias else 0))


def test_an_image_taken_for_square_is_shown_as_a_failing_case() -> None:
    def square(image: Any, kernel: Any, stride: Any, padding: Any) -> Any:
        side = min(image.shape)
        return correlated(image[:side, :side], kernel, stride, padding)

    outcome = ask("conv2d", square)
    assert (outcome.passed, outcome.mistake) == (False, None)
    assert "for an image of shape (4, 5)" in outcome.case
