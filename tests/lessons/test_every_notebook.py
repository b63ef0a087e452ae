"""Every lesson and every solution runs green, with the real data and without any."""

from pathlib import Path

import jupytext
import pytest
from nbformat import NotebookNode, v4

from retinue.lessons.executing import Ran, run_notebook
from retinue.lessons.material import ROOT
from retinue.lessons.notebooks import notebook_of
from retinue.lessons.student import student_of
from tests.lessons.masters import ALL, LAB_MASTERS, lab_of
from tests.lessons.notebooks_for_tests import notebook

pytestmark = pytest.mark.slow

MOST_SECONDS = 300  # for a notebook, on the two processors of CI
FALLEN_BACK = "This notebook goes on with"  # what `lesson_data` says where there is no data
EVERY = [pytest.param(path, id=path.stem) for path in ALL]
LABS = [pytest.param(path, id=path.stem) for path in LAB_MASTERS]


def notebook_from(master: Path) -> NotebookNode:
    return notebook_of(master.read_text(encoding="utf-8"), master.stem)


def faults(ran: Ran) -> list[str]:
    """All that keeps a run from being green."""
    wrong = [str(one) for one in ran.outcomes if not one.passed]
    late = [f"{ran.seconds:.0f} s"] if ran.seconds > MOST_SECONDS else []
    said = [f"stderr: {ran.stderr}"] if ran.stderr else []
    return [*filter(None, [ran.stopped]), *ran.errors, *wrong, *late, *said]


def printed(book: NotebookNode) -> str:
    return "".join(
        one.text for cell in book.cells for one in cell.get("outputs", ()) if "text" in one
    )


@pytest.mark.shared_data
@pytest.mark.parametrize("master", EVERY)
def test_it_runs_with_the_real_data(master: Path, shared_data: Path) -> None:
    book = notebook_from(master)
    ran = run_notebook(book, master.stem, seconds=MOST_SECONDS, variables={ROOT: str(shared_data)})
    assert faults(ran) == []
    assert FALLEN_BACK not in printed(book)


@pytest.mark.parametrize("master", EVERY)
def test_it_runs_without_any_data(master: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT, raising=False)
    book = notebook_from(master)
    ran = run_notebook(book, master.stem, seconds=MOST_SECONDS)
    assert faults(ran) == []
    asks = "lesson_data(" in "".join(cell.source for cell in book.cells)
    assert FALLEN_BACK in printed(book) or not asks


@pytest.mark.parametrize("master", EVERY)
def test_a_planted_cell_that_fails_is_noticed(master: Path) -> None:
    book = notebook_from(master)
    del book.metadata.retinue["lesson" if "lesson" in book.metadata.retinue else "lab"]
    book.cells.insert(2, v4.new_code_cell("raise AssertionError('planted')"))
    ran = run_notebook(book, master.stem, seconds=MOST_SECONDS)
    assert any("AssertionError: planted" in one for one in faults(ran))


def test_a_warning_is_noticed() -> None:
    ran = run_notebook(notebook(["import warnings\nwarnings.warn('planted')"]), "planted")
    assert ran.ok
    assert any("planted" in one for one in faults(ran))


@pytest.mark.parametrize("master", LABS)
def test_the_untouched_copy_fails_every_question(
    master: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ROOT, raising=False)
    text = student_of(master.read_text(encoding="utf-8"), master.name)
    ran = run_notebook(notebook_of(text, master.stem), master.stem, seconds=MOST_SECONDS)
    assert ran.stopped == ""
    assert ran.lab == lab_of(master)
    assert [one.question for one in ran.outcomes if one.passed] == []
    assert [one for one in ran.errors if "check(" in one] == []  # a check that fails tells why
    assert len(ran.outcomes) >= 4


def test_a_solution_with_one_wrong_answer_is_noticed() -> None:
    master = LAB_MASTERS[0]
    book = notebook_from(master)
    cells = jupytext.read(master, fmt="py:percent").cells
    first = next(one for one in cells if one.cell_type == "code" and "question" in one.metadata)
    empty = student_of(first.source, "x")
    (place,) = [n for n, one in enumerate(book.cells) if one.source == first.source]
    book.cells[place].source = empty
    ran = run_notebook(book, master.stem, seconds=MOST_SECONDS)
    assert any("no answer yet" in one for one in faults(ran))
