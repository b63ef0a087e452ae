"""One training step as a strip: pictures, shapes and loss, gradients, one weight."""

from collections.abc import Sequence
from math import ceil, floor, log10
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.inside.canvas import Canvas
from retinue.plotting.style import BLUE, GREEN, GREY, INK, SKY, VERMILION, shorten, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Layer = tuple[str, tuple[int, ...] | None]  # its name, and the shape it gives for one picture
ROWS = 28  # layers at most
PITCH = 0.19  # inches from layer to layer
SIDE = 0.74  # inches of a picture
PICTURES = 6
CLASSES = 5
TOP = 1.0  # inches above the four parts
LEFTS = (0.25, 2.75, 6.45, 9.35)  # of the four parts, in inches
WIDTH = 13.9
QUIET = "#5A5A5A"


@styled()
def training_step(
    *,
    title: str,
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    augment: str,
    layers: Sequence[Layer],
    gradients: Sequence[float | None],
    classes: Sequence[str],
    labels: Sequence[int],
    probabilities: NDArray[np.float64],
    loss: tuple[float, float],
    formula: Sequence[str],
    optimiser: str,
    weight: tuple[str, float, float],
    rule: Sequence[tuple[str, str]],
    notes: Sequence[str] = (),
) -> "Figure":
    """Transform, forward, backward and update of one batch, from left to right.

    Args:
        title: above all.
        before: (n, h, w, C) uint8, pictures as they are stored.
        after: (n, H, W, C) uint8, the same as the network gets them.
        augment: what was done to them.
        layers: name and output shape of each, in order.
        gradients: their norms; None where nothing learns.
        classes: K names.
        labels: (N,) numbers of the classes of the batch's pictures.
        probabilities: (N, K).
        loss: of the batch, before and after the update.
        formula: lines that say how the loss comes about.
        optimiser: in words.
        weight: name, value before and after of one weight.
        rule: how it is updated, line by line, in letters and in numbers.
        notes: what should be known besides; below the title.
    """
    chosen = _chosen(gradients)
    body = max(
        0.4 + PITCH * len(chosen) + 0.65 + 0.2 * min(CLASSES, len(classes)) + 0.19 * len(formula),
        0.6 + min(PICTURES, len(after)) * (SIDE + 0.24),
        2.3 + sum(0.24 + 0.16 * min(2, len(wrap(line, 62))) for _, line in rule),
    )
    canvas = _headed(title, notes, TOP + body + 0.15)
    _draw_pictures(canvas, before, after, augment, [classes[label] for label in labels])
    end = _draw_layers(canvas, [layers[at] for at in chosen], len(layers))
    _draw_answer(canvas, end, classes, probabilities[0], labels[0], formula)
    _draw_gradients(canvas, [gradients[at] for at in chosen])
    _draw_update(canvas, optimiser, weight, rule, loss)
    return canvas.figure


def _headed(title: str, notes: Sequence[str], height: float) -> Canvas:
    """A canvas with the title and the names of the four parts."""
    canvas = Canvas(WIDTH, height)
    canvas.text(0.25, 0.22, shorten(title, 120), fontsize=11)
    canvas.text(0.25, 0.43, shorten("; ".join(notes), 180), fontsize=7.5, color=QUIET)
    parts = ("transform", "forward", "backward", "update")
    for number, (name, left) in enumerate(zip(parts, LEFTS, strict=True), 1):
        canvas.text(left, 0.68, f"{number}. {name}", fontsize=11, color=BLUE, fontweight="bold")
        if number > 1:
            canvas.arrow((left - 0.32, 0.68), (left - 0.1, 0.68), GREY)
    return canvas


def _chosen(gradients: Sequence[float | None]) -> list[int]:
    """The layers that are drawn: where there are too many, of those that learn, evenly spaced."""
    every = list(range(len(gradients)))
    if len(every) <= ROWS:
        return every
    learning = [at for at in every if gradients[at] is not None] or every
    if len(learning) <= ROWS:
        return learning
    places = np.linspace(0, len(learning) - 1, ROWS).round().astype(int)
    return [learning[place] for place in places]


def _draw_pictures(
    canvas: Canvas,
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    augment: str,
    names: Sequence[str],
) -> None:
    left, y = LEFTS[0], TOP
    canvas.text(left, y, "as stored", color=QUIET)
    canvas.text(left + SIDE + 0.45, y, "as trained on", color=QUIET)
    y += 0.2
    for was, now, name in list(zip(before, after, names, strict=False))[:PICTURES]:
        canvas.text(left, y, shorten(name, 28), fontsize=7.5)
        canvas.picture(was, left, y + 0.1, SIDE)
        middle = y + 0.1 + SIDE / 2
        canvas.arrow((left + SIDE + 0.1, middle), (left + SIDE + 0.35, middle), GREY)
        canvas.picture(now, left + SIDE + 0.45, y + 0.1, SIDE)
        y += SIDE + 0.24
    for line in wrap(f"augmentation: {augment}", 34)[:2]:
        canvas.text(left, y + 0.03, line, color=QUIET, fontsize=7.5)
        y += 0.15


def _draw_layers(canvas: Canvas, layers: Sequence[Layer], count: int) -> float:
    """Names and shapes, a line a layer; gives the height at which it ends."""
    left, right = LEFTS[1], LEFTS[2] - 0.35
    head = "layer" if len(layers) == count else f"layer ({len(layers)} of {count})"
    canvas.text(left, TOP, head, color=QUIET)
    canvas.text(right, TOP, "shape for one picture", color=QUIET, ha="right")
    y = TOP + 0.05
    for name, shape in layers:
        y += PITCH
        written = "" if shape is None else "×".join(map(str, shape))
        canvas.text(left, y, shorten(name, 50 - len(written)), fontsize=7.5)
        canvas.text(right, y, written, fontsize=7.5, ha="right")
        canvas.line((left, y + PITCH / 2), (right, y + PITCH / 2), color="#E8E8E8", linewidth=0.5)
    return y


def _draw_answer(
    canvas: Canvas,
    y: float,
    classes: Sequence[str],
    probabilities: NDArray[np.float64],
    label: int,
    formula: Sequence[str],
) -> None:
    """What the network says of the first picture, and how that becomes the loss."""
    left, length = LEFTS[1], 1.5
    y += 0.38
    canvas.text(left, y, "answer for the first picture", color=QUIET)
    shown = np.argsort(-probabilities, kind="stable")[:CLASSES].tolist()
    if label not in shown:
        shown[-1] = label
    for number in shown:
        y += 0.2
        true = number == label
        canvas.text(left, y, shorten(classes[number], 18), fontsize=7.5)
        share = float(probabilities[number])
        canvas.bar(left + 1.15, y, max(0.01, length * share), 0.12, GREEN if true else SKY)
        told = f"{share if share == 1 else min(share, 0.9994):.3f}{' true' if true else ''}"
        canvas.text(left + 1.21 + length * share, y, told, fontsize=7)
    y += 0.08
    for line in formula:
        y += 0.19
        canvas.text(left, y, line)


def _draw_gradients(canvas: Canvas, gradients: Sequence[float | None]) -> None:
    """The norm of each layer's gradient on a scale of powers of ten, beside the layer's line."""
    left, length = LEFTS[2], 1.9
    canvas.text(left, TOP, "size of the gradient (norm)", color=QUIET)
    known = [value for value in gradients if value]
    low = floor(log10(min(known))) if known else 0
    high = max(low + 1, ceil(log10(max(known)))) if known else 1
    bottom = TOP + 0.05 + PITCH * (len(gradients) + 0.5)
    step = max(1, -(-(high - low) // 4))
    for power in range(low, high + 1, step):
        x = left + length * (power - low) / (high - low)
        canvas.line((x, TOP + 0.14), (x, bottom), color="#E4E4E4", linewidth=0.7)
        canvas.text(x, bottom + 0.1, f"{10.0**power:g}", fontsize=7, ha="center", color=QUIET)
    y = TOP + 0.05
    for value in gradients:
        y += PITCH
        if value:
            x = left + length * (log10(value) - low) / (high - low)
            canvas.line((left, y), (x, y), color=VERMILION, linewidth=1.6)
            canvas.dot(x, y, VERMILION)
            canvas.text(left + length + 0.12, y, f"{value:.2g}", fontsize=7)
        elif value is not None:
            canvas.text(left + length + 0.12, y, "0", fontsize=7)
    canvas.text(left, bottom + 0.38, "computed from the last layer to the first", color=QUIET)
    canvas.arrow((left - 0.12, bottom), (left - 0.12, TOP + 0.14), GREY)


def _draw_update(
    canvas: Canvas,
    optimiser: str,
    weight: tuple[str, float, float],
    rule: Sequence[tuple[str, str]],
    loss: tuple[float, float],
) -> None:
    """One weight on its way, the rule that moved it, and the loss before and after."""
    left, y = LEFTS[3], TOP
    for line in wrap(optimiser, 52)[:2]:
        canvas.text(left, y, line, color=QUIET)
        y += 0.17
    canvas.text(left, y + 0.07, shorten(f"w: {weight[0]}", 42))
    y += 0.3
    for letters, numbers in rule:
        canvas.text(left, y, shorten(letters, 50), fontweight="bold")
        for line in wrap(numbers, 62)[:2]:
            y += 0.16
            canvas.text(left + 0.15, y, line, color=QUIET, fontsize=7.2)
        y += 0.24
    y = _draw_move(canvas, y + 0.2, weight[1], weight[2])
    y += 0.45
    canvas.text(left, y, "loss of this batch", color=QUIET)
    most = max(*loss, 1e-12)
    for name, value, colour in (("before", loss[0], GREY), ("after", loss[1], BLUE)):
        y += 0.22
        canvas.text(left, y, name)
        canvas.bar(left + 0.55, y, max(0.01, 2.3 * value / most), 0.14, colour)
        canvas.text(left + 0.62 + 2.3 * value / most, y, f"{value:.4g}")


def _draw_move(canvas: Canvas, y: float, before: float, after: float) -> float:
    """The weight on a line of numbers, before and after; gives the height at which it ends."""
    left, length = LEFTS[3] + 0.5, 2.4
    start, end = (left, left + length) if after >= before else (left + length, left)
    canvas.line((left - 0.3, y), (left + length + 0.3, y), color=GREY, linewidth=0.8)
    if before == after:
        end = start = left + length / 2
    else:
        canvas.arrow((start, y), (end, y), VERMILION)
    for x, value, name in ((start, before, "before"), (end, after, "after")):
        canvas.dot(x, y, INK if name == "before" else VERMILION, 5)
        if name == "before" or before != after:
            canvas.text(x, y - 0.14, name, fontsize=7, ha="center", color=QUIET)
            canvas.text(x, y + 0.15, f"{value:.6g}", fontsize=7.5, ha="center")
    return y + 0.15
