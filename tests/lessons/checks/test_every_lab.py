"""Each lab: its solution is right, each mistake gets its own hint, and nonsense does no harm.

`WRONG` of a lab's own file holds answers as learners write them, by question and mistake.
"""

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from retinue.lessons.checking import outcome_of
from retinue.lessons.labs import COURSE, find_lab
from retinue.lessons.outcome import Outcome
from tests.lessons.answering import answers_of

WRONG: dict[str, dict[str, dict[str, Any]]] = {
    lab: import_module(f"tests.lessons.checks.test_{lab}").WRONG for lab in COURSE
}
QUESTIONS = [(lab, question) for lab in COURSE for question in find_lab(lab).questions]
MISTAKES = [
    (lab, question, mistake)
    for lab, asked in WRONG.items()
    for question, found in asked.items()
    for mistake in found
]
NONSENSE: list[Any] = [
    7, "text", [1, 2], lambda: 1, lambda *_: None, lambda *_: "text", lambda *_: [],
    lambda *_: np.zeros(3), lambda *_: torch.zeros(2, 2), lambda *_: nn.Identity(),
    lambda *_: 1 / 0, lambda *given: given,
]  # fmt: skip


@cache
def solution(lab: str) -> dict[str, Any]:
    return answers_of(lab)


def ask(lab: str, question: str, answer: Any) -> Outcome:
    return outcome_of(f"{lab}.{question}", find_lab(lab).questions[question], answer)


@pytest.mark.parametrize(("lab", "question"), QUESTIONS)
def test_the_solution_is_right(lab: str, question: str) -> None:
    outcome = ask(lab, question, solution(lab)[find_lab(lab).questions[question].answer])
    assert outcome.passed, str(outcome)


@pytest.mark.parametrize(("lab", "question", "mistake"), MISTAKES)
def test_a_typical_mistake_gets_the_hint_meant_for_it(
    lab: str, question: str, mistake: str
) -> None:
    outcome = ask(lab, question, WRONG[lab][question][mistake])
    assert (outcome.passed, outcome.mistake) == (False, mistake), str(outcome)
    assert outcome.hint == find_lab(lab).questions[question].hints[mistake]
    assert outcome.case


@pytest.mark.parametrize(("lab", "question"), QUESTIONS)
def test_every_hint_is_for_a_mistake_that_is_tried(lab: str, question: str) -> None:
    assert set(find_lab(lab).questions[question].hints) == set(WRONG[lab][question])
    assert len(WRONG[lab][question]) >= 3


@pytest.mark.parametrize(("lab", "question"), QUESTIONS)
def test_an_answer_has_the_same_outcome_at_every_call(lab: str, question: str) -> None:
    answer = next(iter(WRONG[lab][question].values()))
    assert str(ask(lab, question, answer)) == str(ask(lab, question, answer))


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize(("lab", "question"), QUESTIONS)
def test_nonsense_fails_without_an_exception(lab: str, question: str, nonsense: Any) -> None:
    outcome = ask(lab, question, nonsense)
    assert not outcome.passed
    assert outcome.answered
    assert outcome.case


@pytest.mark.parametrize(("lab", "question"), QUESTIONS)
def test_no_answer_is_no_answer(lab: str, question: str) -> None:
    asked = find_lab(lab).questions[question]
    for nothing in (None, ..., empty_like(solution(lab)[asked.answer])):
        outcome = ask(lab, question, nothing)
        assert (outcome.passed, outcome.answered) == (False, False)


def empty_like(answer: Any) -> Callable[..., Any]:
    """What the students' copy has in the place of a function or class."""

    def stub(*_: Any, **__: Any) -> Any:
        raise NotImplementedError

    class Stub(nn.Module):
        def __init__(self, *_: Any) -> None:
            raise NotImplementedError

    return Stub if inspect.isclass(answer) else stub
