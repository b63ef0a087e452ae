"""What grading a class gave."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from statistics import fmean
from typing import Any

from retinue.lessons.grading.breakdown import Breakdown
from retinue.lessons.grading.marks import Graded
from retinue.lessons.question import Lab
from retinue.notebook import table
from retinue.wording import printable

INDEX, RUBRIC_PAGE, FEEDBACK = "index.html", "rubric.html", "feedback"
TABLE, BREAKDOWN = "grades.csv", "breakdown.csv"


@dataclass(frozen=True)
class Grades:
    """The grades of a class in one lab.

    Args:
        path: the folder in which all was written.
        lab: what was asked.
        graded: what each submission got, by name.
        breakdown: what became of each question.
        pages: the page of each submission, in the same order, relative to `path`.
        notes: what the teacher should know of the whole.
    """

    path: Path
    lab: Lab
    graded: tuple[Graded, ...]
    breakdown: Breakdown
    pages: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """The mean of the points so far, of submissions that could be read; 0 without any."""
        return fmean([one.points for one in self.readable] or [0.0])

    @property
    def out_of(self) -> float:
        """The most that the lab gives."""
        checked = sum(one.points for one in self.lab.questions.values())
        return checked + sum(one.points for one in self.lab.written.values())

    @property
    def readable(self) -> list[Graded]:
        """The submissions that a notebook of this lab was in."""
        return [one for one in self.graded if one.state != "unreadable"]

    def as_dict(self) -> dict[str, Any]:
        """It as plain values."""
        return {
            "grades": str(self.path),
            "lab": self.lab.name,
            "title": self.lab.title,
            "out_of": self.out_of,
            "submissions": list(self._submissions()),
            "breakdown": asdict(self.breakdown),
            "notes": list(self.notes),
        }

    def _submissions(self) -> Iterator[dict[str, Any]]:
        for one, page in zip(self.graded, self.pages, strict=True):
            sums = {"points": one.points, "out_of": one.out_of}
            yield {**one.as_json(), **sums, "feedback": str(self.path / page)}

    def _repr_html_(self) -> str:
        rows: Sequence[Sequence[Any]] = [
            [printable(one.student), one.state, f"{one.points:g} of {one.out_of:g}"]
            for one in self.graded
        ]
        where = escape(printable(str(self.path / INDEX)))
        return table(["student", "state", "points"], rows, self.lab.title) + f"<p>{where}</p>"
