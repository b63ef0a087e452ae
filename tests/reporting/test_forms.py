"""`report`: which forms are written, where, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retinue.cli.main import main
from retinue.errors import UsageError
from retinue.experiments.comparison import Comparison
from retinue.experiments.sweeps.sweep import Sweep
from retinue.reporting.forms import Report, opened, report
from retinue.runs import Run
from tests.reporting.swept import written as swept


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object, Path]]:
    """What would be written: form, of what, where."""
    found: list[tuple[str, object, Path]] = []

    def writer(form: str) -> Callable[..., Path]:
        def write(what: object, output: Path, explanations: object = ()) -> Path:
            found.append((form, what, output))
            return output

        return write

    monkeypatch.setattr("retinue.reporting.page.writing.write_page", writer("page"))
    monkeypatch.setattr("retinue.reporting.notebook.write_notebook", writer("notebook"))
    monkeypatch.setattr("retinue.reporting.slides.write_slides", writer("slides"))

    def write_project(
        what: object, output: Path, add_slides: Callable[[Path], object] | None
    ) -> Path:
        if add_slides:
            add_slides(output / "slides.pptx")
        return writer("project")(what, output)

    monkeypatch.setattr("retinue.reporting.project.write_project", write_project)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is taken for the folder of a run."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.yaml").write_text("schema: 1\n")
    (tmp_path / "run" / "status.json").write_text('{"state": "finished"}')
    return tmp_path / "run"


@pytest.fixture
def comparison(tmp_path: Path) -> Path:
    """What is taken for the folder of a comparison."""
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "comparison.json").write_text('{"schema": 1}')
    return tmp_path / "c"


def test_without_more_a_page_is_written_into_the_folder(
    folder: Path, written: list[tuple[str, object, Path]]
) -> None:
    found = report(folder)
    assert found == Report(page=folder / "report.html")
    assert [(form, path) for form, _, path in written] == [("page", folder / "report.html")]


def test_each_form_that_is_asked_for_is_written(
    folder: Path, tmp_path: Path, written: list[tuple[str, object, Path]]
) -> None:
    found = report(folder, notebook=True, slides=True, project=tmp_path / "hand-in")
    assert found.page is None
    assert [(form, path.name) for form, _, path in written] == [
        ("notebook", "report.ipynb"),
        ("slides", "slides.pptx"),
        ("slides", "slides.pptx"),
        ("project", "hand-in"),
    ]
    assert written[2][2].parent == tmp_path / "hand-in"
    assert found.as_dict() == {
        "notebook": str(folder / "report.ipynb"),
        "slides": str(folder / "slides.pptx"),
        "project": str(tmp_path / "hand-in"),
    }


def test_without_the_extra_the_folder_to_hand_in_has_no_slides(
    folder: Path,
    tmp_path: Path,
    written: list[tuple[str, object, Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    report(folder, project=tmp_path / "hand-in")
    assert [form for form, _, _ in written] == ["project"]


def test_a_folder_is_opened_for_what_it_is(folder: Path, comparison: Path) -> None:
    assert isinstance(opened(folder), Run)
    assert isinstance(opened(str(comparison)), Comparison)
    run = Run(folder)
    assert opened(run) is run


def test_what_cannot_be_is_refused_before_anything_is_written(
    folder: Path, comparison: Path, tmp_path: Path, written: list[tuple[str, object, Path]]
) -> None:
    for words, told in (
        ((tmp_path,), "no run, comparison or sweep"),
        ((folder, tmp_path / "a.html", True, True), "names one file"),
        ((folder, tmp_path / "a", False, False, tmp_path / "b"), "names one file"),
        ((folder, tmp_path), "is a folder; name a file"),
        ((comparison, None, False, False, tmp_path / "b"), "name the run to hand in"),
    ):
        with pytest.raises(UsageError, match=told):
            report(*words)
    assert written == []


def test_a_sweep_is_opened_for_what_it_is_and_has_a_page_alone(
    tmp_path: Path, written: list[tuple[str, object, Path]]
) -> None:
    sweep = swept(tmp_path / "s")
    assert isinstance(opened(sweep.path), Sweep)
    assert opened(sweep) is sweep
    asked: dict[str, Any] = {"notebook": True, "slides": True, "project": "p", "explain": True}
    for form, value in asked.items():
        with pytest.raises(UsageError, match=f"--{form}: a sweep has a page alone; name one of"):
            report(sweep.path, **{form: value})
    assert written == []
    assert report(sweep.path, tmp_path / "a.html") == Report(page=tmp_path / "a.html")
    assert [(form, what.path) for form, what, _ in written] == [("page", sweep.path)]  # type: ignore[attr-defined]


def test_the_command_says_what_was_written(
    folder: Path,
    tmp_path: Path,
    written: list[tuple[str, object, Path]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", str(folder), "--output", str(tmp_path / "a.html")])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"written: {tmp_path / 'a.html'}\n"
    with pytest.raises(SystemExit):
        main(["report", str(folder), "--slides", "--project", str(tmp_path / "p"), "--json"])
    assert json.loads(capsys.readouterr().out) == {
        "slides": str(folder / "slides.pptx"),
        "project": str(tmp_path / "p"),
    }


def test_a_folder_that_is_none_is_one_line_and_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path)])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"retinue: {tmp_path}: no run, comparison or sweep")


def test_what_was_written_shows_itself_in_a_notebook() -> None:
    shown = Report(page=Path("a<b.html"))._repr_html_()
    assert shown == "<ul><li>page: a&lt;b.html</li></ul>"
