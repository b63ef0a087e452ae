"""grades.csv: a line for each submission."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from retinue.lessons.grading.marks import Graded, Mark
from retinue.lessons.question import Lab
from retinue.writing import write_csv

STATES = {
    "graded": "graded",
    "time": "out of time",
    "memory": "out of memory",
    "crashed": "crashed",
    "unreadable": "unreadable",
}


def write_grades(path: Path, lab: Lab, graded: Sequence[Graded]) -> None:
    """Write the points of all questions as CSV; those that nobody has given yet are empty.

    Raises:
        OSError: the file cannot be written.
    """
    questions = [*lab.questions, *lab.written]
    head = ["student", "file", "state", *questions, "points", "out of", "notes"]
    write_csv(path, head, _rows(questions, graded))


def points_in_words(points: float | None) -> str:
    """Points as people write them, as 1.5; nothing where nobody has given any."""
    return "" if points is None else f"{points:.2f}".rstrip("0").rstrip(".")


def _rows(questions: Sequence[str], graded: Sequence[Graded]) -> Iterator[list[Any]]:
    for one in graded:
        marks = {mark.question: mark for mark in one.marks}
        points = [_points(marks.get(name)) for name in questions]
        sums = [points_in_words(one.points), points_in_words(one.out_of)]
        notes = "; ".join(one.notes)
        yield [one.student, one.file, STATES[one.state], *points, *sums, notes]


def _points(mark: Mark | None) -> str:
    return "" if mark is None else points_in_words(mark.points)
