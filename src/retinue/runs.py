"""The run folder: its names, reading and writing. Files only; nothing here needs torch."""

import csv
import json
import os
import platform
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import RetinueError, UsageError
from retinue.recipe import Recipe, make_recipe, read_recipe
from retinue.wording import percent
from retinue.writing import appearing, write_json

SCHEMA = 1
RUNS = Path("runs")
STATES = ("running", "finished", "interrupted", "failed")


@dataclass(frozen=True)
class Predictions:
    """The rows of a predictions.csv: one entry a picture, probabilities (N, K)."""

    ids: list[str]
    paths: list[str]
    true: list[str]
    predicted: list[str]
    classes: list[str]
    probabilities: NDArray[np.float64]


class Run:
    """One training in one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, data: str, model: str, output: Path | None = None) -> "Run":
        """Make a new folder, `output` or runs/<data>-<model>-<n>, that no other run can take.

        Raises:
            UsageError: `output` exists and holds something.
            RetinueError: the folder cannot be made.
        """
        try:
            path = _numbered(f"{_slug(data)}-{_slug(model)}") if output is None else output
            if output is not None:
                if output.exists() and not output.is_dir():
                    raise UsageError(f"--output {output}: is a file; name a new folder")
                output.mkdir(parents=True, exist_ok=True)
                if any(output.iterdir()):
                    raise UsageError(
                        f"--output {output}: is not empty; name a new folder, or leave --output out"
                    )
            # "x" makes exactly one of two processes that start at the same moment succeed.
            with (path / "status.json").open("x") as file:
                file.write("{}\n")
        except FileExistsError:
            raise UsageError(f"--output {output}: another run has just begun there") from None
        except OSError as error:
            raise RetinueError(f"cannot make the run folder: {error}") from None
        run = cls(path)
        started = {"schema": SCHEMA, "state": "running", "epoch": 0, "step": 0, "test_looks": 0}
        write_json(path / "status.json", {**started, "started": time.time(), **_process()})
        return run

    @classmethod
    def load(cls, path: "str | Path | Run") -> "Run":
        """Open an existing run folder.

        Raises:
            UsageError: there is none at this path, or a newer Retinue has written it.
        """
        if isinstance(path, Run):
            return path
        path = Path(path)
        if not (path / "recipe.yaml").is_file():
            raise UsageError(f"{path}: no run folder (it has no recipe.yaml); see `retinue train`")
        run = cls(path)
        if run.status.get("schema", SCHEMA) > SCHEMA:
            raise UsageError(f"{path}: written by a newer Retinue; upgrade to read it")
        return run

    @cached_property
    def recipe(self) -> Recipe:
        """Every setting, as recipe.yaml holds it."""
        return make_recipe(read_recipe(self.path / "recipe.yaml"))

    @property
    def status(self) -> dict[str, Any]:
        """State, step, process, heartbeat, looks at the test split: status.json."""
        return self.read_json("status.json")

    @cached_property
    def data(self) -> dict[str, Any]:
        """Source, classes, counts by split, digests: data.json."""
        return self.read_json("data.json")

    @property
    def classes(self) -> list[str]:
        """Class names, in the order of the network's outputs."""
        return list(self.data["classes"])

    @property
    def history(self) -> list[dict[str, Any]]:
        """A line an epoch, from history.jsonl."""
        return self._read_lines("history.jsonl")

    @property
    def steps(self) -> list[dict[str, Any]]:
        """A line every few steps, from steps.jsonl."""
        return self._read_lines("steps.jsonl")

    @property
    def evaluations(self) -> list[str]:
        """The splits and data sets it was evaluated on."""
        folder = self.path / "evaluation"
        return sorted(path.parent.name for path in folder.glob("*/metrics.json"))

    def metrics(self, split: str = "test") -> dict[str, Any]:
        """The measures on a split or another data set: evaluation/<split>/metrics.json."""
        return self.read_json(f"evaluation/{split}/metrics.json")

    def predictions(self, split: str = "test") -> Predictions:
        """The predictions on a split or another data set: evaluation/<split>/predictions.csv."""
        path = self.path / "evaluation" / split / "predictions.csv"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                head, *rows = csv.reader(file)
        except OSError:
            raise UsageError(f"{path}: no predictions; see `retinue evaluate`") from None
        columns = list(zip(*rows, strict=True)) or [()] * len(head)
        ids, paths, true, predicted = (list(column) for column in columns[:4])
        probabilities = np.array([row[4:] for row in rows], np.float64).reshape(-1, len(head) - 4)
        return Predictions(ids, paths, true, predicted, head[4:], probabilities)

    def read_json(self, name: str) -> dict[str, Any]:
        """Read one of the folder's JSON files.

        Raises:
            RetinueError: the file is missing or damaged.
        """
        path = self.path / name
        try:
            value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(f"{path}: no such file in this run") from None
        except (OSError, ValueError) as error:
            raise RetinueError(f"{path}: cannot be read: {error}") from None
        return value

    def update_status(self, **changes: Any) -> None:
        """Change some fields of status.json and renew the heartbeat."""
        write_json(self.path / "status.json", {**self.status, **changes, "heartbeat": time.time()})

    def count_test_look(self) -> int:
        """Count one look at the test split and return how many there were."""
        looks = int(self.status.get("test_looks", 0)) + 1
        self.update_status(test_looks=looks)
        return looks

    def append(self, name: str, line: Mapping[str, Any]) -> None:
        """Append one JSON line to history.jsonl or steps.jsonl."""
        with (self.path / name).open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line) + "\n")

    def write_rows(self, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a CSV file of the folder, atomically."""
        with (
            appearing(self.path / name) as aside,
            aside.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(head)
            writer.writerows(rows)

    def _read_lines(self, name: str) -> list[dict[str, Any]]:
        path = self.path / name
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").split("\n")
        # What follows the last newline is a line that was being written when the process died.
        return [json.loads(line) for line in lines[:-1]]

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.status.get('state')})"

    def _repr_html_(self) -> str:
        from retinue.notebook import picture, table

        rows = []
        for name in self.evaluations:
            found = self.metrics(name)["accuracy"]
            value, low, high = (percent(found[key]) for key in ("value", "low", "high"))
            rows.append([name, found["n"], value, f"{low} to {high}"])
        head = ["evaluated on", "pictures", "accuracy", "95 % interval"]
        figures = ("learning-curves.png", "test-confusion.png", "test-mistakes.png")
        return table(head, rows, f"{self.path} ({self.status.get('state')})") + "".join(
            picture(self.path / "figures" / name) for name in figures
        )


def _numbered(stem: str) -> Path:
    if RUNS.exists() and not RUNS.is_dir():
        raise UsageError(f"{RUNS}: is a file; move it, or name a folder with --output")
    RUNS.mkdir(exist_ok=True)
    number = 1
    while True:
        path = RUNS / f"{stem}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


def _slug(name: str) -> str:
    """A name that every file system takes: letters, digits and dashes, at most 40."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "data"


def _process() -> dict[str, Any]:
    return {"process": os.getpid(), "host": platform.node(), "heartbeat": time.time()}
