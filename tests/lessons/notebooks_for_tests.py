"""Notebooks that the tests of this folder run, and a lab for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4

from retinue.lessons.new import new_lab

TWO = {"stretch": "def stretch(image):\n    ", "parameters": "parameters = "}
RIGHT = {
    "stretch": "return (image - image.min()) / (image.max() - image.min())",
    "parameters": "3 * 3 * 3 * 16 + 16",
}


def notebook(sources: Sequence[str], **told: Any) -> NotebookNode:
    """A notebook of code cells, whose metadata says of it what is told."""
    book: NotebookNode = v4.new_notebook(cells=[v4.new_code_cell(one) for one in sources])
    book.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "retinue": told}
    return book


def answered(**answers: str) -> list[str]:
    """Cells of the example lab with some answers; the first imports what they may use."""
    cells = [TWO[name] + answers[name] for name in TWO if name in answers]
    return ["import numpy as np", *cells]


def example(folder: Path, name: str = "mine") -> Path:
    """The master of the example lab, written as `retinue lessons new` writes it."""
    path = folder / f"{name}.py"
    new_lab(path)
    return path
