"""The process in which one notebook is run: its whole life from the fork, or the start, on.

It tells what happens as lines of JSON, at once, so that nothing is lost when it is killed.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.lessons.grading import linux
from retinue.lessons.grading.keeping import Originals
from retinue.lessons.grading.limits import (
    Limits,
    OutOfTimeError,
    hold_to,
    within,
)
from retinue.lessons.grading.marker import Marker
from retinue.lessons.grading.network import Apart
from retinue.lessons.grading.telling import Teller
from retinue.lessons.labs import OWN, find_lab, module_of, read_lab
from retinue.lessons.question import Lab

ROUNDS = 3  # in which cells that missed a name are run again
_SHARE = 0.5  # of the time that is left, which a cell or check may take at most
_FOR_CELLS = 0.75  # of all the time; the rest is for the checks at the end
_LEAST = 0.2  # seconds


@dataclass(frozen=True)
class Setting:
    """What all notebooks of a lab have in common.

    Args:
        lab: the lab's name.
        checks: the file of its checks; None for a lab of the course.
        limits: what each may take.
        hidden: files and folders that none may read.
        trains: whether what Retinue trains with is loaded once for all.
    """

    lab: str
    checks: Path | None
    limits: Limits
    hidden: Sequence[Path] = ()
    trains: bool = False


@dataclass(frozen=True)
class Ready:
    """What is loaded before a notebook comes."""

    lab: Lab
    setting: Setting
    originals: Originals
    checks: bytes | None


def load(setting: Setting) -> Ready:
    """Import what nearly every notebook needs, and the lab."""
    import matplotlib as mpl

    mpl.use("agg")
    import IPython.core.interactiveshell  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import torch

    import retinue.data.load
    import retinue.lessons.checking
    import retinue.plotting.style

    if setting.trains:
        import retinue.training.fit  # noqa: F401

    torch.set_num_threads(1)
    checks = None if setting.checks is None else setting.checks.read_bytes()
    lab = find_lab(setting.lab) if setting.checks is None else read_lab(setting.checks)
    originals = Originals()
    if setting.checks is not None:
        originals.add(sys.modules[module_of(setting.checks)])
    return Ready(lab, setting, originals, checks)


def run_notebook(
    ready: Ready, cells: Sequence[tuple[int, str]], place: Path, apart: Apart, way_out: int
) -> None:
    """Run a notebook's code cells in an empty folder, and ask the lab's questions.

    Args:
        ready: what is loaded.
        cells: the number and the source of each.
        place: the folder, which is there.
        apart: what this process was kept away from.
        way_out: the file descriptor of what it tells; it is closed at the end.
    """
    tell = Teller(way_out).tell
    _settle(place)
    if ready.checks is not None:
        Path(OWN.format(name=ready.lab.name)).write_bytes(ready.checks)
    passed_over: list[str] = []
    from retinue.lessons.grading.shell import make_shell

    shell = make_shell(passed_over.append)
    # Without a user namespace the limit would be on all that its user runs on the machine.
    is_counted_apart = apart.is_own_user or getattr(os, "getuid", int)() == linux.NOBODY
    hold_to(ready.setting.limits, is_counted_apart)
    course = _Course(ready, shell, passed_over, tell, apart.processes)
    course.run(cells)
    tell({"did": "end"})


class _Course:
    """A notebook's way through its cells."""

    def __init__(
        self,
        ready: Ready,
        shell: Any,
        passed_over: list[str],
        tell: Callable[..., None],
        alone: bool,
    ) -> None:
        self._shell, self._passed_over, self._tell = shell, passed_over, tell
        self._limits, self._originals = ready.setting.limits, ready.originals
        self._begin = time.monotonic()
        self._marker = Marker(ready.lab, shell.user_ns, tell, ready.originals)
        self._out = sys.stdout, sys.stderr, sys.stdin
        self._home, self._number, self._alone = Path.cwd(), os.getpid(), alone

    def run(self, cells: Sequence[tuple[int, str]]) -> None:
        """Run all cells, those that missed a name again after the others, and ask at the end."""
        waiting = [one for one in cells if isinstance(self._run_cell(one), NameError)]
        for again in range(1, ROUNDS + 1):
            failed = [one for one in waiting if isinstance(self._run_cell(one, again), NameError)]
            if len(failed) in (0, len(waiting)):
                break
            waiting = failed
        self._marker.at_end(self._seconds)

    def _run_cell(self, cell: tuple[int, str], again: int = 0) -> BaseException | None:
        from retinue.lessons.grading.shell import close_figures, run_cell

        number, source = cell
        before = set(self._shell.user_ns)
        error: BaseException | None
        try:
            with within(self._seconds(_FOR_CELLS)):
                error = run_cell(self._shell, source)
        except BaseException as late:  # an alarm outside of the cell's own code
            error = late
        self._restore()
        if os.getpid() != self._number:
            os._exit(0)  # a fork of the cell's has come out of it
        if isinstance(error, OutOfTimeError | BlockingIOError):
            self._sweep()
        close_figures()
        if isinstance(error, MemoryError):
            self._forget(set(self._shell.user_ns) - before)
        told = {"error": _in_words(error), "again": again, "passed_over": self._passed_over[:20]}
        told["full"] = isinstance(error, MemoryError)
        self._tell({"did": "cell", "cell": number, **told})
        self._passed_over.clear()
        self._marker.after(number, source, self._seconds)
        return error

    def _sweep(self) -> None:
        """Kill what a cell has started and left, where there are no processes but its own."""
        if self._alone and os.getppid() == 1:
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)

    def _seconds(self, share: float = 1.0) -> float:
        """What a cell or check may take: there must be time for those after it."""
        left = self._begin + share * self._limits.seconds - time.monotonic()
        return min(self._limits.cell_seconds, max(left * _SHARE, _LEAST))

    def _restore(self) -> None:
        """Undo what a cell may do to the process and what no other cell expects."""
        self._originals.restore_python()
        sys.settrace(None)
        sys.stdout, sys.stderr, sys.stdin = self._out
        with suppress(OSError):
            os.chdir(self._home)  # the folder itself may be gone

    def _forget(self, names: set[str]) -> None:
        """Throw away what a cell had made before there was no memory left."""
        for name in names:
            self._shell.user_ns.pop(name, None)
        for name in ("last_traceback", "last_value", "last_exc"):
            setattr(sys, name, None)  # they hold what the cell held


def _settle(place: Path) -> None:
    """Live in a folder: it is also the home of whatever asks for one."""
    os.chdir(place)
    temporary = place / "tmp"
    temporary.mkdir(exist_ok=True)
    import tempfile

    tempfile.tempdir = None
    os.environ |= {
        "HOME": str(place),
        "USERPROFILE": str(place),
        "TMPDIR": str(temporary),
        "TEMP": str(temporary),
        "TMP": str(temporary),
        "IPYTHONDIR": str(temporary / "ipython"),
        "MPLCONFIGDIR": str(temporary),
        "RETINUE_CACHE": str(temporary / "cache"),
    }
    sys.path.insert(0, "")  # as in a notebook: modules beside it are found


def _in_words(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} (line {error.lineno})"[:300]
    name = type(error).__name__
    try:
        text = str(error)[:300]
    except Exception:  # of the error's own
        return name
    if isinstance(error, OutOfTimeError):
        return text
    return f"{name}: {text}" if text else name
