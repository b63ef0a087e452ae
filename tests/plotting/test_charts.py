"""Charts draw without a warning, whatever the names, and leave matplotlib as it was."""

from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from retinue.evaluation.metrics import measure
from retinue.plotting import charts

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]

HISTORY: list[dict[str, Any]] = [
    {"epoch": 1, "train_loss": 1.2, "train_accuracy": 0.5, "val_loss": None, "val_accuracy": None},
    {"epoch": 2, "train_loss": 0.9, "subset_loss": 0.8, "val_loss": 1.0, "val_accuracy": 0.7},
]


def _measured(classes: list[str]) -> dict[str, Any]:
    k = len(classes)
    random = np.random.default_rng(k)
    labels = random.integers(k, size=20 * k)
    logits = random.normal(size=(20 * k, k))
    logits[np.arange(20 * k), labels] += 2
    rows = np.exp(logits)
    return measure(labels, rows / rows.sum(axis=1, keepdims=True), classes, threshold=0.4)


@pytest.mark.parametrize("names", ["two", "odd", "many"])
def test_figures_of_an_evaluation(names: str, odd: list[str], drawn: Draw) -> None:
    many = [f"a long name of flower number {i} of them" for i in range(100)]
    classes = {"two": ["no", "yes"], "odd": odd, "many": many}[names]
    found: dict[str, Any] = _measured(classes)
    before = dict(matplotlib.rcParams)
    figures = [
        charts.confusion_matrix(found["confusion"], classes, normalise=True),
        charts.confusion_matrix(found["confusion"], classes, normalise=False),
        charts.class_bars(found["per_class"]),
        charts.reliability(found["calibration_bins"]),
        charts.class_counts({"train": dict.fromkeys(classes, 5), "val": {classes[0]: 2}}),
    ]
    for figure in figures:
        pixels = drawn(figure)
        assert pixels.std() > 5
        for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
            assert (edge == 255).all(), "something is clipped"
    assert dict(matplotlib.rcParams) == before


def test_names_are_drawn_as_they_are(odd: list[str], texts: Read) -> None:
    figure = charts.confusion_matrix(np.eye(10, dtype=np.int64), odd, normalise=False)
    assert set(odd[:-1]) <= set(texts(figure))
    assert not any(text.get_parse_math() for text in figure.findobj(Text) if text.get_text() in odd)


def test_cells_carry_numbers_only_while_they_are_few(texts: Read) -> None:
    few = texts(charts.confusion_matrix([[90, 10], [0, 50]], ["a", "b"], normalise=True))
    assert {"90", "10", "100"} <= set(few)
    many = np.eye(50, dtype=np.int64) * 777
    classes = [f"c{i}" for i in range(50)]
    written = texts(charts.confusion_matrix(many, classes, normalise=False))
    assert "777" not in written
    assert set(written) & set(classes) == set(classes[::2])


def test_a_cell_says_100_only_where_no_picture_is_missing(texts: Read) -> None:
    matrix = [[999, 1], [0, 1000]]
    cells = texts(charts.confusion_matrix(matrix, ["a", "b"], normalise=True))
    assert cells.count("99") == 1
    assert cells.count("100") == 1
    assert "1000" in texts(charts.confusion_matrix(matrix, ["a", "b"], normalise=False))


def test_class_bars_are_sorted_by_recall() -> None:
    low, high = {"value": 0.2, "low": 0.1, "high": 0.4}, {"value": 0.9, "low": 0.8, "high": 1.0}
    rows = [
        {"class": "good", "n": 9, "recall": high, "precision": low},
        {"class": "bad", "n": 4, "recall": low, "precision": high},
    ]
    labels = [t.get_text() for t in charts.class_bars(rows).axes[0].get_yticklabels()]
    assert labels == ["bad (4)", "good (9)"]


@pytest.mark.parametrize("length", [0, 1, 2])
def test_learning_curves(length: int, drawn: Draw) -> None:
    figure = charts.learning_curves(HISTORY[:length], best_epoch=length or None)
    drawn(figure)
    lines = {str(line.get_label()): line for line in figure.axes[0].get_lines()}
    if length == 2:
        assert np.asarray(lines["training, running"].get_ydata()).tolist() == [1.2, 0.9]
        assert np.asarray(lines["validation"].get_xdata()).tolist() == [2]
        assert "best epoch, 2" in lines
    assert "validation" not in lines or length == 2


FALLING = [2.3, 2.2, 1.5, 1.0, 0.9, 4.0]


@pytest.mark.parametrize(
    "losses",
    [FALLING, [2.0, 2.0], [1.0], [1.0, 5.0], [0.0, 0.0], [3.0, 1e9]],
    ids=["falling", "flat", "one", "rising", "zero", "far"],
)
def test_learning_rates_that_were_tried(losses: list[float], drawn: Draw) -> None:
    rates = [10.0 ** (number - 4) for number in range(len(losses))]
    figure = charts.learning_rates(rates, losses, rates[len(rates) // 2])
    pixels = drawn(figure)
    assert pixels.std() > 5
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all(), "something is clipped"


def test_the_curve_of_rates_shows_the_one_chosen(texts: Read) -> None:
    rates = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0]
    figure = charts.learning_rates(rates, FALLING, 0.01)
    (axes,) = figure.axes
    curve, mark = axes.get_lines()
    assert np.asarray(curve.get_xdata()).tolist() == rates
    assert np.asarray(curve.get_ydata()).tolist() == FALLING
    assert np.unique(np.asarray(mark.get_xdata())).tolist() == [0.01]
    assert axes.get_xscale() == "log"
    assert {"chosen, 0.01", "learning rate", "loss, smoothed"} <= set(texts(figure))
    low, high = axes.get_ylim()
    assert low < min(FALLING)
    assert 2.3 < high < 4.0, "where it gets out of hand is cut off"


def test_strengths_that_were_tried(drawn: Draw, texts: Read) -> None:
    keys = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")
    values = [(1.6, 1.6, 0.4, 0.3), (0.5, 0.6, 0.9, 0.8), (0.1, 0.8, 1.0, 0.7)]
    strengths = (1e-4, 1e-2, 1.0)
    lines = [
        {"C": strength, **dict(zip(keys, row, strict=True))}
        for strength, row in zip(strengths, values, strict=True)
    ]
    figure = charts.regularisation(lines, 1e-2)
    pixels = drawn(figure)
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all(), "something is clipped"
    for axes, quantity in zip(figure.axes, ("loss", "accuracy"), strict=True):
        train, val, mark = axes.get_lines()
        for curve, split in ((train, "train"), (val, "val")):
            wanted = [line[f"{split}_{quantity}"] for line in lines]
            assert np.asarray(curve.get_ydata()).tolist() == wanted
        assert np.unique(np.asarray(mark.get_xdata())).tolist() == [1e-2]
    assert {"chosen, 0.01", "0.01", "strength of the fit, C"} <= set(texts(figure))
    assert not [text for text in texts(figure) if "$" in text]


def test_curves_of_two_classes(drawn: Draw, texts: Read) -> None:
    binary = _measured(["no", "$yes_1$"])["binary"]
    figure = charts.roc_and_precision_recall(binary)
    assert "positive: $yes_1$" in texts(figure)
    assert drawn(figure).std() > 5
    drawn(charts.roc_and_precision_recall({"positive": "a", "roc": None}))
