"""When a training writes checkpoints: every so often, and when it is asked to stop."""

import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from retinue.errors import UsageError
from retinue.runs import Run
from retinue.training.checkpoint import remove_checkpoints, write_checkpoint
from retinue.training.loop import Training
from retinue.training.state import Course, capture

EVERY = "60s"
FOLDER = "checkpoint"
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Every:
    """So many steps, or so many seconds."""

    steps: int | None = None
    seconds: float | None = None

    @classmethod
    def parse(cls, text: str | int) -> "Every":
        """`500` is steps; `10s`, `5m` and `1h` are time.

        Raises:
            UsageError: neither.
        """
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(text).strip())
        number, unit = found.groups() if found else ("", "")
        if unit and float(number) > 0:
            return cls(seconds=float(number) * _UNITS[unit])
        if number.isdigit() and int(number) > 0:
            return cls(steps=int(number))
        raise UsageError(f"--checkpoint-every {text}: give steps, as 500, or time, as 10s or 5m")


class StoppedError(Exception):
    """Somebody asked the training to stop; a checkpoint is written."""


class Saving:
    """Writes the checkpoints of one training."""

    def __init__(self, run: Run, every: Every) -> None:
        self._run, self._every = run, every
        self._last = time.monotonic()
        self._asked: str | None = None

    def after_step(self, training: Training, course: Course) -> None:
        """Write a checkpoint where it is time for one.

        Raises:
            StoppedError: the training was asked to stop.
        """
        self.stop_if_asked(training, course)
        if self._every.seconds is not None:
            due = time.monotonic() - self._last >= self._every.seconds
        else:
            due = (training.steps(course.epoch) + course.step) % (self._every.steps or 1) == 0
        if due:
            self.write(training, course)

    def stop_if_asked(self, training: Training, course: Course) -> None:
        """Write a checkpoint and stop, where somebody asked for it.

        Raises:
            StoppedError: somebody did; it says who.
        """
        if self._asked:
            self.write(training, course)
            raise StoppedError(self._asked)

    def ask(self, who: str) -> None:
        """Stop at the end of this step."""
        self._asked = who

    def write(self, training: Training, course: Course) -> None:
        """Write a checkpoint, and with it how long the files are to which lines are added."""
        checkpoint = capture(training, course)
        checkpoint.values["lines"] = self._run.flush_lines()
        write_checkpoint(self.folder, checkpoint)
        self._last = time.monotonic()

    def remove(self) -> None:
        """Remove all checkpoints: the run is finished, and nothing is left to go on with."""
        remove_checkpoints(self.folder)

    @property
    def folder(self) -> Path:
        """Where the run keeps its checkpoints."""
        return self._run.path / FOLDER

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM wait for the end of a step; a second one does not wait."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread is told of signals
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self.ask("by hand" if number == signal.SIGINT else "by SIGTERM")
