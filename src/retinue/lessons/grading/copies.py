"""The copy of a lab that students were given, against which theirs is read."""

import json
from pathlib import Path

from retinue.lessons.catalogue import entries
from retinue.lessons.grading.cells import Cell, Notebook
from retinue.lessons.labs import COURSE
from retinue.lessons.notebooks import sources_of, version_of
from retinue.lessons.question import Lab


def copy_of(lab: Lab, checks: Path | None = None) -> Notebook | None:
    """The students' copy of a lab of the course, or of a teacher's own that lies beside its checks.

    None where there is no such file, or jupytext is not installed.
    """
    try:
        import jupytext
    except ImportError:
        return None
    path = _path(lab, checks)
    if path is None:
        return None
    text = path.read_text(encoding="utf-8")
    is_notebook = path.suffix == ".ipynb"
    read = jupytext.reads(text, fmt="ipynb" if is_notebook else "py:percent")
    told = read.metadata.get("retinue", {}) if is_notebook else {}
    cells = [
        Cell(number, one.cell_type, one.source, str(one.metadata.get("question", "")))
        for number, one in enumerate(read.cells, 1)
        if one.cell_type in ("code", "markdown")
    ]
    return Notebook(tuple(cells), lab.name, told.get("version") or version_of(text))


def _path(lab: Lab, checks: Path | None) -> Path | None:
    if checks is None and lab.name in COURSE:
        return next((one.path for one in entries() if one.name == lab.name), None)
    if checks is None:
        return None
    # `retinue lessons new` writes them beside one another, and the solution beside both.
    folder = (
        checks.parent.with_name("student") if checks.parent.name == "solution" else checks.parent
    )
    path = folder / f"{lab.name}.ipynb"
    return path if _is_untouched(path) else None


def _is_untouched(path: Path) -> bool:
    """Whether a notebook holds what it was made with, and nobody's answers."""
    try:
        read = json.loads(path.read_bytes())
        is_so: bool = read["metadata"]["retinue"]["sources"] == sources_of(read["cells"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return is_so
