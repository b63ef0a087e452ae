import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from retinue.errors import UsageError
from retinue.lessons import check
from retinue.lessons.checking import outcome_of
from retinue.lessons.question import Question, WrongError


def drawn() -> tuple[float, float, float]:
    """What the three generators of a notebook give next."""
    legacy = float(np.random.random_sample())  # noqa: NPY002  what a notebook may use
    return random.random(), legacy, float(torch.rand(()))


def judge(answer: Any) -> None:
    """A check: the answer should draw below 2."""
    if answer() >= 2:
        raise WrongError("gives too much\nexpected less", "too_much")


QUESTION = Question("Draw.", "draw", judge, {"too_much": "How large may it be?"})


def test_a_right_answer_passes() -> None:
    assert check("lab2.output_size", lambda size, kernel, stride, padding: (
        (size + 2 * padding - kernel) // stride + 1
    ))  # fmt: skip


def test_a_mistake_comes_with_its_case_and_hint() -> None:
    outcome = outcome_of("lab.draw", QUESTION, lambda: 3)
    assert (outcome.passed, outcome.answered, outcome.mistake) == (False, True, "too_much")
    assert outcome.case == "gives too much\nexpected less"
    assert outcome.hint == "How large may it be?"


def test_an_unknown_mistake_has_no_hint() -> None:
    def judge_strangely(_: Any) -> None:
        raise WrongError("is odd", "never heard of")

    outcome = outcome_of("lab.draw", Question("", "draw", judge_strangely), 1)
    assert (outcome.hint, outcome.mistake) == ("", "never heard of")


def not_yet() -> float:
    raise NotImplementedError


@pytest.mark.parametrize("answer", [None, ..., not_yet])
def test_no_answer_is_not_wrong(answer: Any) -> None:
    outcome = outcome_of("lab.draw", QUESTION, answer)
    assert (outcome.passed, outcome.answered, outcome.case) == (False, False, "")


def test_an_answer_that_fails_is_told_by_its_error() -> None:
    def fails() -> float:
        return 1 / 0

    outcome = outcome_of("lab.draw", QUESTION, fails)
    assert (outcome.passed, outcome.answered) == (False, True)
    assert outcome.case == "ZeroDivisionError: division by zero"


def test_the_line_of_a_notebook_is_named() -> None:
    names: dict[str, Any] = {}
    cell = "def fails():\n    first = 1\n    return first / 0\n"
    exec(compile(cell, "/tmp/ipykernel_12/3456.py", "exec"), names)
    assert outcome_of("lab.draw", QUESTION, names["fails"]).case.endswith(
        "(in fails, line 3 of its cell)"
    )


def test_generators_are_afterwards_as_they_were() -> None:
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(5)
    expected = drawn()
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(5)
    assert outcome_of("lab.draw", QUESTION, lambda: sum(drawn()) / 3)
    assert drawn() == expected


def test_draws_of_an_answer_are_the_same_at_every_check() -> None:
    seen: list[tuple[float, float, float]] = []

    def draw() -> float:
        seen.append(drawn())
        return 0.0

    for _ in range(2):
        drawn()  # what went before makes no difference
        assert outcome_of("lab.draw", QUESTION, draw)
    assert seen[0] == seen[1]


def test_warnings_of_an_answer_are_not_its_marks() -> None:
    def warns() -> float:
        warnings.warn("look", RuntimeWarning, stacklevel=1)
        return 0.0

    assert outcome_of("lab.draw", QUESTION, warns)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lab2.nothing", "lab2.nothing: no such question; there are lab2.output_size, lab2.conv2d"),
        ("lab99.conv2d", "lab99: no such lab; there are lab1, lab2"),
        ("", "no such lab"),
        ("../lab2.conv2d", "no such lab"),
    ],
)
def test_what_is_not_asked_is_refused(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        check(name, 1)
