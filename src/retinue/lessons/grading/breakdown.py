"""What a class made of each question: how many were right, and the mistakes it made most."""

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retinue.lessons.grading.marks import Graded, Mark
from retinue.lessons.question import Lab, Question
from retinue.writing import write_csv

HEAD = ("question", "outcome", "mistake", "submissions", "hint")
OTHER = "something else"
_ERROR = re.compile(r"[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Iteration)\b.*")
_PLACE = re.compile(r" \(in .*, line \d+ of its cell\)$")
_LONGEST = 160  # letters of an error by which answers are put together


@dataclass(frozen=True)
class Mistake:
    """A mistake that answers to a question share.

    Args:
        name: as the question knows it; empty for one that it does not.
        told: in words: its name, or the error in which the answer ended.
        n: in how many submissions it was made.
        hint: what these were told.
    """

    name: str
    told: str
    n: int
    hint: str


@dataclass(frozen=True)
class Tally:
    """What became of one question that is checked, over all submissions that could be read."""

    question: str
    asks: str
    right: int
    wrong: int
    unanswered: int
    mistakes: tuple[Mistake, ...]

    @property
    def n(self) -> int:
        """How many submissions were counted."""
        return self.right + self.wrong + self.unanswered

    @property
    def share(self) -> float:
        """How many of them were right, from 0 to 1."""
        return self.right / self.n if self.n else 0.0


@dataclass(frozen=True)
class Reading:
    """How far a written question has been read; `mean` is of the points given so far."""

    question: str
    asks: str
    out_of: float
    answered: int
    read: int
    mean: float | None


@dataclass(frozen=True)
class Breakdown:
    """All questions of a lab, in its order."""

    tallies: tuple[Tally, ...]
    readings: tuple[Reading, ...]

    @property
    def by_difficulty(self) -> list[Tally]:
        """The questions that are checked, that with the fewest right answers first."""
        return sorted(self.tallies, key=lambda one: one.share)

    @property
    def commonest(self) -> list[tuple[Tally, Mistake]]:
        """All mistakes that a question knows, the most frequent first."""
        found = [(tally, one) for tally in self.tallies for one in tally.mistakes if one.name]
        return sorted(found, key=lambda pair: -pair[1].n)


def break_down(lab: Lab, graded: Sequence[Graded]) -> Breakdown:
    """Count what became of each question; submissions that could not be read are left out."""
    marks = [
        {mark.question: mark for mark in one.marks} for one in graded if one.state != "unreadable"
    ]
    of = {
        name: [found[name] for found in marks if name in found]
        for name in [*lab.questions, *lab.written]
    }
    return Breakdown(
        tuple(_tally(name, one, of[name]) for name, one in lab.questions.items()),
        tuple(_reading(name, one.asks, one.points, of[name]) for name, one in lab.written.items()),
    )


def write_breakdown(path: Path, breakdown: Breakdown) -> None:
    """Write it as CSV: a line for each question and outcome; those of a question add up to all.

    Raises:
        OSError: the file cannot be written.
    """
    write_csv(path, HEAD, _rows(breakdown))


def _rows(breakdown: Breakdown) -> Iterator[tuple[str, str, str, int, str]]:
    for one in breakdown.tallies:
        yield (one.question, "right", "", one.right, "")
        for mistake in one.mistakes:
            name = mistake.name or mistake.told
            yield (one.question, "wrong", name, mistake.n, mistake.hint)
        yield (one.question, "unanswered", "", one.unanswered, "")
    for read in breakdown.readings:
        yield (read.question, "read", "", read.read, "")
        yield (read.question, "to be read", "", read.answered - read.read, "")


def _tally(name: str, question: Question, marks: Sequence[Mark]) -> Tally:
    wrong = [mark for mark in marks if mark.answered and not mark.passed]
    right = sum(mark.passed for mark in marks)
    mistakes = _mistakes(wrong, question.hints)
    return Tally(name, question.asks, right, len(wrong), len(marks) - right - len(wrong), mistakes)


def _mistakes(wrong: Sequence[Mark], hints: Mapping[str, str]) -> tuple[Mistake, ...]:
    """The mistakes of wrong answers, the most frequent first, unknown ones last."""
    counts = Counter(_name(mark, hints) for mark in wrong)
    found = [Mistake(name, told, n, hints.get(name, "")) for (name, told), n in counts.items()]
    return tuple(sorted(found, key=lambda one: (not one.name, one.told == OTHER, -one.n, one.told)))


def _name(mark: Mark, known: Container[str]) -> tuple[str, str]:
    """A known mistake's name, also in words; of an answer that failed in itself the error."""
    if mark.mistake and mark.mistake in known:
        return mark.mistake, mark.mistake.replace("_", " ")
    first = mark.case.partition("\n")[0]
    return "", _PLACE.sub("", first)[:_LONGEST] if _ERROR.match(first) else OTHER


def _reading(name: str, asks: str, out_of: float, marks: Sequence[Mark]) -> Reading:
    answered = [mark for mark in marks if mark.answered]
    given = [mark.points for mark in answered if mark.points is not None]
    mean = sum(given) / len(given) if given else None
    return Reading(name, asks, out_of, len(answered), len(given), mean)
