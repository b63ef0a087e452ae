"""From a class's files to grades: what is run, what is kept, what is refused."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import UsageError
from retinue.lessons.grading import grading, which
from retinue.lessons.grading.grading import Listener, grade
from retinue.lessons.grading.marks import Graded
from retinue.lessons.grading.submissions import Submission
from tests.lessons.grading.graded_class import LAB, thirty

OWN = """
from retinue.lessons.question import Lab, Question, Written, WrongError

def _check(answer):
    got = answer(3)
    if got != 6:
        raise WrongError(f"for 3\\ngives {got}\\nexpected 6", "squared" if got == 9 else None)

HINTS = {"squared": "What is three and three?"}
LAB = Lab("mine", "Doubling", {"double": Question("Double it.", "double", _check, HINTS, 2)},
          {"why": Written("Why?", 1.5)})
"""
CHECK = "from retinue.lessons import check\ncheck('mine.double', double)"


class Runner:
    """Stands for the runs of notebooks: gives what a class got, and remembers what it was asked."""

    def __init__(self, graded: Sequence[Graded]) -> None:
        self.graded = {one.file: one for one in graded}
        self.asked: list[dict[str, Any]] = []

    def collect(self, source: Path, into: Path, match: dict[str, str]) -> list[Submission]:
        found: list[Submission] = []
        for one in self.graded.values():
            notebook = None if one.state == "unreadable" else into / f"{len(found)}.ipynb"
            if notebook is not None:
                told = {"cells": [], "metadata": {"retinue": {"lab": "lab2"}}}
                notebook.write_text(json.dumps(told))
            student = match.get(one.student.casefold(), one.student)
            found.append(Submission(student, one.file, notebook))
        return sorted(found, key=lambda one: one.student)

    def grade_all(
        self, submissions: Sequence[Submission], *_: Any, **limits: Any
    ) -> Iterator[Graded]:
        self.asked.append({**limits, "files": [one.file for one in submissions]})
        for one in reversed(submissions):
            yield replace(self.graded[one.file], student="as it was called before")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    """The runner of a class of thirty, in a folder of its own."""
    found = Runner(thirty())
    monkeypatch.setattr(grading, "collect", found.collect)
    monkeypatch.setattr(grading, "grade_all", found.grade_all)
    monkeypatch.setattr(which, "find_lab", lambda name: {"lab2": LAB}[name])
    monkeypatch.chdir(tmp_path)
    Path("class.zip").touch()
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_files_are_written_for_everybody_by_name(runner: Runner) -> None:
    grades = grade("class.zip")
    assert grades.path == Path("grades/lab2-1")
    rows = _rows(grades.path / "grades.csv")
    assert [one["student"] for one in rows] == sorted(one.student for one in thirty())
    assert len(list((grades.path / "feedback").iterdir())) == 30
    for name in ("breakdown.csv", "index.html", "rubric.html"):
        assert (grades.path / name).stat().st_size > 300
    points = {one.file: one.points for one in thirty()}
    assert all(float(one["points"]) == pytest.approx(points[one["file"]]) for one in rows)


def test_the_runs_get_the_limits_and_may_not_read_what_others_handed_in(runner: Runner) -> None:
    grade("class.zip", seconds=7, memory=10**9, workers=3)
    (asked,) = runner.asked
    assert (asked["seconds"], asked["memory"], asked["workers"]) == (7, 10**9, 3)
    assert asked["hidden"] == (Path("class.zip"), Path("grades/lab2-1"))
    assert len(asked["files"]) == 30


def test_who_listens_hears_of_everybody(runner: Runner) -> None:
    heard: list[tuple[Any, ...]] = []
    listener = Listener(
        on_begin=lambda lab, total: heard.append((lab.name, total)),
        on_graded=lambda one, done, total: heard.append((one.file, done, total)),
    )
    grade("class.zip", listener=listener)
    assert heard[0] == ("lab2", 30)
    assert [one[1] for one in heard[1:]] == list(range(1, 31))


def test_right_names_reach_all_files_and_ones_that_fit_nobody_are_told(runner: Runner) -> None:
    one = thirty()[0]
    Path("names.csv").write_text(f"{one.student},Right Name\nsomebody,Not There\n")
    grades = grade("class.zip", names="names.csv")
    found = next(got for got in grades.graded if got.file == one.file)
    assert found.student == "Right Name"
    assert (grades.path / "feedback" / "Right-Name.html").is_file()
    assert not (grades.path / "feedback" / f"{one.student.replace(' ', '-')}.html").exists()
    assert grades.notes == ("--names: nothing was handed in by Not There.",)


def test_points_that_a_person_gave_reach_all_files_and_a_later_file_goes_before(
    runner: Runner,
) -> None:
    before, one = grade("class.zip"), thirty()[0]
    head = "student,question,points,comment\n"
    Path("a.csv").write_text(f"{head}{one.student},why,1,early on\n{one.student},reflection,1,\n")
    Path("b.csv").write_text(f"{head}{one.student},why,2,second\n")
    grades = grade("class.zip", rubric=["a.csv", Path("b.csv")])
    assert grades.path == before.path
    row = next(row for row in _rows(grades.path / "grades.csv") if row["student"] == one.student)
    assert (row["why"], row["reflection"]) == ("2", "1")
    page = grades.path / grades.pages[0]
    assert "second" in page.read_text(encoding="utf-8")
    assert "early on" not in page.read_text(encoding="utf-8")


def test_a_rubric_that_makes_no_sense_is_refused_before_anything_is_run(runner: Runner) -> None:
    Path("a.csv").write_text("student,question,points,comment\nNobody,why,1,\n")
    with pytest.raises(UsageError, match=r"a\.csv, line 2: Nobody: handed in nothing"):
        grade("class.zip", rubric="a.csv")
    assert runner.asked == []
    assert not Path("grades").exists()


def test_after_a_stop_the_same_command_goes_on_in_the_same_folder(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any, **__: Any) -> Iterator[Graded]:
        yield thirty()[0]
        raise KeyboardInterrupt

    monkeypatch.setattr(grading, "grade_all", stopped)
    with pytest.raises(KeyboardInterrupt):
        grade("class.zip")
    assert not Path("grades/lab2-1/grades.csv").exists()
    monkeypatch.setattr(grading, "grade_all", runner.grade_all)
    assert grade("class.zip").path == Path("grades/lab2-1")
    assert Path("grades/lab2-1/grades.csv").exists()


def test_without_a_notebook_nothing_is_graded(runner: Runner) -> None:
    runner.graded = {one.file: replace(one, state="unreadable") for one in thirty()[:2]}
    with pytest.raises(UsageError, match=r"class\.zip: holds no notebooks"):
        grade("class.zip")


def test_grades_that_lie_in_the_folder_of_the_class_are_not_handed_in(runner: Runner) -> None:
    ours = replace(thirty()[0], file="grades/lab2-1/feedback/x.ipynb")
    runner.graded[ours.file] = ours
    assert len(grade(".").graded) == 31
    assert len(grade(".").graded) == 30


def test_pages_of_those_who_are_there_no_more_are_gone(runner: Runner) -> None:
    grades = grade("class.zip")
    gone = grades.path / grades.pages[0]
    assert gone.exists()
    runner.graded.pop(grades.graded[0].file)
    grade("class.zip")
    assert not gone.exists()
    assert (grades.path / grades.pages[1]).exists()


def test_what_shows_itself_in_a_notebook_is_escaped(runner: Runner) -> None:
    one = next(iter(runner.graded.values()))
    runner.graded[one.file] = one
    grades = grade("class.zip")
    evil = replace(grades, graded=(replace(one, student="<script>"), *grades.graded[1:]))
    assert "<script>" not in evil._repr_html_()
    assert "&lt;script&gt;" in evil._repr_html_()


def _notebook(path: Path, answer: str, words: str) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": answer, "metadata": {"question": "double"}},
        {"cell_type": "code", "source": CHECK, "metadata": {}},
        {"cell_type": "markdown", "source": words, "metadata": {"question": "why"}},
    ]
    code: dict[str, Any] = {"outputs": [], "execution_count": None}
    cells = [one | (code if one["cell_type"] == "code" else {}) for one in cells]
    told = {"cells": cells, "metadata": {"retinue": {"lab": "mine"}}, "nbformat": 4}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**told, "nbformat_minor": 4}))


@pytest.mark.slow
def test_real_notebooks_are_run_once_and_their_answers_reach_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine_checks.py").write_text(OWN)
    _notebook(Path("class/Ada.ipynb"), "def double(x): return 2 * x", "Because it is so.")
    _notebook(Path("class/Bea.ipynb"), "def double(x): return x ** 2", "I do not know.")
    Path("class/Cy.docx").write_bytes(b"PK")
    grades = grade("class", checks="mine_checks.py", workers=1)
    assert [one.state for one in grades.graded] == ["graded", "graded", "unreadable"]
    ada, bea, _ = grades.graded
    assert [mark.points for mark in ada.marks] == [2.0, None]
    assert (bea.marks[0].points, bea.marks[0].mistake) == (0.0, "squared")
    feedback = (grades.path / grades.pages[1]).read_text(encoding="utf-8")
    assert "What is three and three?" in feedback
    assert "gives 9" in feedback
    assert "Ada" not in re.sub(r"<style>.*?</style>", "", feedback, flags=re.DOTALL)
    Path("rubric.csv").write_text("student,question,points,comment\nAda,why,1.5,fine\n")
    seconds = [one.seconds for one in grades.graded]
    again = grade("class", checks="mine_checks.py", workers=1, rubric="rubric.csv")
    assert again.path == grades.path
    assert [one.seconds for one in again.graded] == seconds  # to the hundredth: none ran again
    assert again.graded[0].points == 3.5
    _notebook(Path("class/Bea.ipynb"), "def double(x): return x + x", "I do not know.")
    assert grade("class", checks="mine_checks.py").graded[1].points == 2.0
