"""Decoders that could crash or hang run in a process of their own, which may die for it.

The process is a plain Python interpreter at the ends of two pipes, with a bound on its memory. It
is started when the first such picture comes, kept for the next, and killed where one takes long.
"""

import atexit
import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, LifoQueue
from typing import IO, Any, cast

from retinue.errors import PictureError

GRACE = 5.0  # seconds over the deadline, which the parent keeps
MOST_MEMORY = 3 * 2**30  # bytes of address space, of which libraries take a part
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from retinue import images, sandbox; sandbox.serve(images.work)"
)
# What is asked: a name, settings, and the file's bytes. What is answered: a head, and bytes.
Answer = tuple[Any, bytes]
Work = Callable[[dict[str, Any], bytes], Answer]

_idle: "LifoQueue[_Child]" = LifoQueue()
_inside = False


def inside() -> bool:
    """Whether this process is such a one."""
    return _inside


def ask(settings: dict[str, Any], data: bytes, seconds: float) -> Answer:
    """Let a process work on a file's bytes, as `images.work` does.

    Raises:
        PictureError: what the work raised there, or the process died of it or took too long.
    """
    try:
        child = _idle.get_nowait()
    except Empty:
        child = _started()
    try:
        head, body = child.ask(settings, data, seconds)
    except BaseException:  # Ctrl-C too: what it was asked is not finished
        child.end()
        raise
    _idle.put(child)
    if "error" in head:
        raise PictureError(head["error"], head["passing"])
    return head, body


def _started() -> "_Child":
    try:
        return _Child()
    except OSError as error:
        raise PictureError(f"no process for its decoder: {error.strerror}", passing=True) from None


class _Child:
    """One process; see `serve` for its other end."""

    def __init__(self) -> None:
        path = json.dumps([str(folder) for folder in sys.path])
        self._process = subprocess.Popen(  # noqa: S603  this very Python
            # -P: the current folder must not shadow what is imported before the path is set.
            [sys.executable, "-P", "-c", _START, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._questions = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        # Starting takes longer than most pictures, and is not the picture's fault.
        self._answers.readline()
        atexit.register(self.end)

    def ask(self, settings: dict[str, Any], data: bytes, seconds: float) -> Answer:
        """What it answers, within so many seconds."""
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            self._process.kill()

        alarm = threading.Timer(seconds, give_up)
        alarm.daemon = True
        alarm.start()
        try:
            _write(self._questions, settings, data)
            return _read(self._answers)
        except (OSError, EOFError, ValueError):
            code = self._process.wait()
            if is_late.is_set():
                raise PictureError(
                    f"takes longer than {seconds:g} seconds to decode", passing=True
                ) from None
            raise PictureError(f"its decoder crashed (code {code})") from None
        finally:
            alarm.cancel()

    def end(self) -> None:
        """Kill the process and release its pipes."""
        atexit.unregister(self.end)
        self._process.kill()
        self._process.wait()
        for stream in (self._questions, self._answers):
            with suppress(OSError):  # what was not sent cannot be sent any more
                stream.close()


def serve(work: Work) -> None:
    """Answer questions from standard input on standard output until there are no more."""
    global _inside  # noqa: PLW0603
    _inside = True
    # The parent decides what Ctrl-C means, and ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bound_memory()
    # Whatever else prints in this process must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answers.write(b"ready\n")
    answers.flush()
    while True:
        try:
            settings, data = _read(sys.stdin.buffer)
        except EOFError:
            return
        _live_for(settings["limits"]["seconds"] + GRACE)
        try:
            head, body = work(settings, data)
        except PictureError as error:
            head, body = {"error": str(error), "passing": error.passing}, b""
        _live_for(0)
        _write(answers, head, body)


def _live_for(seconds: float) -> None:
    """Die after so many seconds, should nobody be left to kill this process; 0 calls it off."""
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(math.ceil(seconds))


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):  # the system may hold it lower already
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _write(stream: IO[bytes], head: Any, body: bytes) -> None:
    stream.write(json.dumps([len(body), head]).encode() + b"\n")
    stream.write(body)
    stream.flush()


def _read(stream: IO[bytes]) -> Answer:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    size, head = json.loads(line)
    body = stream.read(size)
    if len(body) != size:
        raise EOFError
    return head, body
