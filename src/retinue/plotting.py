"""Figures in one style: learning curves, confusion matrices, bars, and sheets of pictures.

Every function returns a `matplotlib.figure.Figure` and leaves matplotlib's global state as it was;
`save` writes one as a PNG. matplotlib is imported when a figure is made, never with this module.
Names of classes may be long, be in any script and contain `$`: they are drawn as they are.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, cast
from unicodedata import bidirectional, east_asian_width

import numpy as np
from numpy.typing import NDArray

from retinue.writing import appearing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Picture = NDArray[np.uint8]  # (H, W, C), C of 1 is grey
Record = Mapping[str, Any]  # a line of history.jsonl, an entry of metrics.json

# Okabe and Ito 2008: apart from one another for colour-blind eyes too.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, GREY, INK = "#56B4E9", "#CC79A7", "#8A8A8A", "#222222"
# For scripts that matplotlib's own font lacks; those not installed are left out.
FONTS = (
    *("DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic"),
    *("Noto Sans Devanagari", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Nirmala UI"),
)
STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called $x$
    "text.usetex": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
PICTURE = 1.5  # inches a picture is wide, with its margin GAP
GAP = 0.08
LINE = 0.15  # inches from line to line of a caption
LETTERS = 14  # letters an inch of a caption
_LOCK = RLock()  # rc_context sets and resets what all threads share


@contextmanager
def _styled() -> Iterator[None]:
    """Draw in the style; characters that no font has become boxes without a warning."""
    import matplotlib
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    family = {"font.family": [name for name in FONTS if name in installed]}
    with _LOCK, matplotlib.rc_context(cast(Any, STYLE | family)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from", category=UserWarning)
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def _figure(width: float, height: float) -> "Figure":
    """An empty figure of a size in inches, laid out so that nothing overlaps or is clipped."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


@_styled()
def save(figure: "Figure", path: Path) -> None:
    """Write a figure as a PNG of 150 dots an inch, atomically, the same bytes for the same figure.

    Args:
        figure: from any function of this module.
        path: where to; missing folders are made.
    """
    with appearing(Path(path)) as aside:
        figure.savefig(aside, format="png", dpi=150, metadata={"Software": None})


@_styled()
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

    figure = _figure(9, 3.6)
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
    panels[1].yaxis.set_major_formatter(_percent)
    return figure


def _curve(axes: "Axes", history: Sequence[Record], key: str, label: str, colour: str) -> None:
    """Draw one column of the history; epochs without a value are skipped."""
    points = [(row["epoch"], row[key]) for row in history if row.get(key) is not None]
    if points:
        marker = "o" if len(points) <= 30 else ""
        axes.plot(
            *zip(*points, strict=True), marker=marker, markersize=3.5, color=colour, label=label
        )


def _percent(value: float, _: object = None) -> str:
    return f"{100 * value:.3g} %"


def _columns(text: str) -> int:
    """How wide a text is, in Latin letters: those of East Asia count twice."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _short(name: str, limit: int = 28) -> str:
    """A name on one line and at most `limit` columns wide; what is cut is cut from its middle."""
    name = " ".join(name.split())
    if _columns(name) > limit:
        head, tail = name, ""
        while _columns(head) > limit // 2:
            head = head[:-1]
        while _columns(tail) < limit - limit // 2 - 2:
            tail = name[-len(tail) - 1] + tail
        name = f"{head}…{tail}"
    if any(bidirectional(letter) in ("R", "AL") for letter in name):
        # Marks of left-to-right: a number after a Hebrew or Arabic name stays on its right.
        name = f"\u200e{name}\u200e"
    return name


def _short_all(names: Sequence[str], limit: int = 28) -> list[str]:
    """Short names that are as different from one another as the names, even if longer for it."""
    short = [_short(name, limit) for name in names]
    if len(set(short)) < len(set(names)) and limit < 80:
        return _short_all(names, limit + 8)
    return short


@_styled()
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
    figure = _figure(side + 0.8, side)
    axes = figure.subplots()
    top = 1.0 if normalise else max(1.0, float(values.max()))
    image = axes.imshow(values, cmap="Blues", vmin=0, vmax=top)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, format=_percent if normalise else None)
    bar.outline.set_visible(False)
    shown = np.arange(0, k, -(-k // 40))
    short = _short_all(classes, 24)
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
        text = f"{100 * value:.0f}" if normalise else f"{value:.0f}"
        colour = "white" if value > 0.55 * top else INK
        size = 8 if len(text) <= 4 else 6.5
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)


@_styled()
def class_bars(per_class: Sequence[Record]) -> "Figure":
    """Recall and precision of every class with their intervals, the class found least often on top.

    Args:
        per_class: as `retinue.evaluation.metrics.measure` gives it: {"class", "n", "recall",
            "precision"}, the last two {"value", "low", "high"}.
    """
    rows = sorted(per_class, key=lambda row: row["recall"]["value"])
    names = _short_all([row["class"] for row in rows])
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
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("lines: intervals at 95 %; in brackets: pictures of the class")
    figure.legend(loc="outside upper right", ncols=2)
    return figure


@_styled()
def class_counts(counts: Mapping[str, Mapping[str, int]]) -> "Figure":
    """How many pictures each class has in each split, as stacked bars with their total.

    Args:
        counts: {split: {class: pictures}}; a class may be missing from a split.
    """
    classes = list(dict.fromkeys(name for split in counts.values() for name in split))
    figure, axes = _bars_canvas(_short_all(classes))
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
    figure = _figure(7.5, 1.3 + k * (0.32 if k <= 30 else 0.2))
    axes = figure.subplots()
    axes.set_yticks(np.arange(k), names, fontsize=8 if k <= 30 else 7)
    axes.set_ylim(k - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return figure, axes


@_styled()
def reliability(bins: Sequence[Record]) -> "Figure":
    """Is what is said with 80 % confidence right in 80 of 100 cases? Below: how often it is said.

    Args:
        bins: {"low", "high", "n", "confidence", "accuracy"} each, as in metrics.json; the last two
            may be None.
    """
    figure = _figure(4.4, 5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    used = [b for b in bins if b["n"]]
    total = max(1, sum(b["n"] for b in used))
    for axes, key, scale in ((upper, "accuracy", 1), (lower, "n", total)):
        heights = [b[key] / scale for b in used]
        lefts, widths = [b["low"] for b in used], [b["high"] - b["low"] for b in used]
        axes.bar(lefts, heights, widths, align="edge", color=SKY, edgecolor="white", linewidth=0.6)
        axes.yaxis.set_major_formatter(_percent)
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    confidences, accuracies = [b["confidence"] for b in used], [b["accuracy"] for b in used]
    upper.plot(confidences, accuracies, "o-", color=BLUE, markersize=4, label="measured")
    upper.set(ylabel="accuracy", ylim=(0, 1.02), xlim=(0, 1))
    upper.legend(loc="upper left")
    lower.set(xlabel="confidence", ylabel="share")
    lower.xaxis.set_major_formatter(_percent)
    return figure


@_styled()
def roc_and_precision_recall(binary: Record) -> "Figure":
    """Both curves of two classes, with the chosen threshold marked on each.

    Args:
        binary: {"positive", "roc", "precision_recall", "at_threshold"} as in metrics.json; all but
            the first may be None or missing.
    """
    figure = _figure(8, 4)
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
        axes.xaxis.set_major_formatter(_percent)
        axes.yaxis.set_major_formatter(_percent)
        if at:
            axes.legend(loc="lower center")
    figure.suptitle(f"positive: {_short(binary['positive'], 60)}", x=0.01, ha="left", fontsize=10)
    return figure


@_styled()
def picture_grid(
    images: Sequence[Picture], titles: Sequence[str], columns: int, title: str | None = None
) -> "Figure":
    """Pictures in reading order, each under its own title.

    Args:
        images: uint8 (H, W, C) each; C of 1 is drawn grey, pictures under 64 pixels with square
            pixels. Sizes may differ.
        titles: a title a picture, of any number of lines; each line is shortened to the picture.
        columns: pictures in a row.
        title: above all.
    """
    return _mosaic(_in_rows(images, titles, columns), title)


@_styled()
def confident_mistakes(
    images: Sequence[Picture],
    true: Sequence[str],
    predicted: Sequence[str],
    confidences: Sequence[float],
    *,
    columns: int = 6,
    title: str | None = None,
) -> "Figure":
    """Pictures under their true class (green) and what was said instead, how surely (vermilion).

    Args:
        images: uint8 (H, W, C) each.
        true: their classes.
        predicted: the classes predicted.
        confidences: the probabilities, 0 to 1, of those.
        columns: pictures in a row.
        title: above all.
    """
    limit = int(PICTURE * LETTERS)
    captions = []
    for right, wrong, confidence in zip(true, predicted, confidences, strict=True):
        # Percentages are cut, not rounded: only certainty itself is called 100 %.
        sure = f" {int(100 * confidence + 1e-9)} %"
        captions.append(f"{_short(right, limit)}\n→ {_short(wrong, limit - len(sure) - 2)}{sure}")
    # Green and vermilion of the palette, darker, so that small letters are readable.
    return _mosaic(_in_rows(images, captions, columns), title, colours=("#00775A", "#B84C00"))


@_styled()
def side_by_side(
    originals: Sequence[Picture], augmented: Sequence[Sequence[Picture]], title: str | None = None
) -> "Figure":
    """A row a picture: as it is, then as training sees it.

    Args:
        originals: uint8 (H, W, C) each.
        augmented: for each original its augmented versions.
        title: above all.
    """
    pictures = [[first, *others] for first, others in zip(originals, augmented, strict=True)]
    rows = [
        _Row(row, ["original"] + ["augmented"] * (len(row) - 1) if number == 0 else ())
        for number, row in enumerate(pictures)
    ]
    return _mosaic(rows, title)


@_styled()
def sample_sheet(
    images_by_class: Mapping[str, Sequence[Picture]], title: str | None = None
) -> "Figure":
    """Some pictures of every class, a row a class under its name.

    Args:
        images_by_class: {class: pictures uint8 (H, W, C)}.
        title: above all.
    """
    names = _short_all(list(images_by_class), 24)
    pairs = zip(images_by_class.values(), names, strict=True)
    rows = [_Row(pictures, label=name) for pictures, name in pairs]
    side = float(np.clip(60 / max(1, len(rows)), 0.3, 1.1))
    return _mosaic(rows, title, side)


@dataclass(frozen=True)
class _Row:
    """Pictures side by side, each under its caption (of one or more lines), after a label."""

    pictures: Sequence[Picture]
    captions: Sequence[str] = ()
    label: str = ""

    @property
    def lines(self) -> int:
        return max((caption.count("\n") + 1 for caption in self.captions), default=0)


def _in_rows(images: Sequence[Picture], captions: Sequence[str], columns: int) -> list[_Row]:
    starts = range(0, len(images), columns)
    return [_Row(images[i : i + columns], captions[i : i + columns]) for i in starts]


def _mosaic(
    rows: Sequence[_Row],
    title: str | None,
    side: float = PICTURE,
    colours: Sequence[str] = (INK, INK),
) -> "Figure":
    """Rows of pictures on one canvas measured in inches, which is quicker than axes by hundreds.

    `side` is that of the square a picture is fitted to, `colours` are those of a caption's first
    and further lines.
    """
    from matplotlib.figure import Figure

    left = GAP + 0.085 * max((_columns(row.label) for row in rows), default=0)
    left += GAP if left > GAP else 0
    across = max((len(row.pictures) for row in rows), default=0)
    width = max(3.0, left + across * (side + GAP))
    heights = [side + GAP + LINE * row.lines for row in rows]
    tops = np.cumsum([0.36 if title else GAP, *heights])
    figure = Figure(figsize=(width, float(tops[-1])))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for row, top in zip(rows, tops[:-1], strict=True):
        _draw_row(axes, row, (left, float(top)), side, colours)
    if title:
        axes.text(GAP, 0.18, _short(title, int(width * 11)), va="center", fontsize=10)
    axes.set(xlim=(0, width), ylim=(float(tops[-1]), 0), aspect="auto")
    return figure


def _draw_row(
    axes: "Axes", row: _Row, corner: tuple[float, float], side: float, colours: Sequence[str]
) -> None:
    """Draw a row from its upper left corner, beside its label."""
    left, top = corner
    y = top + LINE * row.lines
    axes.text(left - GAP, y + side / 2, row.label, ha="right", va="center", fontsize=8)
    places = [left + number * (side + GAP) for number in range(len(row.pictures))]
    for x, picture in zip(places, row.pictures, strict=True):
        _place(axes, picture, x, y, side)
    for x, caption in zip(places, row.captions, strict=False):
        for number, line in enumerate(caption.split("\n")):
            text, colour = _short(line, int(side * LETTERS)), colours[min(number, 1)]
            height = top + LINE * (number + 0.45)
            axes.text(x, height, text, va="center", fontsize=7.5, color=colour)


def _place(axes: "Axes", picture: Picture, x: float, y: float, side: float) -> None:
    """Draw a picture, whatever its proportions, in the middle of a square."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    x += (side - width * scale) / 2
    y += (side - height * scale) / 2
    grey = picture.ndim == 2 or picture.shape[2] == 1
    axes.imshow(
        picture.reshape(height, width) if grey else picture,
        cmap="gray" if grey else None,
        vmin=0,
        vmax=255,
        extent=(x, x + width * scale, y + height * scale, y),
        interpolation="nearest" if max(height, width) < 64 else None,
    )
