"""Looking at many picture files on all cores: in threads, or in processes where that is faster.

Large pictures spend their time inside Pillow, which lets other threads run; small ones spend it in
Python, which does not. Worker processes are plain interpreters at the ends of two pipes. Python's
own pools are not used: forking is unsafe beside torch's threads, and their other ways of starting
import the caller's script again, which fails for a script without a main guard and for standard
input. A worker holds no state and writes no file: it ends when its pipe does, and may be killed.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, cast

from retinue.data.looking import Look, look_at_all, read_answer, read_ready, write_question
from retinue.errors import RetinueError
from retinue.images import Preprocess

Submit = Callable[[Sequence[bytes], Preprocess], "Future[list[Look]]"]

MOST_CORES = 16
MANY = 2000  # files from which on starting processes pays
SMALL = 2**14  # bytes of a file, on average, up to which processes are faster than threads
_CHUNK_FILES = 256
_CHUNK_BYTES = 2**20  # of files, and of pixels
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from retinue.data.looking import serve; serve()"
)


def looks(
    contents: Iterable[tuple[str, bytes]], rule: Callable[[], Preprocess], processes: int
) -> Iterator[tuple[str, Preprocess, Look]]:
    """Yield (name, rule that was followed, look) of every file, in order.

    `rule` is asked again for every few files; `processes` is 0 for threads. Files are read ahead
    by a few MiB, which bounds the memory.

    Raises:
        RetinueError: a worker process ended before its time.
    """
    waiting: deque[tuple[list[str], Preprocess, Future[list[Look]]]] = deque()
    with _team(processes) as submit:
        for names, files in _chunks(contents, rule):
            now = rule()
            waiting.append((names, now, submit(files, now)))
            if len(waiting) > 2 * cores():
                yield from _named(*waiting.popleft())
        while waiting:
            yield from _named(*waiting.popleft())


def processes_for(sizes: Sequence[int]) -> int:
    """How many worker processes are best for files of these sizes in bytes; 0 is for threads."""
    if len(sizes) < MANY or sum(sizes) > SMALL * len(sizes) or not _can_start_python():
        return 0
    return cores()


def cores() -> int:
    """Cores that this process may use, as far as they are of use here."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    return min(count, MOST_CORES)


def _named(
    names: list[str], rule: Preprocess, future: "Future[list[Look]]"
) -> Iterator[tuple[str, Preprocess, Look]]:
    for name, look in zip(names, future.result(), strict=True):
        yield name, rule, look


def _chunks(
    contents: Iterable[tuple[str, bytes]], rule: Callable[[], Preprocess]
) -> Iterator[tuple[list[str], list[bytes]]]:
    """Names and bytes of a few files at a time."""
    names: list[str] = []
    files: list[bytes] = []
    size = 0
    for name, data in contents:
        names.append(name)
        files.append(data)
        size += len(data) + math.prod(rule().shape)
        if len(files) == _CHUNK_FILES or size >= _CHUNK_BYTES:
            yield names, files
            names, files, size = [], [], 0
    if files:
        yield names, files


@contextmanager
def _team(processes: int) -> Iterator[Submit]:
    """What takes some files to look at them later; in the end nothing of it is left running."""
    workers = _started(processes)
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)
    threads = ThreadPoolExecutor(len(workers) or cores())

    def ask(files: Sequence[bytes], rule: Preprocess) -> list[Look]:
        if not workers:
            return look_at_all(files, rule)
        worker = idle.get()
        try:
            return worker.ask(files, rule)
        finally:
            idle.put(worker)

    try:
        yield lambda files, rule: threads.submit(ask, files, rule)
    finally:
        for worker in workers:
            worker.process.kill()
        threads.shutdown(cancel_futures=True)
        for worker in workers:
            worker.close()


def _started(processes: int) -> list["_Worker"]:
    workers: list[_Worker] = []
    # Where no process can be started, threads do the work.
    with suppress(OSError):
        for _ in range(processes):
            workers.append(_Worker())
    return workers


def _can_start_python() -> bool:
    """Whether `sys.executable` is Python, and not a program that Python is built into."""
    name = Path(sys.executable or "").name.lower()
    return not getattr(sys, "frozen", False) and ("python" in name or "pypy" in name)


def _start(complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    path = json.dumps([str(folder) for folder in sys.path])
    return subprocess.Popen(  # noqa: S603  this very Python
        # -P: the current folder must not shadow what is imported before the path is set.
        [sys.executable, "-P", "-c", _START, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


class _Worker:
    """One process that looks at files; see `looking.serve` for its other end."""

    def __init__(self) -> None:
        # A pipe that nobody reads would fill up; a file does not.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        try:
            self.process = _start(self._complaints)
        except OSError:
            self._complaints.close()
            raise
        self._questions = cast("IO[bytes]", self.process.stdin)
        self._answers = cast("IO[bytes]", self.process.stdout)
        self._is_ready: bool | None = None

    def is_ready(self) -> bool:
        """Whether the process came up; waits for it."""
        if self._is_ready is None:
            self._is_ready = read_ready(self._answers)
        return self._is_ready

    def ask(self, files: Sequence[bytes], rule: Preprocess) -> list[Look]:
        """What the process sees in some files; where it never came up, this process looks."""
        if not self.is_ready():
            return look_at_all(files, rule)
        try:
            write_question(self._questions, files, rule)
            return read_answer(self._answers, rule)
        except (OSError, EOFError, ValueError):
            raise RetinueError(self._end()) from None

    def close(self) -> None:
        """Wait for the end of the killed process and release its pipes."""
        self.process.wait()
        for stream in (self._questions, self._answers, self._complaints):
            with suppress(OSError):  # what was not sent cannot be sent any more
                stream.close()

    def _end(self) -> str:
        code = self.process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        return (
            f"a process that decodes pictures ended with code {code} ({last}); was it killed, or "
            "did the memory run out? Run the same again"
        )
