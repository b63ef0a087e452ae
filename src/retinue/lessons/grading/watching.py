"""How many processes a notebook has made, and how much memory they hold together (Linux).

The bound that the system keeps is on each process by itself, and none at all on the number of
root's processes.
"""

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def descendants(root: int) -> list[int]:
    """A process and all below it; empty where the system does not tell."""
    children: dict[int, list[int]] = {}
    for number, parent in _parents():
        children.setdefault(parent, []).append(number)
    found, new = [], [root]
    while new:
        found += new
        new = [one for number in new for one in children.get(number, [])]
    return found


def memory_of(processes: list[int], own: int, most: int) -> int:
    """Bytes that processes hold of their own, besides what they were made with; files aside.

    Args:
        processes: their numbers.
        own: as `own_memory` told in the process that made them.
        most: below this a coarse answer will do, which counts shared pages several times.
    """
    coarse = sum(max(0, _anonymous(one) - own) for one in processes)
    if coarse <= most:
        return coarse
    return max(0, sum(_share(one) for one in processes) - own)


def own_memory() -> int:
    """Bytes of memory that this process holds, files aside; 0 where the system does not tell."""
    return _anonymous(os.getpid())


def _parents() -> Iterator[tuple[int, int]]:
    try:
        names = os.listdir(_PROC)  # noqa: PTH208  thousands, several times a second
    except OSError:
        return
    for name in names:
        if name.isdigit():
            try:
                stat = (_PROC / name / "stat").read_text(encoding="ascii", errors="replace")
                # The name of its program comes before, in brackets, and may hold anything.
                yield int(name), int(stat.rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue  # gone meanwhile


def _anonymous(number: int) -> int:
    try:
        text = (_PROC / str(number) / "statm").read_text(encoding="ascii")
        _, resident, shared, *_ = map(int, text.split())
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _share(number: int) -> int:
    """The same, each shared page divided by the number of those that share it."""
    try:
        lines = (_PROC / str(number) / "smaps_rollup").read_text(encoding="ascii").splitlines()
        told = next(one for one in lines if one.startswith("Pss_Anon:"))
        return int(told.split()[1]) * 1024
    except (OSError, ValueError, StopIteration):
        return 0
