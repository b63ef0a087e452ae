"""The teacher's page: all submissions, all questions, and who needs a look."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from retinue.lessons.grading.breakdown import Tally
from retinue.lessons.grading.grades import RUBRIC_PAGE, Grades
from retinue.lessons.grading.marks import Graded, Mark
from retinue.lessons.grading.pages.bars import outcome_bar, spread
from retinue.lessons.grading.pages.noted import own_notes, reasons
from retinue.lessons.grading.pages.rendering import SORTING, render
from retinue.lessons.grading.table import STATES, points_in_words

COMMONEST = 3  # mistakes on the first screen


@dataclass(frozen=True)
class Cell:
    """What a submission got for a question: points, in which colour, and in words."""

    points: str
    kind: str
    words: str


@dataclass(frozen=True)
class Row:
    """A submission in the table of all; `reasons` say why somebody should look at it."""

    one: Graded
    page: str
    state: str
    cells: tuple[Cell, ...]
    notes: Sequence[str]
    reasons: Sequence[str]


@dataclass(frozen=True)
class Asked:
    """A question with the drawing of what became of it."""

    tally: Tally
    bar: Markup


def teacher_page(grades: Grades) -> str:
    """The page as HTML."""
    rows = [_row(one, page, grades) for one, page in zip(grades.graded, grades.pages, strict=True)]
    breakdown = grades.breakdown
    return render(
        "teacher.html",
        script=SORTING,
        grades=grades,
        lab=grades.lab,
        rows=rows,
        odd=[row for row in rows if row.reasons],
        noted=[row for row in rows if row.notes and not row.reasons],
        reached=[row for row in rows if len(row.notes) < len(row.one.notes)],
        questions=[Asked(one, outcome_bar(one)) for one in breakdown.tallies],
        hardest=[Asked(one, outcome_bar(one)) for one in breakdown.by_difficulty],
        commonest=breakdown.commonest[:COMMONEST],
        spread=spread([one.points for one in grades.readable], grades.out_of),
        unread=sum(one.answered - one.read for one in breakdown.readings),
        rubric=RUBRIC_PAGE,
        summary=_summary(grades),
    )


def _row(one: Graded, page: str, grades: Grades) -> Row:
    marks = {mark.question: mark for mark in one.marks}
    names = [*grades.lab.questions, *grades.lab.written]
    cells = tuple(_cell(marks.get(name), name in grades.lab.written) for name in names)
    return Row(one, page, STATES[one.state], cells, own_notes(one), reasons(one))


def _cell(mark: Mark | None, written: bool) -> Cell:
    if mark is None:
        return Cell("", "open", "not there")
    points = points_in_words(mark.points)
    if not mark.answered:
        return Cell(points, "open", "no answer")
    if written:
        return Cell(points, "open", "read" if points else "to be read")
    return Cell(points, "right", "right") if mark.passed else Cell(points, "wrong", _mistake(mark))


def _mistake(mark: Mark) -> str:
    return (mark.mistake or "not right").replace("_", " ")


def _summary(grades: Grades) -> str:
    told = f"{points_in_words(grades.mean)} of {points_in_words(grades.out_of)} points on average"
    told += " so far" if any(one.answered > one.read for one in grades.breakdown.readings) else ""
    unreadable = len(grades.graded) - len(grades.readable)
    return told + (f", leaving out {unreadable} that could not be read" if unreadable else "")
