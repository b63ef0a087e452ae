"""The page on which a teacher reads written answers, and gives points and comments."""

import hashlib
from collections.abc import Iterator
from typing import Any

from retinue.lessons.grading.grades import Grades
from retinue.lessons.grading.pages.rendering import cleaned, render
from retinue.lessons.grading.rubric import HEAD


def reading_page(grades: Grades) -> str:
    """The page as HTML."""
    answers = list(_answers(grades))
    data = {
        "head": list(HEAD),
        "store": _store(grades),
        "questions": [
            {"name": name, "asks": one.asks, "outOf": one.points}
            for name, one in grades.lab.written.items()
        ],
        "answers": answers,
    }
    return render("reading.html", "reading.js", cleaned(data), lab=grades.lab, n=len(answers))


def _answers(grades: Grades) -> Iterator[dict[str, Any]]:
    for one in grades.readable:
        for mark in one.marks:
            if mark.question in grades.lab.written:
                # Who wrote nothing has no points by itself; that is nobody's to save.
                by_itself = not mark.answered and not mark.points
                yield {
                    "student": one.student,
                    "file": one.file,
                    "question": mark.question,
                    "text": mark.written,
                    "points": None if by_itself else mark.points,
                    "comment": mark.comment,
                }


def _store(grades: Grades) -> str:
    """The name under which a browser keeps what was entered for this class and lab."""
    files = "\n".join([str(grades.path.resolve()), *grades.lab.written])
    digest = hashlib.sha256(files.encode("utf-8", "replace")).hexdigest()[:16]
    return f"retinue-rubric-{grades.lab.name}-{digest}"
