"""An executor that gives each job a process of its own, which ends with the job or does the next.

Python's own pools are not used: they import the caller's script again, which fails for a script
without a main guard, and a worker that is killed, as for want of memory, takes all other jobs
along. Here a job is a function of a module, and what it takes and gives is JSON, at the ends of
two pipes.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import reduce
from importlib import import_module
from queue import Queue
from threading import Event, Thread
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from retinue.errors import DiedError, RetinueError

P = ParamSpec("P")
T = TypeVar("T")

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from retinue.processes import serve; serve()"
)


class Processes(Executor):
    """So many processes at once. Leaving its block by an error stops those at work with SIGTERM.

    `lasting` processes do one job after another: what they have imported and loaded is there for
    the next. One that dies is replaced by a new one, for the jobs after.
    """

    def __init__(self, at_once: int = 1, lasting: bool = False) -> None:
        self.lasting = lasting
        self._threads = ThreadPoolExecutor(at_once)
        self._at_work: set[subprocess.Popen[str]] = set()
        self._idle: list[subprocess.Popen[str]] = []
        self._stopped = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do a job; its errors are RetinueErrors with the text that they had there."""
        question = {
            "module": fn.__module__,
            "name": fn.__qualname__,
            "args": args,
            "kwargs": kwargs,
        }
        return self._threads.submit(self._do, json.dumps(question))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs, and wait for those at work."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        while wait and self._idle:
            _end(self._idle.pop())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stopped = True
            for process in list(self._at_work):
                process.terminate()
        self.shutdown(cancel_futures=kind is not None)

    def _do(self, question: str) -> Any:
        process = self._idle.pop() if self._idle else _start()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        self._at_work.add(process)
        try:
            if self._stopped:
                process.terminate()
            with suppress(OSError):  # dead already: then there is no answer
                process.stdin.write(f"{question}\n")
                process.stdin.flush()
            # It stays open: its end tells the process that nobody waits any more.
            answer = process.stdout.readline()
        finally:
            self._at_work.discard(process)
        if answer and self.lasting:
            self._idle.append(process)
        else:
            _end(process)
        return _result(answer, process.returncode)


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  no shell, and nothing of the user's
        [sys.executable, "-c", _START, json.dumps(sys.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,  # Ctrl-C is for the caller, who passes it on once
    )  # fmt: skip


def _end(process: "subprocess.Popen[str]") -> None:
    """Let a process without work go, and wait until it has gone."""
    with process:  # closes the pipes
        pass


def _result(answer: str, code: int | None) -> Any:
    if not answer:
        is_killed = code is not None and code < 0
        how = f"was killed by signal {abs(code or 0)}" if is_killed else f"ended with {code}"
        raise DiedError(f"its process {how} before the work was done; is memory short?")
    found = json.loads(answer)
    if "error" in found:
        raise RetinueError(found["error"])
    return found["result"]


def serve() -> None:
    """The whole life of such a process: questions on stdin, each one's work, answers on stdout."""
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:
        os.dup2(2, 1)  # what the work prints must not mix with the answers
        questions: Queue[str | None] = Queue()
        at_work = Event()
        Thread(target=_take_in, args=(questions, at_work), daemon=True).start()
        while (question := questions.get()) is not None:
            answers.write(f"{_answer(json.loads(question))}\n")
            at_work.clear()
            answers.flush()


def _answer(question: dict[str, Any]) -> str:
    try:
        module = import_module(question["module"])
        function = reduce(getattr, question["name"].split("."), module)
        return json.dumps({"result": function(*question["args"], **question["kwargs"])})  # type: ignore[operator]
    except RetinueError as error:
        return json.dumps({"error": str(error)})
    except KeyboardInterrupt:
        return json.dumps({"error": "stopped by hand"})
    except Exception as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"})


def _take_in(questions: "Queue[str | None]", at_work: Event) -> None:
    """Pass questions on until the caller is there no more; then end, as he would have ended it."""
    for question in sys.stdin:
        at_work.set()
        questions.put(question)
    if at_work.is_set():
        os.kill(os.getpid(), signal.SIGTERM)
    questions.put(None)
