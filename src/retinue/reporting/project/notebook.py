"""The notebook of the folder: its cells from a template in which `# %%` begins each."""

import re
from typing import Any

from retinue.errors import MissingExtraError
from retinue.reporting.project.source_text import render

_CELL = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)


def notebook_source(values: dict[str, Any]) -> str:
    """notebook.ipynb, not executed yet, as JSON.

    Raises:
        MissingExtraError: nbformat is not installed.
    """
    try:
        import nbformat
    except ImportError:
        raise MissingExtraError("--project", "notebook") from None
    _, *parts = _CELL.split(render("notebook.py.j2", values))
    notebook = nbformat.v4.new_notebook()
    for number, (kind, text) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        made = _markdown(text) if kind else nbformat.v4.new_code_cell(text.strip("\n"))
        made["id"] = f"cell-{number}"  # nbformat would draw another at every writing
        notebook.cells.append(made)
    notebook.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def _markdown(text: str) -> Any:
    import nbformat

    lines = (line.removeprefix("#").removeprefix(" ") for line in text.strip("\n").split("\n"))
    return nbformat.v4.new_markdown_cell("\n".join(lines))
