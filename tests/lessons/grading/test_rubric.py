"""Reading rubric.csv back in, and what of it is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.lessons.grading.marks import Graded
from retinue.lessons.grading.rubric import Read, merged, read_rubric
from retinue.writing import write_csv
from tests.lessons.grading.graded_class import LAB, thirty

HEAD = "student,file,question,points,comment\n"


@pytest.fixture
def graded() -> list[Graded]:
    return thirty()


def _read(path: Path, text: str, graded: list[Graded]) -> dict[tuple[str, str], Read]:
    file = path / "rubric.csv"
    file.write_text(text, encoding="utf-8")
    return read_rubric(file, LAB, graded)


def test_points_and_comments_reach_the_marks_and_nothing_else_changes(
    graded: list[Graded], tmp_path: Path
) -> None:
    one, other = graded[:2]
    rows = [
        [one.student, one.file, "why", "1.5", '=well done,\n"indeed"'],
        [other.student, other.file, "reflection", "0", ""],
    ]
    write_csv(tmp_path / "rubric.csv", HEAD.strip().split(","), rows)
    found = merged(graded, read_rubric(tmp_path / "rubric.csv", LAB, graded))
    marks = {mark.question: mark for mark in found[0].marks}
    assert (marks["why"].points, marks["why"].comment) == (1.5, '=well done,\n"indeed"')
    assert found[1].marks[-1].points == 0
    assert found[0].points == one.points + 1.5
    assert found[2:] == graded[2:]
    assert found[0].marks[:4] == one.marks[:4]


def test_without_a_column_of_files_a_name_is_enough(graded: list[Graded], tmp_path: Path) -> None:
    text = f"student,question,points,comment\n{graded[3].student},why,2,fine\n"
    assert _read(tmp_path, text, graded) == {(graded[3].file, "why"): Read(2.0, "fine")}


@pytest.mark.parametrize(
    ("mark", "points"), [(";", "1,5"), ("\t", "1,5"), (",", '"1,5"'), (",", "1.5"), (";", "1.5")]
)
def test_a_spreadsheet_of_any_country_may_have_saved_it(
    mark: str, points: str, graded: list[Graded], tmp_path: Path
) -> None:
    line = mark.join([graded[0].student, graded[0].file, "why", points, "Grüße"])
    text = "\ufeff" + HEAD.replace(",", mark).replace("\n", "\r\n") + line + "\r\n"
    assert _read(tmp_path, text, graded) == {(graded[0].file, "why"): Read(1.5, "Grüße")}


def test_empty_points_take_away_what_an_earlier_file_gave(
    graded: list[Graded], tmp_path: Path
) -> None:
    one = graded[0]
    given = merged(graded, {(one.file, "why"): Read(2.0, "good")})
    assert given[0].points == one.points + 2
    later = _read(tmp_path, f"{HEAD}{one.student},{one.file},why,,\n", given)
    assert merged(given, later)[0].points == one.points


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Nobody Known,,why,1,", "Nobody Known: handed in nothing"),
        ("A,not-there.ipynb,why,1,", "A: handed in nothing"),
        (",,why,1,", "nobody: handed in nothing"),
        ("{name},,why,2.5,", "2.5 points for why, which gives 0 to 2"),
        ("{name},,why,-1,", "-1 points for why, which gives 0 to 2"),
        ("{name},,why,nan,", "nan points for why, which gives 0 to 2"),
        ("{name},,reflection,inf,", "inf points for reflection, which gives 0 to 1"),
        ("{name},,why,many,", "many points for why, which gives 0 to 2"),
        ("{name},,conv2d,1,", "conv2d: is checked and not read; points go to why, reflection"),
        ("{name},,else,1,", "else: is not of lab2; points go to why, reflection"),
        ("{name},,,1,", "no question: is not of lab2"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_line(
    line: str, told: str, graded: list[Graded], tmp_path: Path
) -> None:
    good = f'{graded[1].student},,why,1,"two\nlines"\n'
    with pytest.raises(UsageError) as refused:
        _read(tmp_path, HEAD + good + line.format(name=graded[0].student) + "\n", graded)
    assert f"rubric.csv, line 4: {told}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_good_lines_alone_are_taken(graded: list[Graded], tmp_path: Path) -> None:
    assert _read(tmp_path, f"{HEAD}{graded[1].student},,why,1,\n", graded)


def test_one_name_for_two_files_is_refused_unless_the_file_is_told(
    graded: list[Graded], tmp_path: Path
) -> None:
    graded[1] = replace(graded[1], student=graded[0].student)
    with pytest.raises(UsageError, match="handed in 2 files"):
        _read(tmp_path, f"{HEAD}{graded[0].student},,why,1,\n", graded)
    assert _read(tmp_path, f"{HEAD}{graded[0].student},{graded[1].file},why,1,\n", graded)


def test_the_same_line_twice_is_fine_and_another_one_for_the_same_answer_is_not(
    graded: list[Graded], tmp_path: Path
) -> None:
    line = f"{graded[0].student},{graded[0].file},why,1,\n"
    assert len(_read(tmp_path, HEAD + line + line, graded)) == 1
    with pytest.raises(UsageError, match=r"line 3: .* got something else for why further up"):
        _read(tmp_path, HEAD + line + line.replace(",1,", ",2,"), graded)


def test_a_column_that_is_missing_is_named(graded: list[Graded], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lacks 'comment'"):
        _read(tmp_path, "student,file,question,points\n", graded)
    with pytest.raises(UsageError, match="lacks 'student'"):
        _read(tmp_path, "", graded)


def test_a_name_with_steering_marks_is_found_as_the_page_saved_it(
    graded: list[Graded], tmp_path: Path
) -> None:
    graded[0] = replace(graded[0], student="a\u202eb", file="a\u202eb.ipynb")
    line = "a\ufffdb,a\ufffdb.ipynb,why,1,\n"
    assert list(_read(tmp_path, HEAD + line, graded)) == [("a\u202eb.ipynb", "why")]
