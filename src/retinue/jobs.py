"""Work that can be many: one function, many specs, done one by one or by any executor.

A spec is a JSON mapping that says all that the function needs and names its output folder, so a job
can be done in this process, in another or on another machine, and one that is done is known by what
lies in its folder.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.errors import DiedError, RetinueError

Spec = Mapping[str, Any]
EVERY = 1.0  # seconds


@dataclass(frozen=True)
class Ending:
    """How a job ended: with a result, with an error in one line, or skipped, for it was done.

    `died` says that its process was killed; the same job may well go on another time.
    """

    spec: Spec
    result: Any = None
    error: str = ""
    skipped: bool = False
    died: bool = False


def is_finished(spec: Spec) -> bool:
    """Whether the folder `output` of a spec holds a run that is finished."""
    try:
        status = json.loads((Path(spec["output"]) / "status.json").read_text(encoding="utf-8"))
        return bool(status["state"] == "finished")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def run_all(
    function: Callable[[Spec], Any],
    specs: Iterable[Spec],
    executor: Executor | None = None,
    *,
    finished: Callable[[Spec], bool] = is_finished,
    at_once: int = 1,
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[Ending]:
    """Do all jobs and yield how each ended, in the order in which they end.

    A job that fails yields its error, and the others go on. Without anybody who asks for the next
    ending nothing goes on, but what the executor was given.

    Args:
        function: does one job. For other processes it must be importable.
        specs: may be lazy; the next is taken when there is room for it.
        executor: any of `concurrent.futures`; by default the jobs are done here.
        finished: whether a job was done before.
        at_once: jobs that the executor has at the same time.
        meanwhile: called every second while jobs of an executor are waited for.
    """
    waiting: dict[Future[Any], Spec] = {}
    try:
        for spec in specs:
            if finished(spec):
                yield Ending(spec, skipped=True)
            elif executor is None:
                yield _ending(spec, lambda spec=spec: function(spec))  # type: ignore[misc]
            else:
                waiting[executor.submit(function, spec)] = spec
            if len(waiting) >= at_once:
                yield from _ended(waiting, meanwhile)
        while waiting:
            yield from _ended(waiting, meanwhile)
    finally:
        for future in waiting:
            future.cancel()


def _ended(
    waiting: dict[Future[Any], Spec], meanwhile: Callable[[], None] | None
) -> Iterator[Ending]:
    """Wait until at least one job has ended; take away all that have."""
    done: set[Future[Any]] = set()
    while not done:
        done, _ = wait(waiting, EVERY if meanwhile else None, FIRST_COMPLETED)
        if meanwhile and not done:
            meanwhile()
    for future in done:
        yield _ending(waiting.pop(future), future.result)


def _ending(spec: Spec, result: Callable[[], Any]) -> Ending:
    try:
        return Ending(spec, result=result())
    except DiedError as error:
        return Ending(spec, error=str(error), died=True)
    except RetinueError as error:
        line = str(error)
    except Exception as error:
        line = f"{type(error).__name__}: {error}"
    return Ending(spec, error=" ".join(line.split()))
