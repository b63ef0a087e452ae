"""What the lessons and labs say: how long it is, that numbers come from cells, and the hints."""

import re
from pathlib import Path

import pytest
from nbformat import v4

from retinue.lessons.labs import find_lab
from retinue.lessons.question import Lab, Question
from tests.lessons.masters import (
    ALL,
    LAB_MASTERS,
    LESSON_MASTERS,
    cells_of,
    lab_of,
    texts_of,
    words,
)

MOST_WORDS = 1_500
_WORSE = "better|worse|more|less|higher|lower"
MEASURED = re.compile(
    rf"\d[\d.,]*\s*(?:%|per ?cent\b|percentage|points?\s+(?:{_WORSE})|"
    rf"times\s+(?:as|faster|slower|{_WORSE})|"
    r"(?:milli|micro)?seconds?\b|minutes?\b|hours?\b|m?s\b)|"
    r"\b(?:accuracy|error|loss)\s+(?:of|is|was|about|around)\s+(?:about\s+|around\s+)?\d",
    re.IGNORECASE,
)
# What looks like a measured number and is none, with the reason: part of a text, in a file.
ALLOWED = {
    ("lesson4_space", "training ImageNet in 1 hour"): "the title of a paper",
    ("lab5_overfitting", "is right on 100 % of the training"): "an invented case, to be judged",
    ("lab5_overfitting", "on 58 % of the val photos"): "an invented case, to be judged",
    ("lab9_project", "95 % interval"): "how sure an interval is to be, which is chosen",
}


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=path.stem) for path in paths]


def numbers_in(text: str) -> list[str]:
    """What is stated as an accuracy or a time, with some words around it."""
    flat = " ".join(text.split())
    return [flat[max(0, one.start() - 30) : one.end() + 20] for one in MEASURED.finditer(flat)]


def lacks(lab: Lab, least: int = 3) -> list[str]:
    """Questions with fewer hints than a lab must have, or with an empty one."""
    return [
        name
        for name, question in lab.questions.items()
        if len(question.hints) < least or not all(one.strip() for one in question.hints.values())
    ]


@pytest.mark.parametrize("master", named(LESSON_MASTERS))
def test_a_lesson_is_short(master: Path) -> None:
    assert words(cells_of(master)) < MOST_WORDS


def test_words_are_counted() -> None:
    cells = [v4.new_markdown_cell("one two\n\n# three $x^2$"), v4.new_code_cell("not these")]
    assert words(cells) == 5


@pytest.mark.parametrize("master", named(ALL))
def test_no_text_states_an_accuracy_or_a_time(master: Path) -> None:
    found = [one for text in texts_of(cells_of(master)) for one in numbers_in(text)]
    allowed = [part for name, part in ALLOWED if name == master.stem]
    assert [one for one in found if not any(part in one for part in allowed)] == []


@pytest.mark.parametrize(
    "text",
    [
        "It reaches 93.4 % on test.",
        "about 70% right",
        "90 per cent",
        "It takes 20 s.",
        "in 3\nminutes",
        "ten epochs of 1.5 seconds",
        "3 times faster",
        "4 points better",
        "an accuracy of about 0.9",
    ],
)
def test_a_stated_number_is_noticed(text: str) -> None:
    assert numbers_in(text)


def test_other_numbers_are_no_claims() -> None:
    assert numbers_in("A 3 x 3 kernel, 28 steps, 10 classes, 1989, 2 MB, from 0 to 255.") == []


def test_each_allowance_is_needed() -> None:
    texts = {path.stem: " ".join("\n".join(texts_of(cells_of(path))).split()) for path in ALL}
    assert [key for key in ALLOWED if key[1] not in texts.get(key[0], "")] == []


@pytest.mark.parametrize("master", named(LAB_MASTERS))
def test_every_question_has_three_hints(master: Path) -> None:
    assert lacks(find_lab(lab_of(master))) == []


def test_a_lab_with_two_hints_is_noticed() -> None:
    two = Question("", "x", print, {"a": "A?", "b": "B?"})
    empty = Question("", "x", print, {"a": "A?", "b": "B?", "c": " "})
    three = Question("", "x", print, {"a": "A?", "b": "B?", "c": "C?"})
    lab = Lab("lab1", "", {"two": two, "empty": empty, "three": three})
    assert lacks(lab) == ["two", "empty"]


@pytest.mark.parametrize("master", named(LAB_MASTERS))
def test_a_lab_asks_what_its_notebook_has_room_for(master: Path) -> None:
    lab, cells = find_lab(lab_of(master)), cells_of(master)
    asked = {"code": lab.questions, "markdown": lab.written}
    for kind, questions in asked.items():
        rooms = [
            one.metadata["question"]
            for one in cells
            if one.cell_type == kind and "question" in one.metadata
        ]
        assert rooms == list(questions)
    assert lab.name == lab_of(master)
    assert 4 <= len(lab.questions) <= 6
    assert 2 <= len(lab.written) <= 3


@pytest.mark.parametrize("master", named(LAB_MASTERS))
def test_every_answer_is_checked_after_it_was_given(master: Path) -> None:
    lab, cells = find_lab(lab_of(master)), cells_of(master)
    for name, question in lab.questions.items():
        (place,) = [n for n, one in enumerate(cells) if one.metadata.get("question") == name]
        wanted = f'check("{lab.name}.{name}", {question.answer})'
        assert any(wanted in one.source for one in cells[place + 1 :]), wanted


@pytest.mark.parametrize("master", named(LAB_MASTERS))
def test_a_lab_ends_with_a_reflection(master: Path) -> None:
    last = cells_of(master)[-1]
    assert (last.cell_type, last.metadata.get("question")) == ("markdown", "reflection")
    assert find_lab(lab_of(master)).written["reflection"].points == 1


@pytest.mark.parametrize("master", named(ALL))
def test_the_first_cell_is_a_title(master: Path) -> None:
    first = cells_of(master)[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
