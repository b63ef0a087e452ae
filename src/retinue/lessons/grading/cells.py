"""A notebook that somebody handed in, read without trust in its form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retinue.wording import printable

MOST_CELLS = 2000
MOST_LETTERS = 1_000_000  # of a cell


@dataclass(frozen=True)
class Cell:
    """One cell.

    Args:
        number: its place in the notebook, from 1 on.
        kind: what it holds; cells that hold neither are left out.
        source: its text.
        question: which question its metadata name; empty where they do not.
    """

    number: int
    kind: Literal["code", "markdown"]
    source: str
    question: str = ""


@dataclass(frozen=True)
class Notebook:
    """A notebook.

    Args:
        cells: in their order.
        lab: the lab that its metadata name; empty where they do not.
        version: of that lab's copy; likewise.
        notes: what is odd about its form.
    """

    cells: Sequence[Cell]
    lab: str = ""
    version: str = ""
    notes: Sequence[str] = ()


class NoNotebookError(Exception):
    """Bytes are no notebook; the text says why, to follow a file's name."""


def fault_of(data: bytes) -> str:
    """Why a file is no notebook, to follow its name; empty where it is one."""
    try:
        read_notebook(data)
    except NoNotebookError as error:
        return str(error)
    return ""


def read_notebook(data: bytes) -> Notebook:
    """The notebook of a file's bytes, in format 4, or in format 3 as older programs write it.

    Raises:
        NoNotebookError: it is none.
    """
    read = _json(data)
    cells, notes = _cells(read)
    if len(cells) > MOST_CELLS:
        raise NoNotebookError(f"has more than {MOST_CELLS:,} cells")
    about = _mapping(_mapping(read.get("metadata")).get("retinue"))
    made = [_cell(number, _mapping(one)) for number, one in enumerate(cells, 1)]
    return Notebook(
        tuple(one for one in made if one is not None),
        _word(about.get("lab")),
        _word(about.get("version")),
        tuple(notes),
    )


def _json(data: bytes) -> Mapping[str, Any]:
    if not data.strip():
        raise NoNotebookError("is empty")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise NoNotebookError("is no text") from None
    if text.lstrip()[:1] == "<":
        raise NoNotebookError("is a web page; download it as a notebook (.ipynb)")
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoNotebookError(f"is broken JSON{_where(error)}") from None
    if not isinstance(read, Mapping):
        raise NoNotebookError("is JSON, but no notebook")
    return read


def _where(error: Exception) -> str:
    return f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""


def _cells(read: Mapping[str, Any]) -> tuple[Sequence[Any], list[str]]:
    """The cells of either format, and notes."""
    sheets = read.get("worksheets")
    if isinstance(read.get("cells"), list):
        return read["cells"], []
    if isinstance(sheets, list):
        cells = [one for sheet in sheets for one in _list(_mapping(sheet).get("cells"))]
        return cells, ["The notebook is in an old format, nbformat 3; it was read as such."]
    raise NoNotebookError("is JSON, but no notebook")


def _cell(number: int, cell: Mapping[str, Any]) -> Cell | None:
    kind = cell.get("cell_type")
    source = cell.get("source", cell.get("input"))  # as format 3 calls it
    if isinstance(source, list):
        source = "".join(one for one in source if isinstance(one, str))
    if not isinstance(source, str):
        return None
    question = _word(_mapping(cell.get("metadata")).get("question"))
    source = source[:MOST_LETTERS].encode("utf-8", "replace").decode()
    if kind == "code":
        return Cell(number, "code", source, question)
    if kind in ("markdown", "heading", "raw"):
        return Cell(number, "markdown", source, question)
    return None


def _word(value: Any) -> str:
    return printable(value, 60) if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
