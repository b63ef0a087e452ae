"""`grade`: from what a learning platform exports to grades, and pages for teacher and students."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retinue.errors import UsageError
from retinue.lessons.grading.breakdown import break_down, write_breakdown
from retinue.lessons.grading.grades import BREAKDOWN, TABLE, Grades
from retinue.lessons.grading.marks import Graded
from retinue.lessons.grading.names import read_names
from retinue.lessons.grading.place import FILE, placed
from retinue.lessons.grading.rubric import Read, merged, read_rubric
from retinue.lessons.grading.running import grade_all
from retinue.lessons.grading.submissions import Submission, collect
from retinue.lessons.grading.table import write_grades
from retinue.lessons.grading.which import which_lab
from retinue.lessons.question import Lab
from retinue.wording import printable

TOLD = 5  # names in a note


def _ignore(*_: Any) -> None:
    """Nobody listens."""


@dataclass
class Listener:
    """Functions that are called as it goes on; each does nothing unless it is set.

    `on_begin(lab, total)` when it is known what will be graded, `on_graded(graded, done, total)`
    after each submission.
    """

    on_begin: Callable[[Lab, int], None] = _ignore
    on_graded: Callable[[Graded, int, int], None] = _ignore


def grade(
    source: str | Path,
    lab: str | None = None,
    output: str | Path | None = None,
    *,
    checks: str | Path | None = None,
    seconds: float = 120.0,
    memory: int = 2 * 2**30,
    workers: int | None = None,
    rubric: str | Path | Sequence[str | Path] = (),
    names: str | Path | None = None,
    listener: Listener | None = None,
) -> Grades:
    """Grade what a class handed in: run each notebook apart, check its answers, write it all down.

    This is no exam security: answers and checks share a process, and who sets out to deceive can.
    What was graded before is not run again where it goes to the same folder.

    Args:
        source: a folder or archive of notebooks, or of archives of them.
        lab: its name, as "lab2"; by itself what most notebooks say.
        output: the folder; by itself that of the same source, else grades/<lab>-<n>.
        checks: the file of checks of a lab that is none of the course.
        seconds: how long a notebook may run.
        memory: how many bytes it may take.
        workers: how many run at a time; by itself one a core.
        rubric: files with points and comments for written answers; later ones go before.
        names: a CSV file with right names, by file or by the name that was made of it.
        listener: is told how it goes on.

    Raises:
        UsageError: there is nothing to grade, it is not clear as what, or a file says nonsense.
        OSError: something cannot be written.
    """
    source, listener = Path(source), listener or Listener()
    known = read_names(Path(names)) if names is not None else {}
    files = [rubric] if isinstance(rubric, str | Path) else rubric
    with tempfile.TemporaryDirectory(prefix="retinue-grading-") as unpacked:
        found = _collected(source, Path(unpacked), known)
        notebooks = [one.notebook for one in found if one.notebook is not None]
        the_lab, own = which_lab(notebooks, lab, None if checks is None else Path(checks))
        given = _given(files, the_lab, found)
        with placed(source, the_lab, None if output is None else Path(output)) as path:
            listener.on_begin(the_lab, len(found))
            running = grade_all(
                found,
                the_lab,
                own,
                path,
                seconds=seconds,
                memory=memory,
                workers=workers,
                hidden=(source, path),  # one student's notebook reads nothing of another's
            )
            graded = _listened(running, listener, len(found))
            graded = merged(_in_order(graded, found), given)
            return _written(path, the_lab, graded, _notes(found, known))


def _collected(source: Path, into: Path, names: Mapping[str, str]) -> list[Submission]:
    """What was handed in, under the right names, in the order of these."""
    found = [one for one in collect(source, into, match=names) if not _is_ours(source, one.file)]
    if not any(one.notebook for one in found):
        raise UsageError(f"{source}: holds no notebooks; name a folder or zip of them")
    return found


def _is_ours(source: Path, file: str) -> bool:
    """Whether a file lies in a folder of grades, which may lie in that of the submissions."""
    return any((source / one / FILE).is_file() for one in Path(file).parents)


def _in_order(graded: Sequence[Graded], found: Sequence[Submission]) -> list[Graded]:
    """The grades in the order of the submissions; one of an earlier time gets today's name."""
    by_file = {one.file: one for one in graded}
    return [replace(by_file[one.file], student=one.student) for one in found if one.file in by_file]


def _notes(found: Sequence[Submission], names: Mapping[str, str]) -> list[str]:
    missing = sorted(set(names.values()) - {one.student for one in found})
    told = ", ".join(printable(one, 60) for one in missing[:TOLD])
    more = ", ..." if len(missing) > TOLD else ""
    return [f"--names: nothing was handed in by {told}{more}."] if missing else []


def _given(
    files: Sequence[str | Path], lab: Lab, found: Sequence[Submission]
) -> dict[tuple[str, str], Read]:
    """What the files of points and comments say, before any notebook is run."""
    given: dict[tuple[str, str], Read] = {}
    for one in files:
        given |= read_rubric(Path(one), lab, found)
    return given


def _listened(running: Iterable[Graded], listener: Listener, total: int) -> list[Graded]:
    graded = []
    for one in running:
        graded.append(one)
        listener.on_graded(one, len(graded), total)
    return graded


def _written(path: Path, lab: Lab, graded: Sequence[Graded], notes: Sequence[str]) -> Grades:
    """The grades, with all files of them."""
    # It brings much with it, which a wrong option needs not wait for.
    from retinue.lessons.grading.pages.writing import page_names, write_pages

    pages = page_names([one.student for one in graded])
    grades = Grades(path, lab, tuple(graded), break_down(lab, graded), pages, tuple(notes))
    write_grades(path / TABLE, lab, graded)
    write_breakdown(path / BREAKDOWN, grades.breakdown)
    write_pages(grades)
    return grades
