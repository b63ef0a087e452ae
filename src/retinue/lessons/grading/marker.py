"""A lab's questions asked of a namespace that a notebook fills, cell by cell."""

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from retinue.lessons.grading.keeping import Originals
from retinue.lessons.grading.limits import OutOfTimeError, reserve_open, within
from retinue.lessons.outcome import Outcome
from retinue.lessons.question import Lab, Question

Tell = Callable[[dict[str, Any]], None]
_MISSING = object()


class Marker:
    """Asks each question when its answer is there, and again at the end.

    Args:
        lab: whose questions.
        names: the namespace that the cells fill.
        tell: takes one event after another, as JSON values.
        originals: what is in force while answers are checked.
    """

    def __init__(
        self, lab: Lab, names: MutableMapping[str, Any], tell: Tell, originals: Originals
    ) -> None:
        self._lab, self._names, self._tell, self._originals = lab, names, tell, originals
        self._seen: dict[str, Any] = dict.fromkeys(lab.questions, _MISSING)
        self._endless: dict[str, Any] = {}  # answers that were stopped, once is enough
        self._answered: dict[str, Any] = {}

    def after(self, cell: int, source: str, seconds: Callable[[], float]) -> None:
        """Ask the questions whose answers the cell has defined, or checks itself.

        An answer that gives way to none, as by a copy of the empty cell, is put back.
        """
        for name, question in self._lab.questions.items():
            answer = self._names.get(question.answer, _MISSING)
            is_new = answer is not self._endless.get(name, _MISSING)
            is_asked = is_new and f"{self._lab.name}.{name}" in source
            if is_asked or answer is not self._seen[name]:
                if self._ask(name, question, answer, cell, seconds()):
                    self._answered[name] = answer
                elif name in self._answered and answer is not _MISSING:
                    answer = self._names[question.answer] = self._answered[name]
                self._seen[name] = answer

    def at_end(self, seconds: Callable[[], float]) -> None:
        """Ask all questions, for what was defined later may have changed what an answer does."""
        for name, question in self._lab.questions.items():
            answer = self._names.get(question.answer, _MISSING)
            if self._endless.get(name, _MISSING) is not answer or answer is _MISSING:
                self._ask(name, question, answer, None, seconds())

    def _ask(
        self, name: str, question: Question, answer: Any, cell: int | None, seconds: float
    ) -> bool:
        """Ask a question and tell what came of it; gives whether there is an answer."""
        outcome, replaced = self._outcome(f"{self._lab.name}.{name}", question, answer, seconds)
        self._tell(
            {
                "did": "check",
                "question": name,
                "cell": cell,
                "passed": outcome.passed,
                "answered": outcome.answered,
                "case": _plain(outcome.case),
                "mistake": outcome.mistake,
                "replaced": [_plain(one, 100) for one in list(replaced)[:5]],
            }
        )
        return outcome.answered

    def _outcome(
        self, name: str, question: Question, answer: Any, seconds: float
    ) -> tuple[Outcome, Iterable[str]]:
        from retinue.lessons.checking import outcome_of

        replaced: Iterable[str] = ()
        if answer is _MISSING:
            return Outcome(name, passed=False, answered=False), replaced
        try:
            with self._originals.in_force() as replaced, reserve_open(), within(seconds):
                return outcome_of(name, question, answer), replaced
        except OutOfTimeError as error:
            self._endless[name.partition(".")[2]] = answer
            case = f"its check was {error}: is there a loop without an end?"
        except BaseException as error:  # as exit() in an answer
            case = f"{type(error).__name__}: {error}"
        return Outcome(name, False, case, answered=True), replaced


def _plain(text: str, most: int = 2000) -> str:
    return str(text)[:most]
