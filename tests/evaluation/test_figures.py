"""The figures of an evaluation: which there are, and that they are pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retinue.data.imagedata import Split
from retinue.evaluation.figures import draw_figures
from retinue.evaluation.metrics import measure
from retinue.images import Preprocess

ALWAYS = {"confusion", "confusion-by-row", "classes", "reliability", "samples"}


def drawn(folder: Path, classes: int, mistakes: int, name: str = "test") -> set[str]:
    """Judge 24 pictures with so many mistakes, and say which figures there are."""
    count = 24
    store = np.random.default_rng(0).integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
    labels = np.arange(count) % classes
    said = labels.copy()
    said[:mistakes] = (said[:mistakes] + 1) % classes
    rows = np.full((count, classes), 0.1 / (classes - 1))
    rows[np.arange(count), said] = 0.9
    names = [str(number) for number in range(count)]
    split = Split(store, np.arange(count), labels, names, names, names)
    texts = [f"class {number}" for number in range(classes)]
    metrics = measure(labels, rows, texts)
    preprocess = Preprocess((6, 6), (6, 6), "crop", 3)
    draw_figures(folder, name, split, rows, texts, preprocess, metrics)
    return {path.stem.removeprefix(f"{name}-") for path in folder.glob("*.png")}


@pytest.mark.parametrize(
    ("classes", "mistakes", "more"),
    [(3, 5, {"mistakes"}), (3, 0, set()), (2, 4, {"mistakes", "roc"}), (2, 0, {"roc"})],
)
def test_there_are_the_figures_that_have_something_to_show(
    tmp_path: Path, classes: int, mistakes: int, more: set[str]
) -> None:
    assert drawn(tmp_path, classes, mistakes) == ALWAYS | more


def test_every_figure_is_a_picture_with_something_on_it(tmp_path: Path) -> None:
    drawn(tmp_path, classes=2, mistakes=3, name="other")
    paths = list(tmp_path.iterdir())
    assert len(paths) == 7
    for path in paths:
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert min(image.size) > 100
            assert len(np.unique(np.asarray(image.convert("L")))) > 10
