"""What grading one submission gave, as it lies on the disk between the run and the pages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal[
    "graded",  # it ran to its end, whatever its cells did
    "time",  # it was ended, for it took too long; what was right by then counts
    "memory",  # it was ended, for it took too much memory; likewise
    "crashed",  # its process ended by itself; likewise
    "unreadable",  # no notebook, or none of this lab
]


@dataclass(frozen=True)
class Mark:
    """What one question got.

    Args:
        question: its name without the lab's.
        points: what was given; of a written question None until somebody has read it.
        out_of: the most that it gives.
        passed, answered, case, hint, mistake: as of `retinue.lessons.outcome.Outcome`.
        written: the text of a written answer; empty for questions that are checked.
        comment: what the reader of a written answer says.
    """

    question: str
    points: float | None
    out_of: float
    passed: bool = False
    answered: bool = False
    case: str = ""
    hint: str = ""
    mistake: str | None = None
    written: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Graded:
    """What one submission got.

    Args:
        student: the name, as made out of the file's.
        file: the file's own name, with the archive's folders, as it was handed in.
        lab: the lab's name.
        state: how its run ended.
        marks: one for each question of the lab, in its order, written ones last.
        notes: in plain words, what the student and the teacher should know: cells that failed, a
            copy of the notebook of an older version, a network that could not be kept away.
        seconds: how long it ran.
    """

    student: str
    file: str
    lab: str
    state: State
    marks: Sequence[Mark]
    notes: Sequence[str] = field(default_factory=tuple)
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """The sum of what was given so far."""
        return sum(mark.points or 0.0 for mark in self.marks)

    @property
    def out_of(self) -> float:
        """The most that the lab gives."""
        return sum(mark.out_of for mark in self.marks)

    def as_json(self) -> dict[str, Any]:
        """It as plain values, for `from_json`."""
        return asdict(self)


def from_json(values: dict[str, Any]) -> Graded:
    """What `Graded.as_json` gave."""
    marks = tuple(Mark(**one) for one in values["marks"])
    return Graded(**{**values, "marks": marks, "notes": tuple(values["notes"])})
