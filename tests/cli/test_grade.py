"""`retinue lessons grade`: words to grades, grades to words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retinue.lessons.grading import grading, which
from retinue.lessons.grading.grades import Grades
from tests.lessons.grading.graded_class import LAB, grades_of, hostile, thirty

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `grade` is asked, which grades a class of thirty without running anything."""
    found: list[dict[str, Any]] = []

    def grade(source: Path, lab: str | None, output: Path | None, **options: Any) -> Grades:
        found.append({"source": source, "lab": lab, "output": output, **options})
        return grades_of(thirty(), Path("grades/lab2-1"), LAB, "something to note")

    monkeypatch.setattr(grading, "grade", grade)
    return found


def test_the_table_the_commonest_mistakes_and_where_it_is_written(
    command: Command, asked: list[dict[str, Any]]
) -> None:
    code, out, err = command("lessons", "grade", "class.zip")
    assert (code, err) == (0, "")
    grades = grades_of(thirty(), Path("grades/lab2-1"))
    for one in grades.graded:
        line = next(line for line in out.splitlines() if line.startswith(one.student))
        assert f"{one.points:g} of 7" in line
    assert "out of memory" in out
    tally, mistake = grades.breakdown.commonest[0]
    line = next(line for line in out.splitlines() if mistake.told in line)
    assert line.split()[:2] == [str(mistake.n), tally.question]
    assert mistake.hint in out
    assert "something to note" in out
    assert out.endswith("written: grades/lab2-1/index.html\n")


def test_options_reach_the_grading(command: Command, asked: list[dict[str, Any]]) -> None:
    words = "class.zip --lab lab2 --output out --checks c.py --rubric a.csv --rubric b.csv"
    more = "--names n.csv --seconds 9 --memory 0.5 --workers 2"
    code, _, _ = command("lessons", "grade", *words.split(), *more.split())
    assert code == 0
    (found,) = asked
    found.pop("listener")
    assert found == {
        "source": Path("class.zip"),
        "lab": "lab2",
        "output": Path("out"),
        "checks": Path("c.py"),
        "rubric": [Path("a.csv"), Path("b.csv")],
        "names": Path("n.csv"),
        "seconds": 9.0,
        "memory": 2**29,
        "workers": 2,
    }


def test_json_has_every_mark(command: Command, asked: list[dict[str, Any]]) -> None:
    code, out, err = command("lessons", "grade", "class.zip", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["lab"], found["out_of"], len(found["submissions"])) == ("lab2", 7, 30)
    for told, one in zip(found["submissions"], thirty(), strict=True):
        assert (told["student"], told["points"]) == (one.student, one.points)
        assert [mark["points"] for mark in told["marks"]] == [mark.points for mark in one.marks]
    assert found["breakdown"]["tallies"][0]["question"] == "conv2d"


def test_hostile_names_do_not_steer_the_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\x1b[31m\u202e[bold]x[/]\n" + "W" * 500
    grades = grades_of([hostile(text)], Path("out"))
    monkeypatch.setattr(grading, "grade", lambda *_, **__: grades)
    code, out, _ = command("lessons", "grade", "class.zip")
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]x[/]" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing.zip"], "nothing.zip: there is no such folder or zip"),
        (["empty"], "empty: holds no notebooks; name a folder or zip of them"),
        (["class", "--lab", "lab77"], "lab77: no such lab"),
        (["class"], "--lab: no notebook says which lab it is of; name it, as --lab lab2"),
        (["class", "--checks", "none.py"], "none.py: no file of checks"),
        (["class", "--lab", "lab2", "--names", "none.csv"], "none.csv: cannot be read"),
        (["class", "--lab", "lab2", "--rubric", "none.csv"], "none.csv: cannot be read"),
        (["class", "--lab", "lab2", "--output", "other"], "other: holds grades of lab3"),
        (["class", "--lab", "lab2", "--output", "class"], "class: is not empty and holds no"),
        (["class", "--seconds", "0"], "'--seconds'"),
        (["class", "--workers", "0"], "'--workers'"),
    ],
)
def test_bad_input_gets_one_line(
    words: list[str],
    told: str,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if "lab2" in words:
        monkeypatch.setattr(which, "find_lab", lambda name: LAB)
    Path("empty").mkdir()
    Path("empty/notes.txt").touch()
    Path("class").mkdir()
    Path("class/Ada.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4}')
    Path("other").mkdir()
    Path("other/grading.json").write_text('{"lab": "lab3"}')
    code, out, err = command("lessons", "grade", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
