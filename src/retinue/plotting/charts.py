"""Charts of numbers: learning curves, confusion matrices, bars of classes, curves of scores."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    at_most_99,
    new_figure,
    percent,
    shorten,
    shorten_all,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Record = Mapping[str, Any]  # a line of history.jsonl, an entry of metrics.json


@styled()
def learning_curves(history: Sequence[Record], best_epoch: int | None = None) -> "Figure":
    """Loss and accuracy by epoch.

    Args:
        history: a mapping an epoch with `epoch` and any of `train_loss`, `subset_loss`, `val_loss`
            and the same with `_accuracy`; values may be None. `train_` is the running mean over
            augmented pictures while the weights still move, `subset_` some training pictures as
            they are after the epoch, comparable with `val_`.
        best_epoch: marked by a dotted line.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(9, 3.6)
    panels = figure.subplots(1, 2)
    lines = (
        ("train", "training, running", SKY),
        ("subset", "training", BLUE),
        ("val", "validation", VERMILION),
    )
    for axes, quantity in zip(panels, ("loss", "accuracy"), strict=True):
        for prefix, label, colour in lines:
            _curve(axes, history, f"{prefix}_{quantity}", label, colour)
        if best_epoch is not None:
            axes.axvline(best_epoch, color=GREY, linestyle=":", label=f"best epoch, {best_epoch}")
        axes.set(title=quantity.capitalize(), xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if history:
            axes.set_xlim(history[0]["epoch"] - 0.5, history[-1]["epoch"] + 0.5)
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
    panels[1].yaxis.set_major_formatter(percent)
    return figure


@styled()
def learning_rates(rates: Sequence[float], losses: Sequence[float], chosen: float) -> "Figure":
    """The loss of a training whose learning rate rises with every step, and the rate chosen."""
    figure = new_figure(6, 3.6)
    axes = figure.subplots()
    axes.plot(rates, losses, color=BLUE)
    axes.axvline(chosen, color=VERMILION, linestyle=":", label=f"chosen, {chosen:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss, smoothed")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    # Where it gets out of hand only the beginning matters.
    low, high = min(losses), losses[0]
    axes.set_ylim(low - 0.1 * (high - low), high + 0.5 * (high - low) + 1e-9)
    axes.legend()
    return figure


@styled()
def regularisation(tried: Sequence[Record], chosen: float) -> "Figure":
    """Loss and accuracy of a linear head by the strength of its fit, and the strength chosen.

    `tried` has `C`, `train_loss`, `val_loss`, `train_accuracy`, `val_accuracy` of each.
    """
    figure = new_figure(9, 3.6)
    strengths = [line["C"] for line in tried]
    for axes, quantity in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for split, label, colour in (("train", "training", BLUE), ("val", "validation", VERMILION)):
            values = [line[f"{split}_{quantity}"] for line in tried]
            axes.plot(strengths, values, marker="o", markersize=3.5, color=colour, label=label)
        axes.axvline(chosen, color=GREY, linestyle=":", label=f"chosen, {chosen:.2g}")
        axes.set(title=quantity.capitalize(), xscale="log", xlabel="strength of the fit, C")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.legend(loc="best" if quantity == "loss" else "lower right")
    axes.yaxis.set_major_formatter(percent)
    return figure


def _curve(axes: "Axes", history: Sequence[Record], key: str, label: str, colour: str) -> None:
    """Draw one column of the history; epochs without a value are skipped."""
    points = [(row["epoch"], row[key]) for row in history if row.get(key) is not None]
    if points:
        marker = "o" if len(points) <= 30 else ""
        axes.plot(
            *zip(*points, strict=True), marker=marker, markersize=3.5, color=colour, label=label
        )


@styled()
def confusion_matrix(
    matrix: NDArray[np.int64] | Sequence[Sequence[int]], classes: Sequence[str], normalise: bool
) -> "Figure":
    """What was taken for what: rows are the true classes, columns the predicted ones.

    Args:
        matrix: counts, (K, K).
        classes: the K names. Up to 20 the cells carry numbers, above 40 only some names are drawn.
        normalise: show shares of each row (of the true class) instead of counts.
    """
    counts = np.asarray(matrix, dtype=np.float64)
    values = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) if normalise else counts
    k = len(classes)
    side = float(np.clip(2.6 + 0.42 * k, 3.6, 11))
    figure = new_figure(side + 0.8, side)
    axes = figure.subplots()
    top = 1.0 if normalise else max(1.0, float(values.max()))
    image = axes.imshow(values, cmap="Blues", vmin=0, vmax=top)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, format=percent if normalise else None)
    bar.outline.set_visible(False)
    shown = np.arange(0, k, -(-k // 40))
    short = shorten_all(classes, 24)
    names = [short[i] for i in shown]
    axes.set_xticks(shown, names, rotation=90 if k > 4 else 0)
    axes.set_yticks(shown, names)
    axes.set(xlabel="predicted", ylabel="true")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if k <= 20:
        _number_cells(axes, values, top, normalise)
    return figure


def _number_cells(axes: "Axes", values: NDArray[np.float64], top: float, normalise: bool) -> None:
    """Write the value into every cell that is not 0, light on dark colours."""
    for row, column in zip(*np.nonzero(values), strict=True):
        value = values[row, column]
        text = str(at_most_99(round(100 * value), value) if normalise else round(value))
        colour = "white" if value > 0.55 * top else INK
        size = 8 if len(text) <= 4 else 6.5
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)


@styled()
def class_bars(per_class: Sequence[Record]) -> "Figure":
    """Recall and precision of every class with their intervals, the class found least often on top.

    Args:
        per_class: as `retinue.evaluation.metrics.measure` gives it: {"class", "n", "recall",
            "precision"}, the last two {"value", "low", "high"}.
    """
    rows = sorted(per_class, key=lambda row: row["recall"]["value"])
    names = shorten_all([row["class"] for row in rows])
    figure, axes = _bars_canvas(
        [f"{name} ({row['n']})" for name, row in zip(names, rows, strict=True)]
    )
    places = np.arange(len(rows))
    for metric, offset, colour in (("recall", -0.2, BLUE), ("precision", 0.2, ORANGE)):
        values = np.array([row[metric]["value"] for row in rows])
        ends = np.array([[row[metric]["low"], row[metric]["high"]] for row in rows]).T
        errors = np.abs(ends - values)
        style = {"ecolor": INK, "elinewidth": 0.8, "capsize": 1.5, "alpha": 0.9}
        axes.barh(
            places + offset, values, 0.36, color=colour, xerr=errors, error_kw=style, label=metric
        )
    axes.set_xlim(0, 1.01)
    axes.xaxis.set_major_formatter(percent)
    axes.set_xlabel("lines: intervals at 95 %; in brackets: pictures of the class")
    figure.legend(loc="outside upper right", ncols=2)
    return figure


@styled()
def class_counts(counts: Mapping[str, Mapping[str, int]]) -> "Figure":
    """How many pictures each class has in each split, as stacked bars with their total.

    Args:
        counts: {split: {class: pictures}}; a class may be missing from a split.
    """
    classes = list(dict.fromkeys(name for split in counts.values() for name in split))
    figure, axes = _bars_canvas(shorten_all(classes))
    places = np.arange(len(classes))
    total = np.zeros(len(classes), dtype=np.int64)
    colours = cycle((BLUE, ORANGE, GREEN, PURPLE))
    for (split, numbers), colour in zip(counts.items(), colours, strict=False):
        values = np.array([numbers.get(name, 0) for name in classes], dtype=np.int64)
        label = f"{split} ({values.sum():,})"
        axes.barh(places, values, 0.7, left=total, color=colour, label=label)
        total += values
    for place, value in enumerate(total.tolist()):
        axes.text(value, place, f" {value:,}", va="center", fontsize=7)
    axes.margins(x=0.1)
    axes.set_xlabel("pictures")
    figure.legend(loc="outside upper right", ncols=len(counts))
    return figure


def _bars_canvas(names: Sequence[str]) -> "tuple[Figure, Axes]":
    """A figure for horizontal bars, a name a line, the first on top."""
    k = len(names)
    figure = new_figure(7.5, 1.3 + k * (0.32 if k <= 30 else 0.2))
    axes = figure.subplots()
    axes.set_yticks(np.arange(k), names, fontsize=8 if k <= 30 else 7)
    axes.set_ylim(k - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return figure, axes


@styled()
def reliability(bins: Sequence[Record]) -> "Figure":
    """Is what is said with 80 % confidence right in 80 of 100 cases? Below: how often it is said.

    Args:
        bins: {"low", "high", "n", "confidence", "accuracy"} each, as in metrics.json; the last two
            may be None.
    """
    figure = new_figure(4.4, 5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    used = [b for b in bins if b["n"]]
    total = max(1, sum(b["n"] for b in used))
    for axes, key, scale in ((upper, "accuracy", 1), (lower, "n", total)):
        heights = [b[key] / scale for b in used]
        lefts, widths = [b["low"] for b in used], [b["high"] - b["low"] for b in used]
        axes.bar(lefts, heights, widths, align="edge", color=SKY, edgecolor="white", linewidth=0.6)
        axes.yaxis.set_major_formatter(percent)
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    confidences, accuracies = [b["confidence"] for b in used], [b["accuracy"] for b in used]
    upper.plot(confidences, accuracies, "o-", color=BLUE, markersize=4, label="measured")
    upper.set(ylabel="accuracy", ylim=(0, 1.02), xlim=(0, 1))
    upper.legend(loc="upper left")
    lower.set(xlabel="confidence", ylabel="share")
    lower.xaxis.set_major_formatter(percent)
    return figure


@styled()
def roc_and_precision_recall(binary: Record) -> "Figure":
    """Both curves of two classes, with the chosen threshold marked on each.

    Args:
        binary: {"positive", "roc", "precision_recall", "at_threshold"} as in metrics.json; all but
            the first may be None or missing.
    """
    figure = new_figure(8, 4)
    panels = figure.subplots(1, 2)
    roc, curve, at = (binary.get(key) for key in ("roc", "precision_recall", "at_threshold"))
    if roc:
        panels[0].plot(roc["fpr"], roc["tpr"], color=BLUE)
    panels[0].plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    panels[0].set(title="ROC", xlabel="false alarms among negatives", ylabel="recall")
    if curve:
        panels[1].plot(curve["recall"], curve["precision"], color=BLUE)
    panels[1].set(title="Precision and recall", xlabel="recall", ylabel="precision")
    if at:
        recall, precision = at["recall"]["value"], at["precision"]["value"]
        label = f"threshold {at['threshold']:.3g}"
        mark = {"color": VERMILION, "label": label, "clip_on": False}
        if roc:
            panels[0].plot(1 - at["specificity"]["value"], recall, "o", **mark)
        panels[1].plot(recall, precision, "o", **mark)
    for axes in panels:
        axes.set(xlim=(0, 1), ylim=(0, 1.02), aspect="equal")
        axes.xaxis.set_major_formatter(percent)
        axes.yaxis.set_major_formatter(percent)
        if at:
            axes.legend(loc="lower center")
    figure.suptitle(f"positive: {shorten(binary['positive'], 60)}", x=0.01, ha="left", fontsize=10)
    return figure
