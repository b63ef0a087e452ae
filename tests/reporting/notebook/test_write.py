"""The notebook as Jupyter opens it."""

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

import retinue
from retinue.errors import MissingExtraError, RetinueError, UsageError
from retinue.experiments.comparison import Comparison
from retinue.reporting.notebook import write, write_notebook
from retinue.reporting.notebook.execute import execute
from retinue.runs import Run
from retinue.wording import measured_share


def read(path: Path) -> nbformat.NotebookNode:
    found: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    return found


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list[Any]:
    """The data of one kind in all outputs."""
    return [
        output.data[kind]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if kind in output.get("data", {})
    ]


def prints(notebook: nbformat.NotebookNode) -> str:
    """Everything printed."""
    found = [output.text for cell in notebook.cells for output in cell.get("outputs", [])
             if output.output_type == "stream"]  # fmt: skip
    return "".join(found)


def check(notebook: nbformat.NotebookNode) -> None:
    """Executed from its first cell to its last, without a word on stderr."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert not [one for one in cell.outputs if one.output_type == "error"]
        assert not [one for one in cell.outputs if one.get("name") == "stderr"]


class Tags(HTMLParser):
    """The tags and attributes of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.slow
def test_a_run_is_drawn_again(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run.path, tmp_path / "moved"))
    path = write_notebook(Run.load(folder))
    assert path == folder / "report.ipynb"
    found = read(path)
    check(found)
    assert len(outputs(found, "image/png")) == 8
    assert measured_share(run.metrics("test")["accuracy"]) in prints(found)
    # Another time gives the same file.
    before = path.read_bytes()
    assert write_notebook(Run.load(folder)).read_bytes() == before
    # It finds the folder when both have moved, and says what the folder says then.
    elsewhere = Path(shutil.move(folder, tmp_path / "elsewhere"))
    metrics = elsewhere / "evaluation" / "test" / "metrics.json"
    values = json.loads(metrics.read_text(encoding="utf-8"))
    values["accuracy"]["value"] = 0.1234
    metrics.write_text(json.dumps(values), encoding="utf-8")
    execute(found, elsewhere)
    assert "recognised: 12.3 %" in prints(found)


@pytest.mark.slow
def test_a_notebook_elsewhere_finds_the_folder(run: Run, tmp_path: Path) -> None:
    found = read(write_notebook(run, tmp_path / "new" / "mine.ipynb"))
    check(found)
    assert str(tmp_path) not in "".join(cell.source for cell in found.cells)


@pytest.mark.slow
def test_names_from_outside_are_text(hostile: Run) -> None:
    path = write_notebook(hostile)
    found = read(path)
    check(found)
    tables = outputs(found, "text/html")
    assert any("&lt;script&gt;alert(1)" in html for html in tables)
    for html in tables:
        seen = Tags(html)
        assert seen.tags <= {"table", "caption", "tr", "th", "td", "div", "h4", "ul", "li"}
        assert seen.attributes <= {"class"}
        assert "mathjax_ignore" in html
    for kind in ("text/markdown", "text/latex", "application/javascript", "image/svg+xml"):
        assert outputs(found, kind) == []


@pytest.mark.slow
def test_a_comparison_is_drawn_again_with_its_runs_or_without(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run.path.parent, tmp_path / "runs"))
    other = retinue.train("digits", model="softmax", epochs=1, seed=1, output=folder / "two")
    comparison = retinue.compare([folder / "one", other], output=tmp_path / "comparisons" / "both")
    found = read(write_notebook(comparison))
    check(found)
    assert "run folders found: 2 of 2" in prints(found)
    assert len(outputs(found, "image/png")) == 3 + 2 + 1 + 2 + 3
    shutil.rmtree(folder)
    found = read(write_notebook(Comparison.load(comparison.path)))
    check(found)
    assert "run folders found: 0 of 2" in prints(found)
    assert len(outputs(found, "image/png")) == 3


@pytest.mark.slow
def test_a_damaged_folder_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run.path, tmp_path / "damaged"))
    (folder / "history.jsonl").write_text("{\n", encoding="utf-8")
    with pytest.raises(RetinueError) as caught:
        write_notebook(Run.load(folder))
    assert str(caught.value).startswith("the notebook: a cell failed: JSONDecodeError")
    assert "\n" not in str(caught.value)
    assert not (folder / "report.ipynb").exists()


def test_a_folder_is_no_file(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is a folder; name a file, as report\.ipynb"):
        write_notebook(run, tmp_path)


def test_without_its_packages_the_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "find_spec", lambda name: None if name == "nbclient" else name)
    with pytest.raises(MissingExtraError, match=r"pip install 'retinue\[notebook\]'"):
        write_notebook(run)
