"""A teacher's own lab: from a master with solutions to what students and the grading need."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from retinue.errors import RetinueError, UsageError
from retinue.lessons.copying import states_for, write_notebooks
from retinue.lessons.executing import SECONDS, Ran, run_notebook
from retinue.lessons.labs import COURSE, OWN, read_lab
from retinue.lessons.notebooks import notebook_of, require_packages, text_of
from retinue.lessons.question import Lab
from retinue.lessons.student import student_of
from retinue.lessons.template import template
from retinue.wording import printable
from retinue.writing import write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

MADE = "# Made by `retinue lessons new` from {file}; change it there.\n"
_HEADER = re.compile(r"# *%%")
_CHECKS = re.compile(r"""# *%%.*\btags *= *\[[^]]*["']checks["']""")


@dataclass(frozen=True)
class Made:
    """What was made of a master.

    Args:
        lab: what it asks; None where the master itself was made.
        files: what was written.
        solution: the run of the solution, in which every answer is right.
        untouched: the run of the students' copy, in which none is.
    """

    files: Sequence[Path]
    lab: Lab | None = None
    solution: Ran | None = None
    untouched: Ran | None = None


def new_lab(path: Path, force: bool = False, seconds: float = SECONDS) -> Made:
    """Write a first master where there is none; else make the lab of the one that is there.

    The folder of the lab lies beside the master and is called as it is. `student/` in it is what
    students get, with the checks; `solution/` has the solution.

    Args:
        path: the master, a .py file in py:percent form.
        force: write over notebooks that somebody has worked on.
        seconds: that each cell may take.

    Raises:
        MissingExtraError: the packages for notebooks are not installed.
        UsageError: the name, the markers or the checks are not as they must be.
        RetinueError: the solution does not pass all checks, or the students' copy passes one.
    """
    _require_name(path)
    require_packages("making a lab")
    if not path.exists():
        write_text(path, template(path.stem, path.name))
        return Made([path])
    master, checks = parts_of(path)
    name = path.stem
    student = notebook_of(student_of(master, path.name), name, own=True)
    solution = notebook_of(master, name, own=True)
    folders = {"student": text_of(student), "solution": text_of(solution)}
    folder = path.with_suffix("")
    texts = {folder / one / f"{name}.ipynb": text for one, text in folders.items()}
    files = [folder / one / OWN.format(name=name) for one in folders]
    _require_free(texts, files, force)
    lab, ran, untouched = _tried(name, path, checks, (solution, student), seconds)
    write_notebooks(texts, force)
    for one in files:
        write_text(one, checks)
    return Made([*texts, *files], lab, ran, untouched)


def _require_name(path: Path) -> None:
    if path.suffix != ".py":
        raise UsageError(f"{path}: name a .py file, as {path.stem or 'mylab'}.py")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file")
    if not re.fullmatch(r"[a-z]\w*", path.stem, re.ASCII | re.IGNORECASE):
        raise UsageError(f"{path}: a lab's name has letters, digits and _ only, a letter first")
    if path.stem in COURSE:
        raise UsageError(f"{path}: {path.stem} is a lab of the course; choose another name")


def parts_of(path: Path) -> tuple[str, str]:
    """The master without its checks, and these.

    Raises:
        UsageError: it cannot be read, or there are no checks.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8: {error}") from None
    master: list[str] = []
    checks: list[str] = []
    here = master
    for line in text.split("\n"):
        if _HEADER.match(line):
            here = checks if _CHECKS.match(line) else master
        if here is master or not _HEADER.match(line):
            here.append(line)
    beside = path.with_name(OWN.format(name=path.stem))
    if not checks and not beside.is_file():
        raise UsageError(
            f'{path}: no checks: write them in a cell `# %% tags=["checks"]`, or in {beside.name}'
        )
    told = "\n".join(checks) if checks else beside.read_text(encoding="utf-8")
    return "\n".join(master), MADE.format(file=path.name) + told.strip("\n") + "\n"


def _tried(
    name: str,
    path: Path,
    checks: str,
    notebooks: tuple["NotebookNode", "NotebookNode"],
    seconds: float,
) -> tuple[Lab, Ran, Ran]:
    """The lab, and the runs of its solution and of its untouched copy, which are as they must be.

    Raises:
        RetinueError: they are not.
    """
    solution, student = notebooks
    with TemporaryDirectory(prefix="retinue-") as aside:
        file = Path(aside) / OWN.format(name=name)
        write_text(file, checks)
        lab = _lab(file, path, solution)
        ran = run_notebook(solution, "the solution", Path(aside), seconds)
        _require_right(path, lab, ran)
        untouched = run_notebook(student, "the students' copy", Path(aside), seconds)
        _require_wrong(path, untouched)
    return lab, ran, untouched


def _lab(file: Path, path: Path, solution: "NotebookNode") -> Lab:
    """The lab of the checks, which asks what the master has cells for.

    Raises:
        UsageError: it does not.
    """
    try:
        lab = read_lab(file)
    except UsageError as error:
        raise UsageError(str(error).replace(str(file), f"{path}: its checks")) from error
    if lab.name != path.stem:
        raise UsageError(f"{path}: its LAB is called {printable(lab.name)}; call both {path.stem}")
    asked = {*lab.questions, *lab.written}
    told = {cell.metadata["question"] for cell in solution.cells if "question" in cell.metadata}
    for one in sorted(asked - told):
        raise UsageError(f'{path}: no cell is marked with question="{one}", which its LAB asks')
    for one in sorted(told - asked):
        raise UsageError(f'{path}: a cell has question="{printable(str(one))}"; its LAB does not')
    return lab


def _require_right(path: Path, lab: Lab, ran: Ran) -> None:
    wrong = [f"{one.question}: {one.case or 'no answer'}" for one in ran.outcomes if not one.passed]
    faults = [ran.stopped, *ran.errors, *wrong] if ran.stopped else [*wrong, *ran.errors]
    if not faults and len(ran.outcomes) != len(lab.questions):
        faults = ["it gave no outcomes"]
    if faults:
        raise RetinueError(f"{path}: the solution does not pass; nothing was written: {faults[0]}")


def _require_wrong(path: Path, ran: Ran) -> None:
    if ran.stopped:
        raise RetinueError(f"{path}: the students' copy does not run: {ran.stopped}")
    right = [one.question for one in ran.outcomes if one.passed]
    if right:
        raise RetinueError(
            f"{path}: the students' copy passes {', '.join(right)} with nothing written; put the "
            "answer between markers. No lab was written"
        )


def _require_free(texts: dict[Path, str], files: Sequence[Path], force: bool) -> None:
    """See that nothing will be lost.

    Raises:
        UsageError: somebody has worked on a notebook, or a file of checks was not made here.
    """
    states_for(texts, force)
    for path in files:
        if path.exists() and not force and not _is_made(path):
            raise UsageError(f"{path}: not made by this command; --force writes over it")


def _is_made(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().startswith(MADE.split("{", maxsplit=1)[0])
