"""What a lab asks: questions that a function checks, and others that a person reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class WrongError(Exception):
    """An answer is not right.

    Args:
        case: the failing case in a line or two: what was asked for, what came, what should have.
        mistake: which of the question's known mistakes it looks like; None for an unknown one.
    """

    def __init__(self, case: str, mistake: str | None = None) -> None:
        super().__init__(case)
        self.case = case
        self.mistake = mistake


@dataclass(frozen=True)
class Question:
    """One question that is checked.

    Args:
        asks: what is to be done, in one line.
        answer: the name that the answer has in the notebook: a function, class or value.
        check: given the answer, returns if it is right.
            Raises WrongError where it is not.
        hints: a hint for each known mistake, by its name; the hint does not give the answer away.
        points: what a right answer is worth.
    """

    asks: str
    answer: str
    check: Callable[[Any], None]
    hints: Mapping[str, str] = field(default_factory=dict)
    points: float = 1


@dataclass(frozen=True)
class Written:
    """A question that is answered in words, which a person reads and gives points for."""

    asks: str
    points: float = 1


@dataclass(frozen=True)
class Lab:
    """All that a lab asks.

    Args:
        name: as in `check("lab2.conv2d", ...)` before the dot.
        title: a few words.
        questions: those that are checked, by name, in the order of the notebook.
        written: those that are read, by name, in the order of the notebook.
    """

    name: str
    title: str
    questions: Mapping[str, Question]
    written: Mapping[str, Written] = field(default_factory=dict)
