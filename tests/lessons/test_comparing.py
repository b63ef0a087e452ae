from typing import Any

import numpy as np
import pytest
import torch

from retinue.lessons.comparing import compare, in_words, same, shown
from retinue.lessons.question import WrongError

SMALL = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1, 1.0),
        (np.int64(3), 3),
        (0.1 + 0.2, 0.3),
        (SMALL, SMALL.tolist()),
        (torch.tensor(SMALL), SMALL),
        (SMALL.astype(np.float32) + 1e-7, SMALL),
        ((1, SMALL), [1, SMALL]),
        ("a", "a"),
        (True, True),
        ([[1, 2], "b"], [[1, 2], "b"]),
        (float("nan"), float("nan")),
        ([], []),
    ],
)
def test_answers_that_agree(got: Any, expected: Any) -> None:
    assert same(got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1, 2),
        (1.001, 1.0),
        (SMALL[None], SMALL),
        (SMALL.T, SMALL),
        (SMALL + 1e-3, SMALL),
        (1, True),
        ("1", 1),
        (1, "1"),
        (None, 1),
        (1, None),
        ((1, SMALL), (1, SMALL, 1)),
        (SMALL, (1, SMALL)),
        ([1, [2, 3]], 1),
        (float("nan"), 1.0),
        (print, 1.0),
        ([1, 2], [2, 1]),
    ],
)
def test_answers_that_do_not(got: Any, expected: Any) -> None:
    assert not same(got, expected)


def test_the_tolerance_is_of_the_largest_value() -> None:
    assert same([1000.005, 0.0], [1000.0, 0.0])
    assert not same([1.005, 0.0], [1.0, 0.0])


CASES = [(2,), (3,), (-4,)]
MISTAKES = {
    "sign_lost": lambda x: -(x**2),
    "doubled": lambda x: 2 * x,
    "fails": lambda x: 1 / 0,
}


def wrong_of(answer: Any, cases: Any = CASES) -> WrongError:
    with pytest.raises(WrongError) as caught:
        compare(answer, cases, lambda x: x**2, MISTAKES)
    return caught.value


def test_a_right_answer_passes() -> None:
    compare(lambda x: x * x, CASES, lambda x: x**2, MISTAKES)


def test_the_first_wrong_case_is_told() -> None:
    found = wrong_of(lambda x: 2 * x)
    # 2 is right by chance, as in 2 + 2; 3 is the first that shows it.
    assert found.case == "for 3\ngives 6\nexpected 9"
    assert found.mistake == "doubled"


def test_a_mistake_has_to_explain_every_wrong_case() -> None:
    assert wrong_of(lambda x: -(x**2)).mistake == "sign_lost"
    assert wrong_of(lambda x: -(x**2) if x != 3 else 7).mistake is None


def test_a_mistake_that_cannot_be_made_is_none() -> None:
    def answer(x: int) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        compare(answer, CASES, lambda x: x**2, MISTAKES)


def test_an_answer_may_spoil_its_arguments() -> None:
    def spoil(values: list[int]) -> int:
        total = sum(values)
        values.clear()
        return total

    compare(spoil, [([1, 2],), ([3],)], sum, {})


def test_what_is_no_function_is_told() -> None:
    assert wrong_of(7).case == "a function is asked for, this is int 7"
    assert "str" in wrong_of("text").case


def test_cases_are_told_as_a_lab_wants() -> None:
    with pytest.raises(WrongError, match=r"^size 3\n"):
        compare(lambda x: 0, [(3,)], lambda x: x, {}, words=lambda x: f"size {x}")


def test_values_are_shown_in_a_line_or_by_their_shape() -> None:
    assert shown(np.zeros((4, 5))) == "shape (4, 5), first numbers 0, 0, 0, 0 ..."
    assert shown(torch.ones(2)) == "[1. 1.]"
    assert shown(1 / 3) == "0.333333"
    assert len(shown("x" * 1000)) == 200
    assert in_words(3, "same") == "for 3, 'same'"
