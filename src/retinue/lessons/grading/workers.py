"""Processes that run notebooks, as their starter sees them: a notebook in, what happened out."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Timer
from types import TracebackType
from typing import Any

from retinue.errors import RetinueError
from retinue.lessons.grading.apart import Cells
from retinue.lessons.grading.child import Setting
from retinue.lessons.grading.worker import as_values

PATIENCE = 60.0  # seconds over a notebook's time until its worker is given up
# What a notebook's process finds in its environment: nothing that could be a secret.
_KEPT = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "USERPROFILE", "LD_LIBRARY_PATH", "RETINUE_DATA_ROOT"),
)
_SET = {
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # each further one reserves address space, which is bounded
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONBREAKPOINT": "0",
    "PYTHONUTF8": "1",
}
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from retinue.lessons.grading.worker import main; main()"
)
Events = Sequence[Mapping[str, Any]]


class Workers:
    """Workers for one lab, started when they are needed; leaving the block ends all of them."""

    def __init__(self, setting: Setting) -> None:
        self._settings = json.dumps(as_values(setting))
        self._seconds = setting.limits.seconds
        self._idle: LifoQueue[_Worker] = LifoQueue()
        self._all: list[_Worker] = []
        self._is_over = False

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._is_over = True
        for one in self._all:
            one.end()

    def run(self, cells: Cells) -> Events:
        """Run a notebook's cells in a worker that is idle, or a new one.

        A worker that is killed, as for want of memory, may not be at fault: another one tries.

        Raises:
            RetinueError: no worker can be started, or the block is over.
        """
        started = time.monotonic()
        events = self._run(cells)
        if events[-1]["did"] != "ended" and time.monotonic() - started < self._seconds:
            events = self._run(cells)
        return events

    def _run(self, cells: Cells) -> Events:
        try:
            worker = self._idle.get_nowait()
        except Empty:
            worker = _Worker(self._settings)
            self._all.append(worker)
        events = worker.run(cells, self._seconds + PATIENCE)
        if self._is_over:
            worker.end()
            raise RetinueError("grading was stopped")
        if events[-1]["did"] == "ended":
            self._idle.put(worker)
        else:
            worker.end()
        return events


class _Worker:
    """One process; `retinue.lessons.grading.worker` is its other end."""

    def __init__(self, settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="retinue-run-", ignore_cleanup_errors=True
        )
        path = json.dumps([str(one) for one in sys.path])
        errors = Path(self._folder.name, "errors.txt")
        with errors.open("wb") as stream:
            self._process = subprocess.Popen(  # noqa: S603  this very Python
                [sys.executable, "-P", "-c", _START, path, settings, self._folder.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=environment(),
                start_new_session=True,  # Ctrl-C is for the caller
                cwd=self._folder.name,
            )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        self._questions, self._answers = self._process.stdin, self._process.stdout
        if not self._answers.readline():  # which it writes when it has loaded everything
            said = errors.read_text("utf-8", errors="replace").strip().splitlines() or ["nothing"]
            self.end()
            raise RetinueError(f"no process for notebooks can be started; it said: {said[-1]}")

    def run(self, cells: Cells, seconds: float) -> Events:
        """What happens to a notebook; `ended` comes last, unless the worker itself ends first."""
        alarm = Timer(seconds, self._process.kill)
        alarm.daemon = True
        alarm.start()
        events: list[Mapping[str, Any]] = []
        try:
            self._questions.write(json.dumps(list(cells)).encode() + b"\n")
            self._questions.flush()
            while not events or events[-1]["did"] != "ended":
                line = self._answers.readline()
                if not line:
                    break
                events.append(json.loads(line))
        except OSError:
            pass  # it is dead: there are no more events
        finally:
            alarm.cancel()
        return events or [{"did": "died"}]

    def end(self) -> None:
        """Kill it, and with it what it has started."""
        self._process.kill()
        self._process.wait()
        for stream in (self._questions, self._answers):
            with suppress(OSError, ValueError):
                stream.close()
        self._folder.cleanup()


def environment() -> dict[str, str]:
    """The environment of a notebook's process."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **_SET}
