"""The folder for grades."""

from dataclasses import replace
from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.lessons.grading.place import FILE, placed
from tests.lessons.grading.graded_class import LAB

OTHER = replace(LAB, name="lab3")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _place(source: str, lab: object = LAB, output: str | None = None) -> Path:
    assert isinstance(lab, type(LAB))
    with placed(Path(source), lab, None if output is None else Path(output)) as path:
        return path


def test_the_same_source_comes_to_the_same_folder_and_another_to_a_new_one() -> None:
    assert _place("a.zip") == Path("grades/lab2-1")
    assert _place("b.zip") == Path("grades/lab2-2")
    assert _place("a.zip") == Path("grades/lab2-1")
    assert _place("a.zip", OTHER) == Path("grades/lab3-1")
    assert _place("./b.zip") == Path("grades/lab2-2")


def test_a_folder_that_is_named_is_used_again_for_its_own_lab_alone() -> None:
    assert _place("a.zip", output="mine") == Path("mine")
    assert _place("b.zip", output="mine") == Path("mine")
    with pytest.raises(UsageError, match="holds grades of lab2, not of lab3; name another"):
        _place("a.zip", OTHER, "mine")


def test_a_folder_of_other_things_and_a_file_are_refused() -> None:
    Path("full").mkdir()
    Path("full/holiday.jpg").touch()
    with pytest.raises(UsageError, match="--output full: is not empty and holds no grades"):
        _place("a.zip", output="full")
    assert [one.name for one in Path("full").iterdir()] == ["holiday.jpg"]
    with pytest.raises(UsageError, match="is a file"):
        _place("a.zip", output="full/holiday.jpg")
    Path("grades").touch()
    with pytest.raises(UsageError, match="grades: is a file"):
        _place("a.zip")


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_damaged_note_of_whose_grades_they_are_is_no_note(text: str) -> None:
    path = _place("a.zip")
    (path / FILE).write_text(text)
    assert _place("a.zip") == Path("grades/lab2-2")
    with pytest.raises(UsageError, match="holds no grades"):
        _place("a.zip", output=str(path))


def test_two_at_a_time_are_refused_and_one_after_the_other_is_fine() -> None:
    with (
        placed(Path("a.zip"), LAB, None),
        pytest.raises(UsageError, match="somebody is grading there now"),
        placed(Path("a.zip"), LAB, None),
    ):
        pass
    assert _place("a.zip") == Path("grades/lab2-1")
