"""Writing the notebook."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from retinue.errors import MissingExtraError, UsageError
from retinue.experiments.comparison import Comparison
from retinue.reporting.notebook.cells import Cell
from retinue.reporting.notebook.comparison_cells import cells_of_comparison
from retinue.reporting.notebook.run_cells import cells_of_run
from retinue.runs import Run
from retinue.writing import write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

FILE = "report.ipynb"
PACKAGES = ("nbformat", "nbclient", "ipykernel")


def write_notebook(folder: Run | Comparison, output: Path | None = None) -> Path:
    """Write a notebook that loads a run or a comparison and draws everything again, executed.

    It finds the folder by its place relative to its own, and takes no code from it.

    Args:
        folder: what the notebook is about.
        output: the file to write; by default report.ipynb in the folder.

    Returns:
        The file that was written.

    Raises:
        MissingExtraError: nbformat, nbclient or ipykernel is not installed.
        UsageError: `output` is a folder.
        RetinueError: a cell failed, as where files of the folder are damaged.
    """
    if any(find_spec(name) is None for name in PACKAGES):
        raise MissingExtraError("writing a notebook", "notebook")
    path = Path(output) if output is not None else folder.path / FILE
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file, as report.ipynb")
    import nbformat

    from retinue.reporting.notebook.execute import execute

    if isinstance(folder, Comparison):
        cells = cells_of_comparison(folder, path)
    else:
        cells = cells_of_run(folder, path)
    notebook = _assembled(cells)
    path.resolve().parent.mkdir(parents=True, exist_ok=True)
    execute(notebook, path.resolve().parent)
    _describe_figures(notebook)
    nbformat.validate(notebook)
    write_text(path, nbformat.writes(notebook) + "\n")
    return path


def _assembled(cells: list[Cell]) -> "NotebookNode":
    """A notebook whose cells have numbers for names, so that it is the same every time."""
    from nbformat import v4

    make = {"markdown": v4.new_markdown_cell, "code": v4.new_code_cell}
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = [make[one.kind](one.source, id=f"cell-{n}") for n, one in enumerate(cells, 1)]
    notebook: NotebookNode = v4.new_notebook(cells=made, metadata={"kernelspec": spec})
    return notebook


def _describe_figures(notebook: "NotebookNode") -> None:
    """Give every figure an alternative text: the explanation before it."""
    before = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            before = cell.source.lstrip("# ").replace("\n", " ")
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.metadata["image/png"] = {"alt": before}
