"""Counting what became of each question, and the commonest mistakes."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from retinue.lessons.grading.breakdown import OTHER, break_down, write_breakdown
from retinue.lessons.grading.marks import Graded, Mark
from tests.lessons.grading.graded_class import ERROR, HINTS, LAB, thirty


@pytest.fixture
def graded() -> list[Graded]:
    return thirty()


def test_counts_are_those_of_the_marks(graded: list[Graded]) -> None:
    found = break_down(LAB, graded)
    readable = [one for one in graded if one.state != "unreadable"]
    for place, tally in enumerate(found.tallies):
        marks = [one.marks[place] for one in readable]
        assert tally.question == marks[0].question
        assert tally.right == sum(mark.points == 1 for mark in marks)
        assert tally.unanswered == sum(not mark.answered for mark in marks)
        assert tally.n == len(readable) == 29
        named = Counter(mark.mistake for mark in marks if mark.mistake)
        assert {one.name: one.n for one in tally.mistakes if one.name} == named


def test_a_submission_that_cannot_be_read_is_not_counted_and_one_that_ran_is(
    graded: list[Graded],
) -> None:
    before = break_down(LAB, graded).tallies[0].n
    odd = next(number for number, one in enumerate(graded) if one.state == "unreadable")
    graded[odd] = replace(graded[odd], state="graded")
    assert break_down(LAB, graded).tallies[0].n == before + 1


def _answers(*marks: Mark) -> list[Graded]:
    return [Graded(str(n), f"{n}.ipynb", "lab2", "graded", [one]) for n, one in enumerate(marks)]


def _wrong(case: str, mistake: str | None = None) -> Mark:
    return Mark("conv2d", 0, 1, answered=True, case=case, mistake=mistake)


def test_mistakes_come_by_number_known_ones_first_and_errors_by_their_text() -> None:
    marks = [_wrong("for x"), _wrong(ERROR), _wrong(ERROR.replace("line 4", "line 9"))]
    marks += [_wrong("a", "flipped_kernel")] + 2 * [_wrong("b", "transposed_kernel")]
    found = break_down(LAB, _answers(*marks)).tallies[0].mistakes
    assert [(one.name, one.told, one.n) for one in found] == [
        ("transposed_kernel", "transposed kernel", 2),
        ("flipped_kernel", "flipped kernel", 1),
        ("", "NameError: name 'F' is not defined", 2),
        ("", OTHER, 1),
    ]
    assert [one.hint for one in found[:2]] == [HINTS["conv2d"][one.name] for one in found[:2]]


def test_a_mistake_that_the_question_does_not_know_has_no_hint_and_no_name() -> None:
    (found,) = break_down(LAB, _answers(_wrong("for x", "<script>"))).tallies[0].mistakes
    assert (found.name, found.told, found.hint) == ("", OTHER, "")


def test_the_hardest_question_and_the_commonest_mistake_come_first(graded: list[Graded]) -> None:
    found = break_down(LAB, graded)
    shares = [one.share for one in found.by_difficulty]
    assert shares == sorted(shares)
    assert len(set(shares)) > 1
    numbers = [mistake.n for _, mistake in found.commonest]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[-1]


def test_written_answers_are_counted_as_read_when_they_have_points() -> None:
    marks = [
        Mark("why", 1.5, 2, answered=True, written="a"),
        Mark("why", 0.5, 2, answered=True, written="b"),
        Mark("why", None, 2, answered=True, written="c"),
        Mark("why", None, 2),
    ]
    found = break_down(LAB, _answers(*marks)).readings[0]
    assert (found.answered, found.read, found.mean, found.out_of) == (3, 2, 1.0, 2)


def test_the_file_has_a_line_an_outcome_and_those_of_a_question_add_up(
    graded: list[Graded], tmp_path: Path
) -> None:
    path = tmp_path / "breakdown.csv"
    write_breakdown(path, break_down(LAB, graded))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name in LAB.questions:
        assert sum(int(one["submissions"]) for one in rows if one["question"] == name) == 29
    flipped = next(one for one in rows if one["mistake"] == "flipped_kernel")
    assert flipped["hint"] == HINTS["conv2d"]["flipped_kernel"]


def test_a_class_of_nobody_has_no_shares() -> None:
    found = break_down(LAB, [])
    assert [one.share for one in found.tallies] == [0.0] * 4
    assert found.commonest == []
