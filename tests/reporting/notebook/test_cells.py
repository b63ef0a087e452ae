"""What is written into a notebook: code that is code, explanations that name nothing."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from retinue.reporting.notebook.cells import Cell, code, told, way_to
from retinue.reporting.notebook.run_cells import cells_of_run
from retinue.runs import Run


@given(st.text())
def test_any_name_comes_out_of_the_code_as_it_went_in(name: str) -> None:
    cell = code("found = NAME", name=name)
    assert cell.source.isascii()
    (assignment,) = ast.parse(cell.source).body
    assert isinstance(assignment, ast.Assign)
    assert ast.literal_eval(assignment.value) == name


def test_cells_stand_at_the_left() -> None:
    assert told("\n    # One\n\n    two\n") == Cell("markdown", "# One\n\ntwo")
    assert code("\n    if a:\n        b(NAME)\n", name="x").source == 'if a:\n    b("x")'


def test_a_notebook_in_the_folder_sees_it_where_it_is(tmp_path: Path) -> None:
    assert way_to(tmp_path, tmp_path / "report.ipynb") == "."
    assert way_to(tmp_path / "runs" / "a", tmp_path / "report.ipynb") == "runs/a"
    assert way_to(tmp_path, tmp_path / "notes" / "report.ipynb") == ".."


@pytest.mark.parametrize("which", ["run", "hostile"])
def test_every_cell_of_code_is_python(which: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(which)
    sources = [one.source for one in cells_of_run(run, Path("report.ipynb")) if one.kind == "code"]
    assert len(sources) > 12
    for source in sources:
        ast.parse(TransformerManager().transform_cell(source))
    calls = {node.func.id for source in sources
             for node in ast.walk(ast.parse(TransformerManager().transform_cell(source)))
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
    assert "boom" not in calls


def test_no_cell_holds_a_name_of_a_class(hostile: Run) -> None:
    for notebook in (Path("report.ipynb"), hostile.path / "report.ipynb"):
        for cell in cells_of_run(hostile, notebook):
            assert cell.source.isascii()
            assert not [name for name in hostile.classes if name in cell.source]


def test_a_run_that_was_not_judged_has_fewer_cells(run: Run, tmp_path: Path) -> None:
    stopped = Run(tmp_path / "stopped")
    stopped.path.mkdir()
    for name in ("recipe.yaml", "status.json", "data.json", "history.jsonl"):
        (stopped.path / name).write_bytes((run.path / name).read_bytes())
    sources = "".join(one.source for one in cells_of_run(stopped, stopped.path / "a.ipynb"))
    assert "learning_curves" in sources
    assert "confusion_matrix" not in sources
