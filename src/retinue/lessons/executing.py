"""Notebooks of the course run from top to bottom, and what came of them."""

import re
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from retinue.errors import RetinueError, UsageError
from retinue.lessons.asking import MIME
from retinue.lessons.labs import OWN
from retinue.lessons.material import ROOT
from retinue.lessons.notebooks import require_packages
from retinue.lessons.outcome import Outcome
from retinue.wording import printable

if TYPE_CHECKING:
    from nbformat import NotebookNode

SECONDS = 300.0  # that a cell may take
_ASK = "from retinue.lessons.asking import tell\n\ntell({lab!r}, dict(globals()))"


@dataclass(frozen=True)
class Ran:
    """What came of running a notebook.

    Args:
        file: its name.
        seconds: how long it took.
        lab: the lab that it is of; None for all others.
        stopped: why it did not come to its end; empty where it did.
        errors: cells that failed, with what.
        outcomes: of a lab, how each of its questions was answered.
        stderr: what its cells wrote there.
    """

    file: str
    seconds: float
    lab: str | None = None
    stopped: str = ""
    errors: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    stderr: str = field(default="", repr=False)

    @property
    def right(self) -> int:
        """How many questions were answered rightly."""
        return sum(one.passed for one in self.outcomes)

    @property
    def unanswered(self) -> int:
        """How many questions nothing was written for."""
        return sum(not one.answered for one in self.outcomes)

    @property
    def ok(self) -> bool:
        """Whether it came to its end, and nothing that was written is wrong.

        Cells may fail in a lab while questions are not answered, for they lean on the answers.
        """
        wrong = len(self.outcomes) - self.right - self.unanswered
        return not self.stopped and not wrong and (not self.errors or self.unanswered > 0)


def notebooks_in(place: Path) -> list[Path]:
    """The notebooks of a folder, or the one that is named; lesson2 comes before lesson10.

    Raises:
        UsageError: there are none.
    """
    if place.suffix == ".ipynb" and place.is_file():
        return [place]
    if not place.is_dir():
        raise UsageError(f"{place}: no folder, and no notebook")
    found = sorted((one for one in place.glob("*.ipynb") if one.is_file()), key=_by_number)
    if not found:
        raise UsageError(f"{place}: no notebooks here; retinue lessons copy {place} brings some")
    return found


def run_each(place: Path, data_root: Path | None = None, seconds: float = SECONDS) -> Iterator[Ran]:
    """Run the notebooks of a folder, each in a folder of its own; files stay as they are.

    Args:
        place: the folder, or one notebook.
        data_root: where data sets lie; by default what the environment says.
        seconds: that each cell may take.

    Raises:
        MissingExtraError: nbclient, nbformat or ipykernel is not installed.
        UsageError: there are no notebooks, or no time for them.
    """
    require_packages("running notebooks")
    if not seconds > 0:
        raise UsageError(f"--timeout {seconds:g}: give each cell more than 0 seconds")
    if data_root is not None and not data_root.is_dir():
        raise UsageError(f"--data-root {data_root}: no such folder")
    variables = {} if data_root is None else {ROOT: str(data_root.resolve())}
    for path in notebooks_in(place):
        yield _run_file(path, seconds, variables)


def run_notebook(
    notebook: "NotebookNode",
    name: str,
    beside: Path | None = None,
    seconds: float = SECONDS,
    variables: Mapping[str, str] | None = None,
) -> Ran:
    """Run a notebook in an empty folder; outputs are put into it.

    Args:
        notebook: what is run.
        name: what it is called.
        beside: the folder from which a teacher's own checks are taken, where it is of such a lab.
        seconds: that each cell may take.
        variables: of the environment, beside this process's.
    """
    from retinue.reporting.notebook.execute import FailedCellError, execute

    lab = _lab_of(notebook)
    asked = _prepared(notebook, lab)
    start, stopped = time.monotonic(), ""
    begun: list[NotebookNode] = []
    with TemporaryDirectory(prefix="retinue-", ignore_cleanup_errors=True) as empty:
        checks = None if lab is None or beside is None else beside / OWN.format(name=lab)
        if checks is not None and checks.is_file():
            shutil.copy(checks, empty)
        try:
            execute(asked, Path(empty), seconds, variables, begun.append)
        except FailedCellError:
            pass  # its output is there, and tells more
        except RetinueError as error:
            place = _called(begun[-1], len(begun)) if begun else "before its first cell"
            stopped = f"{place}: {str(error).removeprefix('the notebook: ')}"
    took = time.monotonic() - start
    errors = () if stopped else _errors(notebook.cells)
    if lab is None or stopped:
        return Ran(name, took, lab, stopped, errors, (), _stderr(notebook))
    answer = asked.cells[-1].outputs
    outcomes = tuple(
        Outcome(**one) for given in answer for one in given.get("data", {}).get(MIME, ())
    )
    stopped = "; ".join(_one_line(one) for one in answer if one.output_type == "error")
    return Ran(name, took, lab, stopped, errors, outcomes, _stderr(notebook))


def _run_file(path: Path, seconds: float, variables: Mapping[str, str]) -> Ran:
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of cells without names, which older notebooks have
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
    except Exception as error:  # whatever the file holds
        reason = printable(" ".join(str(error).split()), 200)
        return Ran(path.name, 0.0, stopped=f"cannot be read as a notebook: {reason}")
    return run_notebook(notebook, path.name, path.parent, seconds, variables)


def _lab_of(notebook: "NotebookNode") -> str | None:
    told = notebook.metadata.get("retinue")
    lab = told.get("lab") if isinstance(told, dict) else None
    return lab if isinstance(lab, str) and re.fullmatch(r"\w+", lab, re.ASCII) else None


def _prepared(notebook: "NotebookNode", lab: str | None) -> "NotebookNode":
    """It without outputs; a lab is asked for its outcomes at its end, whatever has failed."""
    from nbformat import v4

    cells = notebook.cells
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if lab is not None:
                tags = [*cell.metadata.get("tags", ()), "raises-exception"]
                cell.metadata["tags"] = list(dict.fromkeys(tags))
    ask = [] if lab is None else [v4.new_code_cell(_ASK.format(lab=lab))]
    prepared: NotebookNode = v4.new_notebook(cells=[*cells, *ask], metadata=notebook.metadata)
    return prepared


def _outputs(cells: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for cell in cells:
        for output in cell.get("outputs", ()):
            yield cell, output


def _errors(cells: Sequence[Any]) -> tuple[str, ...]:
    """Each failed cell, by the number that it shows and its first line."""
    return tuple(
        f"{_called(cell, cell.execution_count)}: {printable(_one_line(output), 300)}"
        for cell, output in _outputs(cells)
        if output.output_type == "error"
    )


def _one_line(output: Any) -> str:
    return " ".join(f"{output.ename}: {output.evalue}".split())


def _called(cell: Any, number: int) -> str:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    first = printable(lines[0].strip(), 60) if lines else ""
    return f"cell [{number}] ({first})"


def _stderr(notebook: "NotebookNode") -> str:
    return "".join(
        output.text for _, output in _outputs(notebook.cells) if output.get("name") == "stderr"
    )


def _by_number(path: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.findall(r"(\d+)|(\D+)", path.name)
    return [(int(number or 0), word) for number, word in parts], path.name
