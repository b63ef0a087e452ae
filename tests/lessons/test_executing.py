"""Notebooks run from top to bottom."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from retinue.errors import MissingExtraError, UsageError
from retinue.lessons import notebooks
from retinue.lessons.executing import Ran, notebooks_in, run_each, run_notebook
from retinue.lessons.new import parts_of
from retinue.lessons.outcome import Outcome
from tests.lessons.notebooks_for_tests import RIGHT, answered, example, notebook


def saved(folder: Path, **books: NotebookNode) -> Path:
    """A folder of notebooks."""
    folder.mkdir(exist_ok=True)
    for name, book in books.items():
        nbformat.write(book, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checks of a lab called mine."""
    folder = tmp_path_factory.mktemp("checks")
    (folder / "mine_checks.py").write_text(parts_of(example(folder))[1])
    return folder


def test_a_folder_is_run_notebook_by_notebook_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETINUE_DATA_ROOT", "/nowhere")
    good = notebook(
        [
            "from pathlib import Path\nassert not list(Path().iterdir())",
            "Path('made').touch()\nimport os\nprint(os.environ['RETINUE_DATA_ROOT'])",
        ],
        lesson="lesson1",
    )
    bad = notebook(["x = 1", "\n\nx = x / 0\nx", "print('not reached')"], lesson="lesson2")
    folder = saved(tmp_path / "course", lesson1=good, lesson2=bad)
    (folder / "lesson3.ipynb").write_text("no notebook")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    first, second, third = run_each(folder, data_root=tmp_path)
    assert (first.file, first.ok, first.errors) == ("lesson1.ipynb", True, ())
    assert not second.ok
    assert second.stopped == ""
    assert second.errors == ("cell [2] (x = x / 0): ZeroDivisionError: division by zero",)
    assert not third.ok
    assert third.stopped.startswith("cannot be read as a notebook")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.slow
def test_the_data_root_reaches_the_cells(tmp_path: Path) -> None:
    book = notebook([f"import os\nassert os.environ['RETINUE_DATA_ROOT'] == {str(tmp_path)!r}"])
    (ran,) = run_each(saved(tmp_path / "course", one=book), data_root=tmp_path)
    assert ran.ok, ran.errors


def test_a_cell_that_takes_too_long_is_named(tmp_path: Path) -> None:
    book = notebook(["x = 1", "import time\ntime.sleep(60)"])
    (ran,) = run_each(saved(tmp_path / "course", one=book), seconds=2)
    assert not ran.ok
    assert ran.stopped == "cell [2] (import time): a cell took more than 2 s"


def test_a_kernel_that_dies_is_told() -> None:
    ran = run_notebook(notebook(["x = 1", "import os\nos._exit(3)", "x = 1"]), "one")
    assert not ran.ok
    assert ran.stopped.startswith("cell [2] (import os): its kernel failed")


def test_a_lab_goes_on_after_a_failed_cell_and_tells_how_each_question_fares(
    checks: Path,
) -> None:
    cells = [*answered(stretch="return image / image.max()", parameters=RIGHT["parameters"])]
    book = notebook([cells[0], "raise ValueError('\\x1b[31m')", *cells[1:]], lab="mine")
    ran = run_notebook(book, "one", checks)
    assert [(one.question, one.passed, one.mistake) for one in ran.outcomes] == [
        ("mine.stretch", False, "minimum_forgotten"),
        ("mine.parameters", True, None),
    ]
    assert ran.outcomes[0].hint == "The largest is 1. What becomes of the smallest?"
    assert (ran.right, ran.unanswered, ran.ok) == (1, 0, False)
    (error,) = ran.errors
    assert error.startswith("cell [2] (raise ValueError")
    assert "\x1b" not in error


@pytest.mark.slow
def test_what_nobody_answered_is_no_failure_and_what_leans_on_it_neither(checks: Path) -> None:
    cells = [*answered(parameters=RIGHT["parameters"]), "print(stretch)"]
    ran = run_notebook(notebook(cells, lab="mine"), "one", checks)
    assert (ran.right, ran.unanswered, ran.ok) == (1, 1, True)
    assert ran.errors == ("cell [3] (print(stretch)): NameError: name 'stretch' is not defined",)


@pytest.mark.slow
def test_a_lab_without_its_checks_fails_and_says_so(tmp_path: Path) -> None:
    ran = run_notebook(notebook(answered(**RIGHT), lab="mine"), "one", tmp_path)
    assert not ran.ok
    assert "mine_checks.py is not in this folder" in ran.stopped


RIGHT_ONE = Outcome("a.b", passed=True)
WRONG_ONE = Outcome("a.c", passed=False, case="x")
NO_ANSWER = Outcome("a.d", passed=False, answered=False)


@pytest.mark.parametrize(
    ("ran", "ok"),
    [
        (Ran("x", 1.0), True),
        (Ran("x", 1.0, errors=("cell",)), False),
        (Ran("x", 1.0, stopped="time"), False),
        (Ran("x", 1.0, "a", outcomes=(RIGHT_ONE,)), True),
        (Ran("x", 1.0, "a", outcomes=(RIGHT_ONE, WRONG_ONE)), False),
        (Ran("x", 1.0, "a", outcomes=(NO_ANSWER, WRONG_ONE)), False),
        (Ran("x", 1.0, "a", outcomes=(RIGHT_ONE, NO_ANSWER)), True),
        (Ran("x", 1.0, "a", errors=("cell",), outcomes=(RIGHT_ONE, NO_ANSWER)), True),
        (Ran("x", 1.0, "a", errors=("cell",), outcomes=(RIGHT_ONE,)), False),
    ],
)
def test_what_counts_as_well(ran: Ran, ok: bool) -> None:
    assert ran.ok is ok


def test_notebooks_come_by_number_and_only_those_of_the_folder(tmp_path: Path) -> None:
    for name in ("lesson10", "lesson2", "lesson1", "a\u202eb"):
        (tmp_path / f"{name}.ipynb").touch()
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "x.ipynb").touch()
    (tmp_path / "folder.ipynb").mkdir()
    names = [one.stem for one in notebooks_in(tmp_path)]
    assert names == ["a\u202eb", "lesson1", "lesson2", "lesson10"]
    assert notebooks_in(tmp_path / "lesson2.ipynb") == [tmp_path / "lesson2.ipynb"]


def test_no_notebooks_no_time_and_no_data_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no notebooks here; retinue lessons copy"):
        next(run_each(tmp_path))
    with pytest.raises(UsageError, match="absent: no folder"):
        next(run_each(tmp_path / "absent"))
    with pytest.raises(UsageError, match="--timeout 0: "):
        next(run_each(tmp_path, seconds=0))
    with pytest.raises(UsageError, match="--timeout nan: "):
        next(run_each(tmp_path, seconds=float("nan")))
    with pytest.raises(UsageError, match="absent: no such folder"):
        next(run_each(tmp_path, data_root=tmp_path / "absent"))


def test_a_missing_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"retinue\[lessons\]"):
        next(run_each(tmp_path))
