"""A process of its own for each notebook: forked from one that has everything loaded, or started.

Forking is for Linux, where the copy leaves network and files behind. Elsewhere a new Python is
started, which takes some seconds, for the libraries of other systems do not all bear a fork.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from retinue.lessons.grading import linux
from retinue.lessons.grading.child import Ready, run_notebook
from retinue.lessons.grading.network import Apart, close_files, part

CAN_FORK = sys.platform == "linux"
Cells = Sequence[tuple[int, str]]
_LESS = 5  # whoever watches comes first

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from retinue.lessons.grading.worker import run_one; run_one()"
)


class Process(Protocol):
    """A process at work on a notebook; `output` is the file descriptor of what it tells."""

    output: int

    def has_ended(self) -> bool:
        """Whether it is over."""

    def end(self) -> None:
        """Kill it and all that it has started, and wait until they are gone."""

    def close(self) -> None:
        """Let go of its output, when nobody reads any more."""


def begin(ready: Ready | None, cells: Cells, place: Path, settings: str) -> Process:
    """Begin to run a notebook in a process of its own.

    Args:
        ready: what is loaded; where there is nothing, a new Python is started.
        cells: the number and the source of each code cell.
        place: the folder to run in, to be made.
        settings: as `worker.as_values` gives them, as JSON.
    """
    return _Started(cells, place, settings) if ready is None else _fork(ready, cells, place)


def _fork(ready: Ready, cells: Cells, place: Path) -> "_Forked":
    read, write = os.pipe()
    number = os.fork()
    if number == 0:
        _never_return(lambda: _keep(ready, cells, place, write))
    os.close(write)
    return _Forked(number, read)


@dataclass
class _Forked:
    """The first of three processes.

    It leaves the network; the next is the first in its own namespace, with whom all others there
    end; and the third runs the notebook.
    """

    number: int
    output: int
    _ended: bool = False

    def has_ended(self) -> bool:
        """Whether it is over."""
        if not self._ended:
            with suppress(ChildProcessError):
                self._ended = os.waitpid(self.number, os.WNOHANG)[0] == self.number
        return self._ended

    def end(self) -> None:
        """Kill its session, and whatever has left that and come to be a child of this process."""
        if not self._ended:
            with suppress(ProcessLookupError):
                os.killpg(self.number, signal.SIGKILL)
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.number, signal.SIGKILL)  # it may not have its session yet
                os.waitpid(self.number, 0)
        while left := _children():
            for one in left:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            self._reap()
        self._ended = True

    def close(self) -> None:
        """Let go of its output."""
        os.close(self.output)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.005)


def _children() -> list[int]:
    """The processes whose parent this one is."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        return [int(one) for one in path.read_text(encoding="ascii").split()]
    except OSError:
        return []


def _keep(ready: Ready, cells: Cells, place: Path, way_out: int) -> None:
    """The first process: go apart, and wait for the second."""
    os.setsid()
    linux.die_with_parent()
    _close_all_but(way_out)
    apart = part()
    linux.die_with_parent()  # a change of user calls it off
    number = os.fork()
    if number == 0:
        _never_return(lambda: _hold(ready, cells, place, way_out, apart))
    os.close(way_out)
    os.waitpid(number, 0)


def _hold(ready: Ready, cells: Cells, place: Path, way_out: int, apart: Apart) -> None:
    """The second process: nobody of its namespace outlives it."""
    linux.die_with_parent()
    limits = ready.setting.limits
    files = apart.processes and close_files(place, ready.setting.hidden, 2 * limits.file_bytes)
    if os.getuid() == 0:
        with suppress(OSError):
            linux.count_as_nobody()
    if apart.processes:
        with suppress(OSError):
            linux.drop_rights()
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o777)  # a shell that root's notebook starts is nobody's
    told = {"did": "apart", **asdict(apart), "files": files}
    os.write(way_out, f"{json.dumps(told)}\n".encode())
    number = os.fork()
    if number == 0:
        linux.die_with_parent()
        os.nice(_LESS)
        _never_return(lambda: run_notebook(ready, cells, place, apart, way_out))
    os.close(way_out)
    while True:  # orphans come here too
        if os.wait()[0] == number:
            return


def _never_return(work: Callable[[], None]) -> None:
    """The life of a forked process, whatever happens in it."""
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _close_all_but(kept: int) -> None:
    """Let go of the caller's files; what is read and printed is nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(3, kept)
    os.closerange(kept + 1, 1024)


class _Started:
    """A new Python, on systems where none is forked."""

    def __init__(self, cells: Cells, place: Path, settings: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(  # noqa: S603  this very Python
            [sys.executable, "-P", "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        work = {"settings": json.loads(settings), "cells": cells, "place": str(place)}
        with suppress(OSError):  # dead already: then it tells nothing
            self._process.stdin.write(json.dumps(work).encode() + b"\n")
            self._process.stdin.close()
        self.output = self._process.stdout.fileno()

    def has_ended(self) -> bool:
        """Whether it is over."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Kill it, with its session where there are sessions."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Let go of its output."""
        if self._process.stdout is not None:
            self._process.stdout.close()
