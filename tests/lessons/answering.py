"""The answers that the solution of a lab gives, without what it only shows."""

import contextlib
import re
import tempfile
from pathlib import Path
from typing import Any

import jupytext

LABS = Path(__file__).parents[2] / "labs"
_CHECKING = re.compile(r"^(\w+ *= *)?check\(", re.MULTILINE)


def answers_of(lab: str, folder: Path = LABS) -> dict[str, Any]:
    """Every name that the code of a lab's solution defines, run in an empty folder.

    Left out are cells tagged "shown", cells that call `check`, and those after the last answer.
    """
    (master,) = folder.glob(f"{lab}_*.py")
    book = jupytext.read(master, fmt="py:percent")
    cells = [one for one in book.cells if one.cell_type == "code"]
    last = max(number for number, one in enumerate(cells) if "question" in one.metadata)
    names: dict[str, Any] = {"__name__": lab}
    with tempfile.TemporaryDirectory() as empty, contextlib.chdir(empty):
        for number, cell in enumerate(cells[: last + 1]):
            is_shown = "shown" in cell.metadata.get("tags", ())
            if "question" in cell.metadata or not (is_shown or _CHECKING.search(cell.source)):
                exec(compile(cell.source, f"{master.name}, code cell {number}", "exec"), names)
    return names
