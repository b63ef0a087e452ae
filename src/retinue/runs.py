"""The run folder: its names, reading and writing. Files only; nothing here needs torch."""

import csv
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import RetinueError, UsageError
from retinue.locks import HeldError, held, is_held
from retinue.recipe import Recipe, make_recipe, read_recipe
from retinue.wording import percent
from retinue.writing import from_csv_cell, naming, write_csv, write_json

SCHEMA = 1
RUNS = Path("runs")
STATES = ("running", "finished", "interrupted", "failed")
SILENCE = 600.0  # seconds without a sign of life after which a process is taken for dead
NO_NUMBER = "no longer a number"  # how the reason of a run that diverged says so
LINES = ("history.jsonl", "steps.jsonl")  # files to which a line is added at a time


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
            stem = f"{slug(data)}-{slug(model)}"
            path = numbered(RUNS, stem) if output is None else output
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
            if (path / "status.json").is_file():
                raise UsageError(f"{path}: was stopped before it began; remove it and train again")
            raise UsageError(f"{path}: no run folder (it has no recipe.yaml); see `retinue train`")
        run = cls(path)
        if run.status.get("schema", SCHEMA) > SCHEMA:
            raise UsageError(f"{path}: written by a newer Retinue; upgrade to read it")
        return run

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the run's lock while it is trained, so that no other process trains it too.

        Raises:
            UsageError: another process does.
        """
        try:
            with held(self.path) as is_known:
                if not is_known and self.status.get("process") != os.getpid() and self._shows_life:
                    raise HeldError
                yield
        except HeldError:
            process, host = self.status.get("process"), self.status.get("host")
            raise UsageError(
                f"{self.path}: is being trained by process {process} on {host}; wait for its end"
            ) from None

    @property
    def _shows_life(self) -> bool:
        """Whether its process is at work, by its signs of life, where no lock can tell."""
        status = self.status
        if status["state"] != "running" or _has_died(status):
            return False
        # A clock that was set back must not keep a dead run alive.
        return abs(time.time() - float(status.get("heartbeat", 0))) < SILENCE

    def take_over(self, epoch: int, step: int) -> None:
        """Be the process that trains this run, which goes on at a step.

        What the process before it left half written is removed.
        """
        (self.path / "stop").unlink(missing_ok=True)
        for part in self.path.rglob(".*.part"):
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
        ended = dict.fromkeys(("reason", "best_epoch", "training_seconds", "peak_memory"))
        status = {key: value for key, value in self.status.items() if key not in ended}
        now = {"state": "running", "epoch": epoch, "step": step, **_process()}
        write_json(self.path / "status.json", {**status, **now})

    @property
    def state(self) -> str:
        """running, finished, interrupted or failed; interrupted too where its process has died."""
        status = self.status
        state = str(status["state"])
        if state != "running":
            return state
        locked = is_held(self.path)
        if locked is None:  # no locks on this file system: a sign of life has to do
            locked = self._shows_life
        return state if locked else "interrupted"

    @property
    def has_diverged(self) -> bool:
        """Whether it ended because its loss was no number any more."""
        status = self.status
        return status["state"] == "failed" and NO_NUMBER in str(status.get("reason", ""))

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
    def splits(self) -> list[tuple[str, ...]]:
        """(id, path, class, split, digest) of every picture, from splits.csv."""
        try:
            with (self.path / "splits.csv").open(encoding="utf-8", newline="") as file:
                return [tuple(from_csv_cell(cell) for cell in row) for row in csv.reader(file)][1:]
        except OSError as error:
            raise RetinueError(f"{self.path}/splits.csv: cannot be read: {error}") from None

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
                head, *rows = ([from_csv_cell(cell) for cell in row] for row in csv.reader(file))
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

    @property
    def test_looks(self) -> int:
        """How often the test split was looked at."""
        return int(self.status.get("test_looks", 0))

    def append(self, name: str, line: Mapping[str, Any]) -> None:
        """Append one JSON line to history.jsonl or steps.jsonl."""
        path = self.path / name
        with naming(path), path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line) + "\n")

    def flush_lines(self) -> dict[str, int]:
        """Bring the files to which lines are added to the disk; gives their sizes in bytes."""
        sizes = {}
        for name in LINES:
            path = self.path / name
            with naming(path), path.open("ab") as file:
                os.fsync(file.fileno())
                sizes[name] = file.tell()
        return sizes

    def cut_lines(self, sizes: Mapping[str, int]) -> None:
        """Take away what was added to those files since they had these sizes.

        Raises:
            RetinueError: one is shorter than that.
        """
        for name in LINES:
            path, size = self.path / name, sizes.get(name, 0)
            if (path.stat().st_size if path.exists() else 0) < size:
                raise RetinueError(f"{path}: has lost lines since the checkpoint was written")
            if path.exists():
                os.truncate(path, size)

    def write_rows(self, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a CSV file of the folder, atomically."""
        write_csv(self.path / name, head, rows)

    def _read_lines(self, name: str) -> list[dict[str, Any]]:
        path = self.path / name
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").split("\n")
        # What follows the last newline is a line that was being written when the process died.
        return [json.loads(line) for line in lines[:-1]]

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.state})"

    def _repr_html_(self) -> str:
        from retinue.notebook import picture, table

        rows = []
        for name in self.evaluations:
            found = self.metrics(name)["accuracy"]
            value, low, high = (percent(found[key]) for key in ("value", "low", "high"))
            rows.append([name, found["n"], value, f"{low} to {high}"])
        head = ["evaluated on", "pictures", "accuracy", "95 % interval"]
        figures = ("learning-curves.png", "test-confusion.png", "test-mistakes.png")
        return table(head, rows, f"{self.path} ({self.state})") + "".join(
            picture(self.path / "figures" / name) for name in figures
        )


def numbered(parent: Path, stem: str) -> Path:
    """Make the folder `<parent>/<stem>-<n>`, with the first number that nobody has taken.

    Raises:
        UsageError: `parent` is a file.
    """
    if parent.exists() and not parent.is_dir():
        raise UsageError(f"{parent}: is a file; move it, or name a folder with --output")
    parent.mkdir(exist_ok=True)
    number = 1
    while True:
        path = parent / f"{stem}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


def slug(name: str) -> str:
    """A name that every file system takes: letters, digits and dashes, at most 40."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "data"


def _has_died(status: Mapping[str, Any]) -> bool:
    """Whether a run's process was one of this machine and is there no more."""
    # Elsewhere than on POSIX systems there is no way to ask that harms nobody.
    if os.name != "posix" or status.get("host") != platform.node():
        return False
    try:
        os.kill(status["process"], 0)
    except OSError as error:  # any other: it is there, and somebody else's
        return isinstance(error, ProcessLookupError)
    return False


def _process() -> dict[str, Any]:
    return {"process": os.getpid(), "host": platform.node(), "heartbeat": time.time()}
