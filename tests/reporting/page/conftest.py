"""Runs and a comparison whose pages are looked at, and a reader of pages."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import retinue
from retinue.experiments.comparison import Comparison
from retinue.reporting.forms import report
from retinue.runs import Run
from retinue.writing import write_json
from tests.reporting.page.reader import Reader

HOSTILE = (
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>", "</style><b>loud</b>",
    "**bold** [x](javascript:alert(3))", "=cmd|' /C calc'!A0", "שלום", "evil\u202egnp.exe",
    "👩\u200d🚀", "a\"b'c&amp;", "two\nlines\x07", "{{ 7*7 }}", "-->", "x" * 120,
)  # fmt: skip


@pytest.fixture
def read() -> Callable[[Path], Reader]:
    """`read(path)`: a page as a browser would have it."""
    return lambda path: Reader(path.read_text(encoding="utf-8"))


def pictures(classes: int, each: int, seed: int = 0) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Noisy pictures whose class shows, mostly: (N, 8, 8, 3), and labels."""
    draw = np.random.default_rng(seed)
    patterns = draw.integers(0, 256, (classes, 8, 8, 3))
    labels = np.repeat(np.arange(classes), each)
    noise = draw.normal(0, 150, (len(labels), 8, 8, 3))
    return np.clip(patterns[labels] + noise, 0, 255).astype(np.uint8), labels.tolist()


def trained(folder: Path, classes: tuple[str, ...], each: int = 40, **settings: Any) -> Run:
    """A softmax regression after two epochs."""
    images, labels = pictures(len(classes), each)
    data = (images, [classes[label] for label in labels])
    settings = {"model": "softmax", "epochs": 2, "batch_size": 16, "device": "cpu", **settings}
    return retinue.train(data, output=folder, **settings)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the runs of all tests here, and a cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("reports")
        patch.setenv("RETINUE_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="session")
def run(place: Path) -> Run:
    """A run that makes some mistakes."""
    return trained(place / "runs" / "plain", ("cat", "dog", "ship"))


@pytest.fixture(scope="session")
def comparison(place: Path, run: Run) -> Comparison:
    """Two recipes, one of them with two seeds."""
    others = [
        trained(place / "runs" / f"other-{seed}", ("cat", "dog", "ship"), epochs=1, seed=seed)
        for seed in (1, 2)
    ]
    return retinue.compare([run, *others], output=place / "comparisons" / "plain")


@pytest.fixture(scope="session")
def hostile(place: Path) -> Run:
    """A run whose classes, files, notes and reasons are out for harm."""
    folder = place / "hostile"
    folder.mkdir()
    images, labels = pictures(len(HOSTILE), 10)
    rows = []
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        name = f"<img src=x onerror=alert({number})>\u202e{number}.png".replace("/", "")
        Image.fromarray(image).save(folder / name)
        rows.append([name, HOSTILE[label]])
    (folder / "<b>bad.png").write_bytes(b"no picture")
    rows.append(["<b>bad.png", HOSTILE[0]])
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])
    settings: dict[str, Any] = {"model": "softmax", "epochs": 1, "max_bad": 0.1, "device": "cpu"}
    run = retinue.train(folder / "labels.csv", output=place / "runs" / "hostile", **settings)
    note = "note <script>alert(4)</script> \u202ereversed"
    write_json(run.path / "data.json", {**run.data, "notes": [*run.data["notes"], note]})
    run.update_status(reason="<i>because</i>")
    return Run.load(run.path)


@pytest.fixture(scope="session")
def page_of(place: Path) -> Callable[[Run | Comparison], Path]:
    """`page_of(run)`: the page of a run or a comparison, written once."""
    written: dict[Path, Path] = {}

    def page(what: Run | Comparison) -> Path:
        if what.path not in written:
            output = place / "pages" / f"{what.path.name}-{len(written)}.html"
            found = report(what, output).page
            assert found is not None
            written[what.path] = found
        return written[what.path]

    return page
