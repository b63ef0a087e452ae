from collections.abc import Sequence

from retinue.lessons.grading.cells import Cell, Notebook
from retinue.lessons.grading.written import written_answers
from retinue.lessons.question import Lab, Written

LAB = Lab("lab", "Lab", {}, {"why": Written("why?"), "back": Written("look back")})
ASKED = "**Why** is it smaller?\n\n*Your answer here.*"
HEADING = "## Look back at what you did"
PLACE = "*Your answer here.*"


def texts(*cells: tuple[str, str]) -> Notebook:
    return Notebook(
        [Cell(number, "markdown", text, name) for number, (text, name) in enumerate(cells, 1)]
    )


COPY = texts((ASKED, "why"), (HEADING, ""), (PLACE, "back"))


def answers(cells: Sequence[tuple[str, str]], copy: Notebook | None = COPY) -> tuple[str, str]:
    found = written_answers(texts(*cells), LAB, copy)
    return found["why"], found["back"]


def test_the_answer_is_what_the_student_added() -> None:
    filled = [(ASKED.replace(PLACE, "The kernel."), "why"), ("I learned.", "back")]
    assert answers(filled) == ("The kernel.", "I learned.")


def test_an_untouched_place_is_no_answer() -> None:
    for copy in (COPY, None):
        assert answers([(ASKED, "why"), (HEADING, ""), (PLACE, "back")], copy) == ("", "")


def test_what_stands_beside_the_place_counts() -> None:
    assert answers([(f"{ASKED}\nBelow.", "why"), (PLACE, "back")]) == ("Below.", "")
    assert answers([(f"{ASKED}\nBelow.", "why"), (PLACE, "back")], None) == ("Below.", "")
    above = ASKED.replace(PLACE, f"Above.\n{PLACE}")
    assert answers([(above, "why"), (PLACE, "back")]) == ("Above.", "")


def test_deleted_cells_are_no_answers() -> None:
    assert answers([]) == ("", "")


def test_copied_cells_are_read_once_or_together() -> None:
    one = (ASKED.replace(PLACE, "One."), "why")
    two = (ASKED.replace(PLACE, "Two."), "why")
    assert answers([one, one])[0] == "One."
    assert answers([one, (ASKED, "why"), two])[0] == "One.\n\nTwo."


def test_lost_metadata_are_made_up_for_by_the_copy() -> None:
    filled = [(ASKED.replace(PLACE, "The kernel."), ""), (HEADING, ""), ("I learned.", "")]
    assert answers(filled) == ("The kernel.", "I learned.")
    assert answers(filled, None) == ("", "")


def test_an_answer_in_a_cell_of_its_own_is_found() -> None:
    cells = [("**Why** is it smaller?", ""), ("The kernel.", ""), (HEADING, ""), ("Learned.", "")]
    assert answers(cells) == ("The kernel.", "Learned.")
