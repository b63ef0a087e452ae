"""Figures draw without a warning, whatever the names, and leave matplotlib as it was."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from retinue import plotting
from retinue.evaluation.metrics import measure

ODD = [
    "plain",
    "$x_1$",
    "a_b_c",
    "$",
    "😀 smile",
    "שלום",
    "مرحبا",
    "日本語",
    "\\frac{1}",
    "l" * 300,
]
NAMES = [["no", "yes"], ODD, [f"a long name of flower number {i} of them" for i in range(100)]]
HISTORY: list[dict[str, Any]] = [
    {"epoch": 1, "train_loss": 1.2, "train_accuracy": 0.5, "val_loss": None, "val_accuracy": None},
    {"epoch": 2, "train_loss": 0.9, "subset_loss": 0.8, "val_loss": 1.0, "val_accuracy": 0.7},
]


def _picture(height: int = 8, width: int = 8, channels: int = 1) -> NDArray[np.uint8]:
    random = np.random.default_rng(height * width)
    return random.integers(0, 256, (height, width, channels), dtype=np.uint8)


def _measured(classes: list[str]) -> dict[str, Any]:
    k = len(classes)
    random = np.random.default_rng(k)
    labels = random.integers(k, size=20 * k)
    logits = random.normal(size=(20 * k, k))
    logits[np.arange(20 * k), labels] += 2
    rows = np.exp(logits)
    return measure(labels, rows / rows.sum(axis=1, keepdims=True), classes, threshold=0.4)


def _texts(figure: Figure) -> list[str]:
    """Everything written in a figure, without the marks of direction."""
    with plotting._styled():
        figure.canvas.draw()
    texts = (text for text in figure.findobj(Text) if isinstance(text, Text))
    return [text.get_text().replace("\u200e", "") for text in texts]


def _drawn(figure: Figure, folder: Path) -> NDArray[np.uint8]:
    plotting.save(figure, folder / "deeper" / "figure.png")
    return np.asarray(Image.open(folder / "deeper" / "figure.png").convert("RGB"))


def test_importing_does_not_import_matplotlib() -> None:
    code = "import sys, retinue.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("classes", NAMES, ids=lambda names: str(len(names)))
def test_figures_of_an_evaluation(classes: list[str], tmp_path: Path) -> None:
    found: dict[str, Any] = _measured(classes)
    before = dict(matplotlib.rcParams)
    figures = [
        plotting.confusion_matrix(found["confusion"], classes, normalise=True),
        plotting.confusion_matrix(found["confusion"], classes, normalise=False),
        plotting.class_bars(found["per_class"]),
        plotting.reliability(found["calibration_bins"]),
        plotting.class_counts({"train": dict.fromkeys(classes, 5), "val": {classes[0]: 2}}),
    ]
    for figure in figures:
        pixels = _drawn(figure, tmp_path)
        assert pixels.std() > 5
        for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
            assert (edge == 255).all(), "something is clipped"
    assert dict(matplotlib.rcParams) == before


def test_names_are_drawn_as_they_are() -> None:
    figure = plotting.confusion_matrix(np.eye(10, dtype=np.int64), ODD, normalise=False)
    texts = _texts(figure)
    assert set(ODD[:-1]) <= set(texts)
    assert not any(text.get_parse_math() for text in figure.findobj(Text) if text.get_text() in ODD)


def test_cells_carry_numbers_only_while_they_are_few() -> None:
    few = _texts(plotting.confusion_matrix([[90, 10], [0, 50]], ["a", "b"], normalise=True))
    assert {"90", "10", "100"} <= set(few)
    many = np.eye(50, dtype=np.int64) * 777
    classes = [f"c{i}" for i in range(50)]
    texts = _texts(plotting.confusion_matrix(many, classes, normalise=False))
    assert "777" not in texts
    assert set(texts) & set(classes) == set(classes[::2])


def test_names_that_would_shorten_alike_stay_apart() -> None:
    names = [f"{'a' * 20} {i} {'b' * 20}" for i in range(3)]
    assert len(set(plotting._short_all(names, 24))) == 3
    assert plotting._short("x" * 100, 11) == "xxxxx…xxxx"
    assert plotting._short("two\nlines") == "two lines"


def test_class_bars_are_sorted_by_recall() -> None:
    low, high = {"value": 0.2, "low": 0.1, "high": 0.4}, {"value": 0.9, "low": 0.8, "high": 1.0}
    rows = [
        {"class": "good", "n": 9, "recall": high, "precision": low},
        {"class": "bad", "n": 4, "recall": low, "precision": high},
    ]
    labels = [t.get_text() for t in plotting.class_bars(rows).axes[0].get_yticklabels()]
    assert labels == ["bad (4)", "good (9)"]


@pytest.mark.parametrize("length", [0, 1, 2])
def test_learning_curves(length: int, tmp_path: Path) -> None:
    figure = plotting.learning_curves(HISTORY[:length], best_epoch=length or None)
    _drawn(figure, tmp_path)
    lines = {str(line.get_label()): line for line in figure.axes[0].get_lines()}
    if length == 2:
        assert np.asarray(lines["training, running"].get_ydata()).tolist() == [1.2, 0.9]
        assert np.asarray(lines["validation"].get_xdata()).tolist() == [2]
        assert "best epoch, 2" in lines
    assert "validation" not in lines or length == 2


def test_curves_of_two_classes(tmp_path: Path) -> None:
    binary = _measured(["no", "$yes_1$"])["binary"]
    figure = plotting.roc_and_precision_recall(binary)
    assert "positive: $yes_1$" in _texts(figure)
    assert _drawn(figure, tmp_path).std() > 5
    _drawn(plotting.roc_and_precision_recall({"positive": "a", "roc": None}), tmp_path)


PHOTO, DIGIT = _picture(90, 120, 3), _picture()
SHEETS: list[Callable[[], Figure]] = [
    lambda: plotting.picture_grid([DIGIT, PHOTO, DIGIT], ["a", "two\nlines", "$c$"], 2, "Title"),
    lambda: plotting.picture_grid([], [], 4),
    lambda: plotting.confident_mistakes([DIGIT] * 3, ODD[4:7], ODD[7:], [1.0, 0.99999, 0.29]),
    lambda: plotting.side_by_side([PHOTO, PHOTO], [[PHOTO] * 3, [PHOTO] * 3], "Augmentation"),
    lambda: plotting.sample_sheet({name: [DIGIT] * 4 for name in NAMES[2]}, "100 classes"),
    lambda: plotting.sample_sheet({name: [PHOTO] * (name != "$") for name in ODD}, None),
]


@pytest.mark.parametrize("sheet", SHEETS)
def test_sheets_of_pictures(sheet: Callable[[], Figure], tmp_path: Path) -> None:
    pixels = _drawn(sheet(), tmp_path)
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all(), "something is clipped"


def test_confidence_is_never_rounded_up_to_certainty() -> None:
    figure = plotting.confident_mistakes([DIGIT] * 3, ["a"] * 3, ["b"] * 3, [1.0, 0.99999, 0.29])
    assert {"→ b 100 %", "→ b 99 %", "→ b 29 %"} <= set(_texts(figure))


def test_small_pictures_keep_their_pixels(tmp_path: Path) -> None:
    checked = np.array([[[0], [100]], [[255], [0]]], dtype=np.uint8)
    pixels = _drawn(plotting.picture_grid([checked], [""], 1), tmp_path)
    side, gap = 150 * plotting.PICTURE, 150 * plotting.GAP
    # The picture stands at the bottom left: probe the middle of each quarter.
    rows = [int(len(pixels) - gap - side * share) for share in (0.75, 0.25)]
    columns = [int(gap + side * share) for share in (0.25, 0.75)]
    assert pixels[np.ix_(rows, columns)][..., 0].tolist() == [[0, 100], [255, 0]]
    assert set(np.unique(pixels[rows[0] - 20 : rows[1] + 20, columns[0] : columns[1]])) == {
        0,
        100,
        255,
    }


def test_a_figure_is_the_same_file_twice(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        plotting.save(plotting.learning_curves(HISTORY), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.png", "two.png"]
