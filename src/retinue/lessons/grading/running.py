"""Each notebook of a class run apart from the others, its answers checked, and the marks kept.

This is no exam security: checks and answers share a process, and whoever sets out to deceive the
checks can. What it does is keep the class going whatever a notebook does.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import retinue
from retinue.errors import MissingExtraError
from retinue.lessons.grading.cells import NoNotebookError, Notebook, read_notebook
from retinue.lessons.grading.child import Setting
from retinue.lessons.grading.copies import copy_of
from retinue.lessons.grading.limits import Limits
from retinue.lessons.grading.marking import blank_marks, code_of, marks_of, notes_of, state_of
from retinue.lessons.grading.marks import Graded, from_json
from retinue.lessons.grading.submissions import Submission
from retinue.lessons.grading.which import labs_of
from retinue.lessons.grading.workers import Workers
from retinue.lessons.question import Lab
from retinue.writing import write_json

SCHEMA = 1  # raised when the same notebook would be marked otherwise
FOLDER = "submissions"
_TRAIN = b"train("
_CELL_SHARE = 0.25  # of a notebook's time, which one cell may take


@dataclass(frozen=True)
class _Class:
    """What all submissions have in common."""

    lab: Lab
    copy: Notebook | None
    folder: Path
    digest: str
    workers: Workers


def grade_all(
    submissions: Sequence[Submission],
    lab: Lab,
    checks: Path | None,
    folder: Path,
    *,
    seconds: float,
    memory: int,
    workers: int | None = None,
    cell_seconds: float | None = None,
    hidden: Sequence[Path] = (),
) -> Iterator[Graded]:
    """Run and mark what a class handed in; gives each as it is done.

    A submission that was graded before with the same notebook, checks and limits is not run again.

    Args:
        submissions: what `collect` found.
        lab: what is asked.
        checks: the file that defines it; None for a lab of the course.
        folder: results are kept there, in `submissions`, each in a file.
        seconds: for one notebook, its checks included.
        memory: bytes for one notebook, besides what Python and torch take from the start.
        workers: how many notebooks are run at the same time; by default one a core.
        cell_seconds: for one cell; by default a quarter of `seconds`.
        hidden: further files and folders that no notebook may read, as those of the class.

    Raises:
        MissingExtraError: IPython is not installed.
        RetinueError: no process for notebooks can be started.
        OSError: a result cannot be written.
    """
    if find_spec("IPython") is None:
        raise MissingExtraError("running notebooks", "lessons")
    limits = Limits(seconds, cell_seconds or seconds * _CELL_SHARE, memory)
    unread = {folder.resolve(), *(one.resolve() for one in hidden)}
    unread |= {one.notebook.resolve().parent for one in submissions if one.notebook is not None}
    trains = any(_TRAIN in one.notebook.read_bytes() for one in submissions if one.notebook)
    setting = Setting(lab.name, checks and checks.resolve(), limits, tuple(sorted(unread)), trains)
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    at_once = workers or os.cpu_count() or 1
    with Workers(setting) as started:
        digest = digest_of(lab, checks, limits)
        of_class = _Class(lab, copy_of(lab, checks), place, digest, started)
        pool = ThreadPoolExecutor(at_once)
        try:
            futures = [pool.submit(_grade, one, of_class) for one in submissions]
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def digest_of(lab: Lab, checks: Path | None, limits: Limits) -> str:
    """A digest of all that marks depend on besides the notebook."""
    told = [str(SCHEMA), retinue.__version__, sys.version, json.dumps(asdict(limits))]
    digest = hashlib.sha256("\n".join(told).encode())
    for path in _sources(lab, checks):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(lab: Lab, checks: Path | None) -> Sequence[Path]:
    lessons = Path(__file__).parents[1]
    shared = [lessons / "comparing.py", lessons / "checking.py"]
    if checks is not None:
        return [*shared, checks]
    return [*shared, *sorted((lessons / "checks").glob(f"{lab.name}*.py"))]


def _grade(submission: Submission, of_class: _Class) -> Graded:
    """Mark one submission, or take what was found before; the note of the search goes first."""
    name = hashlib.sha256(submission.file.encode()).hexdigest()[:16]
    path = of_class.folder / f"{name}.json"
    if submission.notebook is None:
        graded = _unreadable(submission, of_class.lab, [])
    else:
        data = submission.notebook.read_bytes()
        key = hashlib.sha256(of_class.digest.encode() + data).hexdigest()
        graded = _kept(path, key) or _marked(submission, data, of_class)
        write_json(path, {"key": key, "graded": graded.as_json()})
    notes = [submission.note, *graded.notes] if submission.note else graded.notes
    student, file = submission.student, submission.file
    return replace(graded, student=student, file=file, notes=tuple(notes))


def _kept(path: Path, key: str) -> Graded | None:
    """What was found before by the same key."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["key"] == key:
            return from_json(read["graded"])
    return None


def _marked(submission: Submission, data: bytes, of_class: _Class) -> Graded:
    lab = of_class.lab
    try:
        notebook = read_notebook(data)
    except NoNotebookError as error:
        return _unreadable(submission, lab, [f"The file {error}."])
    if other := _other_lab(submission, notebook, lab):
        return _unreadable(submission, lab, [f"This is a notebook of {other}, not of {lab.name}."])
    started = time.monotonic()
    events = of_class.workers.run([(one.number, one.source) for one in code_of(notebook)])
    seconds = time.monotonic() - started
    marks, notes = marks_of(lab, events, notebook, of_class.copy)
    notes = [*notes_of(events, notebook, of_class.copy), *notes]
    student, file = submission.student, submission.file
    state = state_of(events)
    return Graded(student, file, lab.name, state, marks, tuple(notes), round(seconds, 2))


def _other_lab(submission: Submission, notebook: Notebook, lab: Lab) -> str:
    """The lab that a notebook is of, if it is another and nothing in it asks for this one."""
    assert submission.notebook is not None  # noqa: S101
    labs = labs_of(submission.notebook)
    if not labs or lab.name in labs:
        return ""
    names = (f'"{lab.name}.', f"'{lab.name}.")
    is_asked = any(name in one.source for one in code_of(notebook) for name in names)
    return "" if is_asked else min(labs)


def _unreadable(submission: Submission, lab: Lab, notes: Sequence[str]) -> Graded:
    student, file = submission.student, submission.file
    return Graded(student, file, lab.name, "unreadable", blank_marks(lab), tuple(notes))
