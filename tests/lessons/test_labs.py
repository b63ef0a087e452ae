import sys
from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.lessons import check
from retinue.lessons.labs import COURSE, find_lab, module_of, read_lab

CHECKS = """
from dataclasses import dataclass
from retinue.lessons.question import Lab, Question, WrongError

@dataclass
class Kept:
    value: int = 4

def judge(answer):
    if answer != Kept().value:
        raise WrongError(f"is {answer}")

LAB = Lab("own", "A lab of one's own", {"four": Question("Say four.", "four", judge)})
"""


@pytest.mark.parametrize("name", COURSE)
def test_every_lab_of_the_course_is_there(name: str) -> None:
    lab = find_lab(name)
    assert lab.name == name
    assert 4 <= len(lab.questions) <= 6
    assert "reflection" in lab.written


def test_a_lab_of_ones_own_lies_beside_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_checks.py").write_text(CHECKS)
    monkeypatch.chdir(tmp_path)
    assert check("own.four", 4)
    assert check("own.four", 5).case == "is 5"
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(UsageError, match=r"own_checks.py is not in this folder"):
        check("own.four", 4)


def test_a_file_of_checks_takes_no_other_modules_place(tmp_path: Path) -> None:
    import json

    file = tmp_path / "json.py"
    file.write_text(CHECKS)
    assert read_lab(file).name == "own"
    assert sys.modules["json"] is json
    assert module_of(file) in sys.modules


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("LAB = 3", "defines no LAB"),
        ("", "defines no LAB"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def (", "SyntaxError"),
        ("import nothing_of_the_kind", "ModuleNotFoundError"),
    ],
)
def test_a_file_that_defines_no_lab_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "own_checks.py"
    file.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_lab(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file of checks"):
        read_lab(tmp_path / "own_checks.py")


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "ä", "own\n"])
def test_hostile_names_reach_no_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no such lab"):
        find_lab(name)
