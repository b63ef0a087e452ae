"""A teacher's own lab."""

import json
from pathlib import Path

import pytest

from retinue.errors import RetinueError, UsageError
from retinue.lessons.labs import COURSE, read_lab
from retinue.lessons.new import new_lab, parts_of
from retinue.lessons.student import student_of
from tests.lessons.notebooks_for_tests import example


def test_the_first_call_writes_a_master(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    made = new_lab(path)
    assert (made.files, made.lab) == ([path], None)
    text = path.read_text()
    assert 'check("mine.stretch", stretch)' in text
    assert "@" not in text


@pytest.mark.slow
def test_the_second_makes_what_students_get_and_what_they_do_not(tmp_path: Path) -> None:
    path = example(tmp_path)
    before = path.read_text()
    made = new_lab(path)
    assert path.read_text() == before
    assert made.lab is not None
    assert made.solution is not None
    assert made.untouched is not None
    assert all(one.passed for one in made.solution.outcomes)
    assert [one.answered for one in made.untouched.outcomes] == [False, False]
    names = {path.relative_to(tmp_path).as_posix() for path in made.files}
    assert names == {
        *("mine/student/mine.ipynb", "mine/student/mine_checks.py"),
        *("mine/solution/mine.ipynb", "mine/solution/mine_checks.py"),
    }
    student = (tmp_path / "mine/student/mine.ipynb").read_text()
    assert "image.min()" not in student
    assert "Weights begin small" not in student
    assert student.count("Your answer here.") == 2
    assert "image.min()" in (tmp_path / "mine/solution/mine.ipynb").read_text()
    assert json.loads(student)["metadata"]["retinue"]["lab"] == "mine"
    assert not json.loads(student)["cells"][0]["outputs"]
    assert read_lab(tmp_path / "mine/student/mine_checks.py").name == "mine"
    assert "LAB = " not in student


def edited(path: Path, *changes: tuple[str, str]) -> Path:
    """The master with some words changed, each of which is in it."""
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


@pytest.mark.slow
def test_a_solution_that_does_not_pass_makes_no_lab(tmp_path: Path) -> None:
    path = edited(example(tmp_path), ("return (image - low) / (high - low)", "return image"))
    with pytest.raises(RetinueError, match=r"solution does not pass.*: mine\.stretch: for"):
        new_lab(path)
    assert not (tmp_path / "mine").exists()


@pytest.mark.slow
def test_a_solution_whose_cell_fails_makes_no_lab(tmp_path: Path) -> None:
    path = edited(example(tmp_path), ("from retinue.lessons import check\n", "1 / 0\n"))
    with pytest.raises(RetinueError, match=r"not pass.*cell \[2\] .*ZeroDivisionError"):
        new_lab(path)


@pytest.mark.slow
def test_an_answer_that_students_would_find_makes_no_lab(tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match=r"students' copy passes mine\.parameters"):
        new_lab(edited(example(tmp_path), ("  # SOLUTION", "")))
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name="mine"', 'name="other"', "its LAB is called other; call both mine"),
        ('"stretch": Question', '"pull": Question', 'no cell is marked with question="pull"'),
        ('"why": Written', '"how": Written', 'no cell is marked with question="how"'),
        ('        "why": Written("Why values are brought into a small range."),\n', "",
         'a cell has question="why"; its LAB does not'),
        ("LAB = Lab(", "LAB = dict(", "its checks: defines no LAB"),
        ("from torch import nn", "from torch import nonsense", "its checks: ImportError"),
        ('tags=["checks"]', "", r"no checks: write them in a cell .*, or in mine_checks\.py"),
        ("    ### END SOLUTION\n", "", "BEGIN SOLUTION, but no END SOLUTION"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_before_anything_is_run(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        new_lab(edited(example(tmp_path), (old, new)))
    assert not (tmp_path / "mine").exists()


def test_checks_may_lie_in_a_file_beside(tmp_path: Path) -> None:
    path = example(tmp_path)
    master, checks = parts_of(path)
    path.write_bytes(master.replace("\n", "\r\n").encode("utf-8-sig"))
    (tmp_path / "mine_checks.py").write_text(checks.partition("\n")[2])
    assert parts_of(path) == (master, checks)
    assert "LAB" not in master
    assert student_of(master, "mine.py") == student_of(master.replace("\n", "\r\n"), "mine.py")


def test_work_in_the_folder_of_a_lab_is_not_lost(tmp_path: Path) -> None:
    path = example(tmp_path)
    book = tmp_path / "mine" / "student" / "mine.ipynb"
    book.parent.mkdir(parents=True)
    book.write_text("somebody's")
    with pytest.raises(UsageError, match=r"somebody has worked on mine\.ipynb"):
        new_lab(path)
    book.unlink()
    checks = book.with_name("mine_checks.py")
    checks.write_text("LAB = 'of somebody'")
    with pytest.raises(UsageError, match="not made by this command"):
        new_lab(path)
    assert checks.read_text() == "LAB = 'of somebody'"
    assert not book.exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("my lab.py", "letters, digits and _ only"),
        ("lab-1.py", "letters, digits and _ only"),
        ("1lab.py", "a letter first"),
        ("größe.py", "letters, digits and _ only"),
        ("$(x).py", "letters, digits and _ only"),
        ('"; import os.py', "letters, digits and _ only"),
        ("a\nb.py", "letters, digits and _ only"),
        ("mine.ipynb", r"name a \.py file, as mine\.py"),
        ("mine", r"name a \.py file"),
        (".py", r"name a \.py file"),
        *((f"{one}.py", "is a lab of the course") for one in COURSE[:2]),
    ],
)
def test_names_that_cannot_be_a_labs_are_told(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        new_lab(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"mine\.py: not UTF-8"):
        new_lab(tmp_path / "mine.py")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match=r"folder\.py: is a folder"):
        new_lab(tmp_path / "folder.py")
