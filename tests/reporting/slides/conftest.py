"""Runs, comparisons and their slides, read back."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pptx import Presentation
from pptx.slide import Slide

import retinue
from retinue.experiments.comparison import Comparison
from retinue.reporting.slides import write_slides
from retinue.runs import Run

NAMES = (
    "=HYPERLINK(1)", "\x1b[31mred", "\u202egnp", "שלום", "猫", "😀", "<b>bold</b>", "$x^2$",
    "{=1+1}", "http://evil.example/x", "\ufffe\uffff", "a & b", "two\nlines",
    "a very long name of a class that goes on and on, as taxonomists like them to be " * 2,
)  # fmt: skip
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(\s?%)?")
ALWAYS = {"95 %", "0", "1", "0.05"}  # of intervals, of the rule for differences, of words


def write_pictures(folder: Path, names: tuple[str, ...], copies: int) -> Path:
    """A CSV of pictures that are noise around a colour of their class."""
    from PIL import Image

    draw, rows = np.random.default_rng(0), []
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        colour = draw.integers(0, 256, 3)
        for copy in range(copies):
            pixels = np.clip(colour + draw.normal(0, 60, (8, 8, 3)), 0, 255).astype(np.uint8)
            path = folder / f"{number}-{copy}.png"
            Image.fromarray(pixels).save(path)
            rows.append([path.name, name])
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])
    return folder / "labels.csv"


def compared(folder: Path, data: str | Path) -> Comparison:
    """Two networks on the same data, in folder/runs and folder/comparisons."""
    runs = [
        retinue.train(data, model=model, epochs=3, output=folder / "runs" / model)
        for model in ("softmax", "mlp")
    ]
    return retinue.compare(runs, output=folder / "comparisons" / "both")


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs/softmax, runs/mlp and comparisons/both; it must not be changed."""
    folder = tmp_path_factory.mktemp("digits")
    compared(folder, "digits")
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs/mlp, of classes that have names that no program expects."""
    folder = tmp_path_factory.mktemp("hostile")
    data = write_pictures(folder / "data", NAMES, 10)
    retinue.train(data, model="mlp", epochs=3, output=folder / "runs" / "mlp")
    return folder


@pytest.fixture(scope="session")
def hostiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a second run and comparisons/both."""
    folder = tmp_path_factory.mktemp("hostiles")
    compared(folder, write_pictures(folder / "data", NAMES, 10))
    return folder


@pytest.fixture(scope="session")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `digits`, of a hundred classes."""
    folder = tmp_path_factory.mktemp("hundred")
    names = tuple(f"the class of number {number:03d}" for number in range(100))
    compared(folder, write_pictures(folder / "data", names, 8))
    return folder


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `digits`, of two classes with long names."""
    folder = tmp_path_factory.mktemp("two")
    names = ("Felis silvestris catus, the domestic cat", "Canis lupus familiaris, the dog")
    compared(folder, write_pictures(folder / "data", names, 40))
    return folder


@pytest.fixture
def copied(digits: Path, tmp_path: Path) -> Path:
    """A copy of `digits` that may be changed."""
    return Path(shutil.copytree(digits, tmp_path / "copied"))


def opened(folder: Path) -> Run | Comparison:
    """What is in a folder."""
    is_run = (folder / "recipe.yaml").is_file()
    return Run.load(folder) if is_run else Comparison.load(folder)


@pytest.fixture(scope="session")
def _kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Path, Path]]:
    return tmp_path_factory.mktemp("slides"), {}


@pytest.fixture
def deck(_kept: tuple[Path, dict[Path, Path]]) -> Callable[[Path], Path]:
    """`deck(folder)`: the slides of a run or a comparison, written once."""
    place, known = _kept

    def write(folder: Path) -> Path:
        if folder not in known:
            known[folder] = write_slides(opened(folder), place / f"{len(known)}.pptx")
        return known[folder]

    return write


@pytest.fixture(scope="session")
def _read() -> dict[Path, list[Slide]]:
    return {}


@pytest.fixture
def slides(
    deck: Callable[[Path], Path], _read: dict[Path, list[Slide]]
) -> Callable[[Path], list[Slide]]:
    """`slides(folder)`: the same, read back; they must not be changed."""

    def read(folder: Path) -> list[Slide]:
        path = deck(folder)
        if path not in _read:
            _read[path] = list(Presentation(str(path)).slides)
        return _read[path]

    return read


def texts_of(slide: Slide) -> Iterator[str]:
    """Every text on a slide but its number: frames, tables, values written into charts."""
    shape: Any
    for shape in slide.shapes:
        if shape.name == "Slide Number":
            continue
        if shape.has_text_frame:
            yield from (paragraph.text for paragraph in shape.text_frame.paragraphs)
        if shape.has_table:
            yield from (cell.text for row in shape.table.rows for cell in row.cells)
        if shape.has_chart:
            yield from shape.chart._chartSpace.xpath(".//c:dLbl//a:t/text()")


@pytest.fixture
def texts() -> Callable[[Slide], list[str]]:
    """`texts(slide)`: every text on it."""
    return lambda slide: list(texts_of(slide))


def numbers_of(slide: Slide) -> Iterator[str]:
    """Every number on a slide as it is written, with its percent sign."""
    for text in texts_of(slide):
        for found in NUMBER.finditer(text.replace("\xa0", " ")):
            yield found[0]


def leaves(value: Any) -> Iterator[Any]:
    """All numbers in a JSON value."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def said(values: Any) -> set[str]:
    """How the numbers may be written: shares, scores, counts, times and sizes."""
    found = set()
    for value in values:
        for digits in (0, 1):
            found.add(f"{100 * value:.{digits}f} %")
        found |= {f"{value:,.0f}", f"{value:.3f}", f"{value:g}", f"{value:.2f}", f"{value:.2g}"}
        for scale in (1, 1e3, 1e-3, 1e-6):  # s, ms, kB, MB
            found.add(f"{scale * value:.3g}")
        for digits in (1, 2, 3):  # points
            found |= {f"{sign * 100 * value:.{digits}f}" for sign in (1, -1)}
    return found


@pytest.fixture
def unfounded() -> Callable[[list[Slide], list[Any]], list[str]]:
    """`unfounded(slides, values)`: numbers on slides that no value accounts for."""

    def find(slides: list[Slide], values: list[Any]) -> list[str]:
        known = said(leaves(values)) | ALWAYS
        return [
            f"slide {place}: {number}"
            for place, slide in enumerate(slides, 1)
            for number in numbers_of(slide)
            if number not in known
        ]

    return find


@pytest.fixture
def change() -> Callable[[Path, Callable[[Any], None]], None]:
    """`change(file, how)`: change a JSON file."""

    def write(path: Path, how: Callable[[Any], None]) -> None:
        value = json.loads(path.read_text(encoding="utf-8"))
        how(value)
        path.write_text(json.dumps(value), encoding="utf-8")

    return write
