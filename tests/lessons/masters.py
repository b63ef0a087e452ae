"""The masters of the course: lessons, and labs with their solutions."""

import re
from collections.abc import Iterator
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from retinue.lessons.catalogue import MASTERS

LABS = Path(__file__).parents[2] / "labs"
LESSON_MASTERS = sorted(MASTERS.glob("lesson*_*.py"))
LAB_MASTERS = sorted(LABS.glob("lab*_*.py"))
ALL = [*LESSON_MASTERS, *LAB_MASTERS]


def lab_of(master: Path) -> str:
    """As lab2."""
    return master.stem.partition("_")[0]


def cells_of(master: Path) -> list[NotebookNode]:
    """The cells of a master."""
    return list(jupytext.read(master, fmt="py:percent").cells)


def texts_of(cells: list[NotebookNode]) -> Iterator[str]:
    """The text of each markdown cell."""
    yield from (one.source for one in cells if one.cell_type == "markdown")


def words(cells: list[NotebookNode]) -> int:
    """How many words the markdown has; a formula or a mark between spaces counts as one."""
    return sum(len(re.sub(r"<!--.*?-->", "", text).split()) for text in texts_of(cells))
