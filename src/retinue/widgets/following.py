"""A run's folder while somebody writes it: each look reads what is new, and none fails."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from retinue.errors import RetinueError
from retinue.locks import is_held
from retinue.runs import STATES, Run
from retinue.widgets.panel import Value
from retinue.wording import count, printable

WAITING = "waiting"
STEPS = 400  # of which so many at most are shown
REASON = 500  # letters of a reason
GRACE = 5.0  # seconds within which a new folder is locked

EPOCH_KEYS = (
    "epoch", "lr", "train_loss", "train_accuracy", "subset_loss", "subset_accuracy",
    "val_loss", "val_accuracy", "seconds",
)  # fmt: skip
STEP_KEYS = ("step", "loss", "lr")

Row = dict[str, int | float | None]
_One = TypeVar("_One")


class NewLines:
    """A file to which lines of JSON are added, read on from where the last look ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def take(self) -> list[dict[str, Any]]:
        """The whole lines that came since; all of them where the file became shorter meanwhile.

        A line that is half written waits for its end; what is no mapping in JSON is passed over.
        """
        try:
            with self._path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._read:
                    self._read = 0
                file.seek(self._read)
                new = file.read()
        except OSError:
            self._read = 0
            return []
        whole, end, _ = new.rpartition(b"\n")
        self._read += len(whole) + len(end)
        return [line for text in whole.split(b"\n") if (line := _mapping(text)) is not None]


class Followed:
    """What a run's folder shows: curves, state, and a line that says where the training is.

    `ended` is True once nothing more will come: the run has ended and nobody holds its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ended = False
        self._epochs: list[Row] = []
        self._steps: list[Row] = []
        self._new_epochs = NewLines(path / "history.jsonl")
        self._new_steps = NewLines(path / "steps.jsonl")
        self._planned: float | None = None

    def look(self) -> dict[str, Value]:
        """Read what is new: `stage` of the run, `said`, `history`, `steps` and `best_epoch`."""
        for line in self._new_epochs.take():
            _join(self._epochs, _row(line, EPOCH_KEYS), "epoch")
        for line in self._new_steps.take():
            _join(self._steps, _row(line, STEP_KEYS), "step")
        status = _read_status(self.path)
        stage = _stage(self.path, status)
        self.ended = stage not in (WAITING, "running") and is_held(self.path) is not True
        return {
            "stage": stage,
            "said": self._say(stage, status),
            "history": list(self._epochs),
            "steps": thinned(self._steps, STEPS),
            "best_epoch": _number(status.get("best_epoch")),
        }

    def _say(self, stage: str, status: Mapping[str, Any]) -> str:
        if stage == WAITING:
            return f"waiting for {printable(str(self.path))} to begin"
        if stage == "running":
            return self._say_running(status)
        reason = status.get("reason")
        told = printable(str(reason), REASON) if reason else "its process ended without a word"
        best = _number(status.get("best_epoch"))
        if stage == "finished":
            return f"finished: {told}" + (f"; best epoch {best:g}" if best else "")
        resume = f"; go on with: retinue train --resume {printable(str(self.path))}"
        return f"{stage}: {told}" + (resume if stage == "interrupted" else "")

    def _say_running(self, status: Mapping[str, Any]) -> str:
        """Where the training is, as people count."""
        if self._planned is None:
            self._planned = _planned(self.path)
        done = len(self._epochs)
        if self._planned is not None and done >= self._planned:
            return f"all {count(done, 'epoch')} done; the run is being judged"
        of = f" of {self._planned:g}" if self._planned is not None else ""
        steps = _number(status.get("step")) or 0
        if self._steps:
            steps = max(steps, self._steps[-1]["step"] or 0)
        done_steps = f", {count(int(steps), 'step')}" if steps else ""
        return f"running: epoch {done + 1}{of}{done_steps}"


def _stage(path: Path, status: Mapping[str, Any]) -> str:
    """Waiting, or the state of the run."""
    state = status.get("state")
    if state not in STATES:
        return WAITING
    if state != "running":
        return str(state)
    # A run's lock comes a moment after its folder; who tried it just then would be in the way.
    is_new = abs(time.time() - (_number(status.get("started")) or 0)) < GRACE
    return "running" if is_new or _is_at_work(path) else "interrupted"


def _is_at_work(path: Path) -> bool:
    try:
        return Run(path).state == "running"
    except (RetinueError, KeyError, TypeError, ValueError):
        return False  # it was removed, or its status is not what a run writes


def thinned(rows: Sequence[_One], most: int) -> list[_One]:
    """Every so manieth of the rows, and always the last: at most `most` and one."""
    kept = list(rows[:: max(1, -(-len(rows) // most))])
    return kept if not rows or kept[-1] is rows[-1] else [*kept, rows[-1]]


def _join(rows: list[Row], row: Row, key: str) -> None:
    """Add a row; those from its place on were of a training that went back to a checkpoint."""
    place = row[key]
    if place is None:
        return
    while rows and (rows[-1][key] or 0) >= place:
        rows.pop()
    rows.append(row)


def _row(line: Mapping[str, Any], keys: Sequence[str]) -> Row:
    return {key: _number(line.get(key)) for key in keys}


def _number(value: Any) -> int | float | None:
    """A number that a page can draw; None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= 1e300 else None


def _read_status(path: Path) -> dict[str, Any]:
    """status.json; nothing where it is not there, or not whole."""
    try:
        return _mapping((path / "status.json").read_bytes()) or {}
    except OSError:
        return {}


def _mapping(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _planned(path: Path) -> float | None:
    """How many epochs the recipe wants; None where it cannot be read yet."""
    try:
        return float(Run.load(path).recipe.epochs)
    except RetinueError:
        return None
