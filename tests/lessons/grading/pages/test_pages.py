"""What stands in the pages, read as HTML."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from retinue.lessons.grading.cells import Notebook
from retinue.lessons.grading.grades import Grades
from retinue.lessons.grading.marking import notes_of
from retinue.lessons.grading.pages.bars import outcome_bar, spread
from retinue.lessons.grading.pages.feedback import feedback_page
from retinue.lessons.grading.pages.noted import reasons
from retinue.lessons.grading.pages.reading import reading_page
from retinue.lessons.grading.pages.teacher import teacher_page
from retinue.lessons.grading.pages.writing import page_names, write_pages
from retinue.lessons.grading.rubric import Read, merged
from tests.lessons.grading.graded_class import LAB, grades_of, hostile, thirty
from tests.reporting.page.checks import policy_faults, references, steering_in
from tests.reporting.page.reader import Reader

HOSTILE = (
    '<img src=x onerror="console.log(1)">',
    "</script><script>console.log(1)</script>",
    '"><svg onload=console.log(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "javascript:console.log(1)//../../../../etc",
)


@pytest.fixture
def grades(tmp_path: Path) -> Grades:
    return grades_of(thirty(), tmp_path, LAB, "a note")


def _text(page: str) -> str:
    body = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_the_teachers_page_has_all_names_beside_their_files_and_leads_to_each(
    grades: Grades,
) -> None:
    page = teacher_page(grades)
    write_pages(grades)
    for one in grades.graded:
        assert f">{one.student}</a><small" in page
        assert f"<bdi>{one.file}</bdi>" in page
    links = re.findall(r'<th scope="row"><a href="([^"]+)"', page)
    assert len(links) == 30
    for one, link in zip(grades.graded, grades.pages, strict=True):
        assert one.student in (grades.path / link).read_text(encoding="utf-8")


def test_the_teachers_page_says_what_the_numbers_say(grades: Grades) -> None:
    text = _text(teacher_page(grades))
    for tally in grades.breakdown.tallies:
        told = f"{tally.right} right, {tally.wrong} wrong, {tally.unanswered} without an answer"
        assert told in text
    tally, mistake = grades.breakdown.commonest[0]
    assert f"{mistake.told} in {tally.question}: {mistake.n} times" in text
    assert mistake.hint in text
    assert "Who needs a look 4 submissions." in text
    assert "a note" in text


def _told(*events: dict[str, Any]) -> tuple[str, ...]:
    """The notes that a run's own words give."""
    ended = {"did": "ended", "how": "end"}
    return tuple(notes_of([*events, ended], Notebook((), "lab2", ""), None))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"late": True, "error": "stopped after 7.5 seconds"}, "a cell took too long"),
        ({"full": True, "error": "MemoryError"}, "a cell took too much memory"),
        ({"did": "check", "replaced": ["math.sqrt"]}, "replaces what the checks use"),
    ],
)
def test_whose_run_was_odd_needs_a_look_as_the_run_tells_it(
    event: dict[str, Any], told: str, grades: Grades
) -> None:
    plain = replace(grades.graded[0], notes=_told({"did": "cell", "cell": 1, "error": "NameError"}))
    odd = replace(plain, notes=_told({"did": "cell", "cell": 1, **event}))
    assert plain.notes != ()
    assert reasons(plain) == []
    assert reasons(odd) == [told]
    assert f"({told})" in teacher_page(grades_of([odd], grades.path))


def test_who_answered_nothing_needs_a_look(grades: Grades) -> None:
    one = grades.graded[0]
    marks = [replace(mark, answered=False) for mark in one.marks]
    assert reasons(replace(one, marks=marks)) == ["no answers"]
    assert reasons(one) == []


def test_a_network_that_was_there_is_told_to_the_teacher_once_and_to_no_student(
    grades: Grades,
) -> None:
    notes = _told({"did": "apart", "network": False, "reason": "forbidden"})
    graded = [replace(one, notes=notes) for one in grades.graded]
    page = teacher_page(grades_of(graded, grades.path))
    assert page.count("30 submissions could not be kept away from the network") == 1
    assert "forbidden" not in page
    assert "kept away" not in _text(feedback_page(graded[0], LAB))
    without = [replace(one, notes=()) for one in grades.graded]
    assert "kept away from the network" not in teacher_page(grades_of(without, grades.path))


def test_the_teachers_page_says_that_it_is_no_exam_security(grades: Grades) -> None:
    text = _text(teacher_page(grades))
    assert "It is no exam security." in text
    assert "An answer and its check run in the same process." in text


def test_a_student_sees_the_own_case_hint_and_comment_and_nothing_of_others(
    grades: Grades,
) -> None:
    one = next(
        one
        for one in grades.graded
        if any(mark.hint for mark in one.marks) and one.marks[4].written
    )
    (given,) = merged([one], {(one.file, "why"): Read(1.5, "Think of\nthe borders.")})
    page = feedback_page(given, LAB)
    text = _text(page)
    for mark in given.marks:
        assert " ".join(mark.case.split()) in text
        assert mark.hint in text
        assert " ".join(mark.written.split()) in text
    assert "Think of\nthe borders." in page
    assert "1.5 of 2" in text
    assert "1 written answer not read yet" in text
    for other in grades.graded:
        assert other is one or other.student not in page


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("unreadable", "Please hand in the notebook file"),
        ("time", "took too long"),
        ("memory", "took too much memory"),
        ("crashed", "What was right by then counts."),
    ],
)
def test_a_student_is_told_why_a_run_ended(state: str, told: str, grades: Grades) -> None:
    found = replace(next(one for one in grades.graded if one.state == state), notes=())
    assert told in _text(feedback_page(found, LAB))
    assert told not in _text(feedback_page(replace(found, state="graded"), LAB))


OURS = ("a href=feedback/", "a href=rubric.html")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_outside_becomes_markup_or_script(text: str, tmp_path: Path) -> None:
    grades = grades_of([hostile(text)], tmp_path, LAB, text)
    plain = grades_of([hostile("plain")], tmp_path, LAB, "plain")
    for make in (teacher_page, reading_page, _first_feedback):
        found = Reader(make(grades))
        assert _shape(found) == _shape(Reader(make(plain)))
        assert [one for one in references(found) if not one.startswith(OURS)] == []
        shown = make is not reading_page
        assert text in ("".join(found.texts) if shown else found.store["answers"][0]["student"])


def test_markup_that_is_planted_is_noticed(tmp_path: Path) -> None:
    page = teacher_page(grades_of([hostile(HOSTILE[0])], tmp_path))
    planted = page.replace(f"{escape(HOSTILE[0])}</a>", f"{HOSTILE[0]}</a>")
    assert _shape(Reader(planted)) != _shape(Reader(page))
    assert "img onerror" in references(Reader(planted))


def _shape(reader: Reader) -> list[tuple[str, list[str]]]:
    return [(tag, sorted(attributes)) for tag, attributes in reader.elements]


def _first_feedback(grades: Grades) -> str:
    return feedback_page(grades.graded[0], grades.lab)


def test_a_text_that_steers_does_not_reach_a_page(tmp_path: Path) -> None:
    text = "\u202eevil\u2066\x1b[31m\x00"
    grades = grades_of([hostile(text)], tmp_path, LAB, text)
    for make in (teacher_page, reading_page, _first_feedback):
        assert steering_in(make(grades)) == []
    assert steering_in(text) != []


def test_the_policy_lets_nothing_in_but_the_pages_own_script(grades: Grades) -> None:
    for make in (teacher_page, reading_page):
        assert policy_faults(Reader(make(grades))) == []
    page = teacher_page(grades)
    assert policy_faults(Reader(page.replace("use strict", "use it"))) == ["script-src"]
    feedback = _first_feedback(grades)
    assert "default-src &#39;none&#39;" in feedback
    assert "<script" not in feedback


def test_pages_names_are_safe_apart_and_keep_letters_of_every_script() -> None:
    names = ["Åsa Öst", "åsa öst", "李雷", "../../etc/passwd", "CON", "", "a/b\\c:d", "x" * 300]
    names += ["\u202eevil", "नमस्ते", "שלום", "\x00", "."]
    found = [one.removeprefix("feedback/").removesuffix(".html") for one in page_names(names)]
    assert found[:8] == [
        "Åsa-Öst", "åsa-öst-2", "李雷", "etc-passwd", "CON-2", "student", "a-b-c-d", "x" * 48,
    ]  # fmt: skip
    assert found[8:] == ["evil", "नमस्ते", "שלום", "student-2", "student-3"]
    assert len({one.casefold() for one in found}) == len(found)


def test_the_bar_of_a_question_is_as_long_as_its_counts(grades: Grades) -> None:
    for tally in grades.breakdown.tallies:
        found = re.findall(r'width="([\d.]+)" height="12" class="(\w+)"', outcome_bar(tally))
        drawn = {kind: float(width) for width, kind in found}
        counts = {"right": tally.right, "wrong": tally.wrong, "open": tally.unanswered}
        for kind, n in counts.items():
            assert drawn.get(kind, 0) == pytest.approx(300 * n / tally.n - 1.5 * bool(n), abs=0.01)


def test_the_spread_counts_everybody_once() -> None:
    drawn = spread([0, 0.5, 1, 1.99, 2, 7, 7], 7)
    told = re.findall(r'aria-label="([^"]*)"', drawn)[0]
    assert told == (
        "Points: 2 submissions with 0 to 1; 2 submissions with 1 to 2; 1 submission with 2 to 3; "
        "2 submissions with 6 to 7"
    )
    assert "Points: none" in spread([], 0)


def test_a_student_without_answers_and_a_class_without_mistakes_have_pages(
    tmp_path: Path,
) -> None:
    one = replace(thirty()[0], marks=())
    grades = grades_of([one], tmp_path)
    assert "No mistake that a question knows was made." in _text(teacher_page(grades))
    assert "There are no written answers to read." in _text(reading_page(grades))
    assert one.student in feedback_page(one, LAB)
