"""A master in py:percent form becomes a notebook without output, the same at every time."""

import hashlib
import json
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from retinue.errors import MissingExtraError
from retinue.lessons.first_cells import SET_UP, badge

if TYPE_CHECKING:
    from nbformat import NotebookNode

PACKAGES = ("jupytext", "nbformat", "nbclient", "ipykernel")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT = ("question", "tags")  # of the metadata of a cell
LONGEST = 64  # letters of a cell's name


def notebook_of(master: str, name: str, own: bool = False) -> "NotebookNode":
    """The notebook of a lesson's or a lab's master; a set-up cell and a badge go before its own.

    Args:
        master: its text; of a lab with solutions or without.
        name: of the notebook, without its ending: lesson2_convolution.
        own: a teacher's own lab, which lies in no repository and so has no badge.

    Returns:
        a notebook whose metadata says under `retinue` what it is: `{"lesson": "lesson2"}`, or
        `{"lab": "lab2", "version": ...}`. `sources` there is the digest of what stands in it.

    Raises:
        MissingExtraError: jupytext or nbformat is not installed.
    """
    require_packages("turning a master into a notebook")
    import jupytext
    from nbformat import v4

    make = {"markdown": v4.new_markdown_cell, "code": v4.new_code_cell, "raw": v4.new_raw_cell}
    first = [] if own else [v4.new_markdown_cell(badge(name))]
    cells = [*first, v4.new_code_cell(SET_UP)]
    for one in jupytext.reads(master.replace("\r\n", "\n"), fmt="py:percent").cells:
        kept = {key: one.metadata[key] for key in KEPT if key in one.metadata}
        cells.append(make[one.cell_type](one.source, metadata=kept))
    for number, cell in enumerate(cells, 1):
        cell.id = _cell_name(cell, number)
    told = {**about(name, own, version_of(master)), "sources": sources_of(cells)}
    metadata = {"kernelspec": KERNEL, "retinue": told}
    notebook: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    return notebook


def about(name: str, own: bool, version: str) -> dict[str, str]:
    """What a notebook says of itself, by its name: which lesson or lab it is."""
    short = name if own else name.partition("_")[0]
    if not own and short.startswith("lesson"):
        return {"lesson": short}
    return {"lab": short, "version": version}


def version_of(master: str) -> str:
    """A short digest of a master, by which older copies of a lab are told from this one."""
    return hashlib.sha256(master.replace("\r\n", "\n").encode()).hexdigest()[:12]


def sources_of(cells: Any) -> str:
    """A digest of what stands in cells, whatever their outputs, by which changes are noticed."""
    told = json.dumps([[one["cell_type"], _joined(one["source"])] for one in cells])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def text_of(notebook: "NotebookNode") -> str:
    """A notebook as the text of its file."""
    import nbformat

    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, version=4)
    return text.rstrip("\n") + "\n"


def require_packages(what: str) -> None:
    """See that what comes with the extra is installed.

    Raises:
        MissingExtraError: it is not.
    """
    if any(find_spec(name) is None for name in PACKAGES):
        raise MissingExtraError(what, "lessons")


def _cell_name(cell: Any, number: int) -> str:
    """Its question's, else its number: the same at every time, and no other cell's."""
    question = str(cell.metadata.get("question", ""))
    plain = re.fullmatch(r"\w+", question, re.ASCII)
    return f"{number}-{question}"[:LONGEST] if plain else f"cell-{number}"


def _joined(source: Any) -> str:
    """The text of a cell, which a file may keep as a list of lines."""
    return source if isinstance(source, str) else "".join(source)
