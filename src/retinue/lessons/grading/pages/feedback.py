"""What a student may see of the own submission, and nothing of others."""

from dataclasses import dataclass

from retinue.lessons.grading.marks import Graded, Mark
from retinue.lessons.grading.pages.noted import own_notes
from retinue.lessons.grading.pages.rendering import render
from retinue.lessons.question import Lab, Question, Written


@dataclass(frozen=True)
class Answered:
    """A question, what it asks, and what the answer got."""

    mark: Mark
    asks: str
    written: bool

    @property
    def kind(self) -> str:
        """In which colour it is told."""
        if self.mark.passed:
            return "right"
        return "wrong" if self.mark.answered and not self.written else "open"

    @property
    def verdict(self) -> str:
        """In a few words what became of it."""
        if self.written and self.mark.answered:
            return "not read yet" if self.mark.points is None else "read"
        if not self.mark.answered:
            return "read" if self.mark.points else "no answer"
        return "right" if self.mark.passed else "not right yet"


def feedback_page(one: Graded, lab: Lab) -> str:
    """The page as HTML."""
    asked: dict[str, Question | Written] = {**lab.questions, **lab.written}
    answers = [
        Answered(mark, asked[mark.question].asks, mark.question in lab.written)
        for mark in one.marks
        if mark.question in asked
    ]
    unread = sum(answer.verdict == "not read yet" for answer in answers)
    return render(
        "feedback.html", one=one, lab=lab, answers=answers, unread=unread, notes=own_notes(one)
    )
