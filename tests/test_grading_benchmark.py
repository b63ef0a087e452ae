"""The benchmark of grading notices what it is there to notice."""

from benchmarks.grading import differences
from retinue.lessons.question import Lab, Question
from tests.lessons.grading.class_of_30 import Expected

LAB = Lab(
    "lab",
    "Lab",
    {"a": Question("a", "a", lambda _: None), "b": Question("b", "b", lambda _: None, points=2)},
)
EXPECTED = [
    Expected("Ada", "good", frozenset({"a", "b"})),
    Expected("Ben", "half", frozenset({"a"})),
]
RIGHT = [
    {"student": "Ada", "a": "1", "b": "2"},
    {"student": "Ben", "a": "1", "b": "0"},
]


def test_right_marks_have_no_differences() -> None:
    assert differences(LAB, EXPECTED, RIGHT) == []


def test_wrong_marks_and_students_are_named() -> None:
    given = [RIGHT[0], {"student": "Ben", "a": "1", "b": "2"}]
    assert differences(LAB, EXPECTED, given) == ["half: b has 2, not 0"]
    assert differences(LAB, EXPECTED, RIGHT[:1]) == ["half: is missing"]
    more = [*RIGHT, {"student": "Cem", "a": "", "b": ""}]
    assert differences(LAB, EXPECTED, more) == ["Cem is nobody"]
    assert differences(LAB, EXPECTED, [*RIGHT, RIGHT[0]]) == ["somebody stands there twice"]
