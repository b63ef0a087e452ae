"""What a notebook may take while it is run, and how the process that runs it is held to that."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from retinue.data.refusals import MIB

resource = import_module("resource") if find_spec("resource") else None  # Windows has none
_AGAIN = 0.25  # seconds until a cell that swallowed its alarm gets the next


@dataclass(frozen=True)
class Limits:
    """What one notebook may take.

    Args:
        seconds: all of it, the checks included.
        cell_seconds: one cell or one check.
        memory: bytes besides those that Python and torch take from the start.
        file_bytes: one file that it writes; all of them twice that, where it has its own folders.
        processes: at the same time, itself included.
        reserve: bytes over `memory` that only checks may take, and all processes together.
    """

    seconds: float
    cell_seconds: float
    memory: int
    file_bytes: int = 256 * MIB
    processes: int = 64
    reserve: int = 512 * MIB


class OutOfTimeError(BaseException):
    """A cell or check takes too long; not an Exception, which many a cell catches."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Interrupt a block of Python that takes longer; without effect where there is no SIGALRM.

    Work in C is interrupted when it comes back to Python.

    Raises:
        OutOfTimeError: it does.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    is_at_work = True

    def interrupt(*_: Any) -> None:
        if is_at_work:
            raise OutOfTimeError(f"stopped after {seconds:.3g} seconds")

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        is_at_work = False
        signal.setitimer(signal.ITIMER_REAL, 0)


def hold_to(limits: Limits, counts_processes: bool) -> None:
    """Bound this process for good: memory, files, dumps and, where they are its own, processes.

    The bound is on address space, of which torch reserves gigabytes that it never touches; so it
    counts from what is taken already. Where the system counts no address space (macOS, Windows)
    there is no such bound.
    """
    if resource is None:
        return
    taken = address_space()
    if taken is not None:
        soft = taken + limits.memory
        _bound("RLIMIT_AS", soft, soft + limits.reserve)
    _bound("RLIMIT_FSIZE", limits.file_bytes, limits.file_bytes)
    _bound("RLIMIT_CORE", 0, 0)
    _bound("RLIMIT_NOFILE", 1024, 1024)
    if counts_processes:
        _bound("RLIMIT_NPROC", limits.processes, limits.processes)


@contextmanager
def reserve_open() -> Iterator[None]:
    """Let a block have the memory that is kept back from cells."""
    if resource is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def address_space() -> int | None:
    """Bytes of address space that this process has; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _bound(name: str, soft: int, hard: int) -> None:
    assert resource is not None  # noqa: S101
    kind = getattr(resource, name, None)
    if kind is None:
        return
    highest = resource.getrlimit(kind)[1]
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (soft, hard))
