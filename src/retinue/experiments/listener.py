"""Who wants to know how a comparison or a sweep goes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.data.cache import Progress
from retinue.runs import Run


def _ignore(*_: Any) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Job:
    """One training that is about to begin: who, in which folder, and which of how many it is."""

    name: str
    seed: int
    path: Path
    number: int
    total: int


@dataclass
class Listener:
    """Functions that are called as it goes on; each does nothing unless it is set.

    `on_load(doing, done, total)` while pictures are read or judged, `on_left_out(name, reason)`
    where one cannot take part, `on_reuse(name, run)` where a run is there already, `on_train(job)`
    before each training, `on_trained(job, run)` after it, `on_note(text)` with what to do next.
    """

    on_load: Progress | None = None
    on_left_out: Callable[[str, str], None] = _ignore
    on_reuse: Callable[[str, Run], None] = _ignore
    on_train: Callable[[Job], None] = _ignore
    on_trained: Callable[[Job, Run], None] = _ignore
    on_note: Callable[[str], None] = _ignore
