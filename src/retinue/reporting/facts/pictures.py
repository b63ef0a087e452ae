"""The thumbnails that a run kept, and what is known of each."""

import csv
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from retinue.reporting.facts.reading import optional
from retinue.runs import Run
from retinue.writing import from_csv_cell


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of a picture; what was predicted, and how probable it was held, where known."""

    path: Path
    id: str
    true: str | None
    predicted: str | None
    probability: float | None


@dataclass(frozen=True)
class Pictures:
    """The thumbnails of an evaluation.

    `cells` by (true, predicted) label numbers, `samples` by label number; `mistakes` are wrong
    answers, the surest first.
    """

    cells: dict[tuple[int, int], list[Thumbnail]] = field(default_factory=dict)
    mistakes: list[Thumbnail] = field(default_factory=list)
    samples: dict[int, list[Thumbnail]] = field(default_factory=dict)


def pictures_on(run: Run, name: str) -> Pictures:
    """The thumbnails kept of a split or of other data; empty where none were kept."""
    index = optional(run, f"pictures/{name}/index.json")
    known = _thumbnails(run, name, index)

    def some(files: list[str]) -> list[Thumbnail]:
        return [known[file] for file in files if file in known]

    cells: dict[tuple[int, int], list[Thumbnail]] = {}
    for key, files in index.get("cells", {}).items():
        true, _, predicted = key.partition("-")
        cells[int(true), int(predicted)] = some(files)
    samples = {int(key): some(files) for key, files in index.get("samples", {}).items()}
    return Pictures(cells, some(index.get("mistakes", [])), samples)


def _thumbnails(run: Run, name: str, index: Mapping[str, Any]) -> dict[str, Thumbnail]:
    """Each file that is there by its name in the index, with what predictions.csv says of it."""
    folder = run.path / "pictures" / name
    answers = _answers(run, name, set(index.get("ids", {}).values()))
    found = {}
    for file, one in index.get("ids", {}).items():
        path = folder / Path(file).name  # a name with folders in it stays within this one
        if path.is_file():
            true, predicted, probability = answers.get(one, (None, None, None))
            found[file] = Thumbnail(path, one, true, predicted, probability)
    return found


def _answers(run: Run, name: str, ids: Container[str]) -> dict[str, tuple[str, str, float]]:
    """What predictions.csv says of some pictures: true, predicted, how probable.

    All other rows are passed over, for there may be tens of thousands.
    """
    found = {}
    try:
        path = run.path / "evaluation" / name / "predictions.csv"
        with path.open(encoding="utf-8", newline="") as file:
            for row in islice(csv.reader(file), 1, None):
                one, _, true, predicted = map(from_csv_cell, row[:4])
                if one in ids:
                    found[one] = true, predicted, max(map(float, row[4:]))
    except (OSError, ValueError, csv.Error):
        return {}
    return found
