"""grades.csv, read back."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from retinue.lessons.grading.table import points_in_words, write_grades
from retinue.writing import from_csv_cell
from tests.lessons.grading.graded_class import LAB, thirty

FORMULAS = ("=1+1", "+SUM(A1)", "-2", "@now", "'quoted", "\tx")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_submission_has_a_line_with_what_its_marks_say(tmp_path: Path) -> None:
    graded = thirty()
    graded[0] = replace(
        graded[0], marks=[replace(one, points=0.75) for one in graded[0].marks], notes=("a", "b")
    )
    write_grades(tmp_path / "grades.csv", LAB, graded)
    rows = _read(tmp_path / "grades.csv")
    assert len(rows) == 30
    for row, one in zip(rows, graded, strict=True):
        assert (row["student"], row["file"]) == (one.student, one.file)
        for mark in one.marks:
            told = row[mark.question]
            assert (float(told) if told else None) == mark.points
        assert float(row["points"]) == pytest.approx(sum(one.points or 0 for one in one.marks))
        assert row["out of"] == "7"
    assert (rows[0]["points"], rows[0]["notes"]) == ("4.5", "a; b")
    assert {"out of time", "out of memory", "crashed", "unreadable"} <= {
        one["state"] for one in rows
    }


def test_an_answer_that_nobody_has_read_is_empty_and_no_answer_at_all_is_too(
    tmp_path: Path,
) -> None:
    one = thirty()[0]
    without = replace(one, marks=one.marks[:2])
    write_grades(tmp_path / "grades.csv", LAB, [one, without])
    rows = _read(tmp_path / "grades.csv")
    assert rows[0]["reflection"] == rows[1]["reflection"] == rows[1]["pool"] == ""


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_is_a_formula_and_each_comes_back(name: str, tmp_path: Path) -> None:
    one = replace(thirty()[0], student=name, file=name, notes=(name,))
    write_grades(tmp_path / "grades.csv", LAB, [one])
    (row,) = _read(tmp_path / "grades.csv")
    for key in ("student", "file", "notes"):
        assert row[key][:1] == "'"
        assert from_csv_cell(row[key]) == name


def test_points_are_told_without_needless_noughts() -> None:
    told = [points_in_words(one) for one in (None, 0.0, 1.0, 1.5, 0.3333, 10.0, 100.0)]
    assert told == ["", "0", "1", "1.5", "0.33", "10", "100"]
