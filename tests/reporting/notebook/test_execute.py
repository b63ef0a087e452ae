"""Executing: outputs, clear words for failures, and no code from the folder."""

from pathlib import Path

import nbformat
import pytest

from retinue.errors import RetinueError
from retinue.reporting.notebook import execute as executing
from retinue.reporting.notebook.execute import execute


def notebook(*sources: str) -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=cells)
    return made


def test_outputs_are_put_in_and_nothing_of_the_folder_is_executed(tmp_path: Path) -> None:
    evil = "import pathlib; pathlib.Path('trace').touch(); raise SystemExit"
    modules = ("retinue", "json", "ipykernel_launcher", "ipykernel", "sitecustomize", "matplotlib",
               "safetensors", "yaml")  # fmt: skip
    for name in modules:
        (tmp_path / f"{name}.py").write_text(evil, encoding="utf-8")
    (tmp_path / "matplotlibrc").write_text("backend: module://json\n", encoding="utf-8")
    (tmp_path / "ipython_config.py").write_text(evil, encoding="utf-8")
    made = notebook(
        "import json, retinue, matplotlib.pyplot, safetensors, yaml; from pathlib import Path",
        "print(retinue.__version__, Path('matplotlibrc').exists())",
    )
    execute(made, tmp_path)
    (output,) = made.cells[1].outputs
    assert output.text == "0.1.0 True\n"
    assert [cell.execution_count for cell in made.cells] == [1, 2]
    assert not (tmp_path / "trace").exists()
    assert "trace" not in {path.name for path in Path.cwd().iterdir()}


def test_a_cell_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RetinueError) as caught:
        execute(notebook("raise ValueError('one\\ntwo \\x1b[31m')"), tmp_path)
    assert str(caught.value) == ("the notebook: a cell failed: ValueError: one\ufffdtwo \ufffd[31m")


def test_a_cell_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executing, "SECONDS", 1)
    with pytest.raises(RetinueError, match="a cell took more than 1 s"):
        execute(notebook("import time; time.sleep(600)"), tmp_path)
