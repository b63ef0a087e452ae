"""Which lessons and labs there are."""

from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.lessons.catalogue import chosen, entries


@pytest.fixture
def masters(tmp_path: Path) -> Path:
    for name in ("lesson10_end", "lab2_convolution", "lesson2_convolution", "lesson1_pictures"):
        text = f'# %% [markdown]\n# # About {name}\n# ## More\n\n# %%\n"# # no title"\n'
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "lab1_pictures.py").write_text("# %%\nx = 1\n")
    for other in ("helper.py", "lesson0_none.py", "lesson3_x.txt", "lesson4 a.py", "lab.py"):
        (tmp_path / other).write_text("")
    return tmp_path


def test_they_come_by_number_and_a_lesson_before_its_lab(masters: Path) -> None:
    names = [one.name for one in entries(masters)]
    assert names == ["lesson1", "lab1", "lesson2", "lab2", "lesson10"]


def test_titles_are_first_headings(masters: Path) -> None:
    titles = {one.name: one.title for one in entries(masters)}
    assert titles["lab2"] == "About lab2_convolution"
    assert titles["lab1"] == "lab1_pictures"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ([], ["lesson1", "lab1", "lesson2", "lab2", "lesson10"]),
        (["2"], ["lesson2", "lab2"]),
        (["lab2"], ["lab2"]),
        (["Lab2", "lesson1"], ["lesson1", "lab2"]),
        (["lesson2_convolution.ipynb"], ["lesson2"]),
        (["1", "lesson1"], ["lesson1", "lab1"]),
    ],
)
def test_some_are_chosen(masters: Path, asked: list[str], given: list[str]) -> None:
    assert [one.name for one in chosen(asked, masters)] == given


@pytest.mark.parametrize("name", ["7", "lesson", "", "../lesson1", "\x1b[31m", "לאב"])
def test_what_there_is_not_is_told(masters: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no such lesson; there are lesson1, lab1") as told:
        chosen(["1", name], masters)
    assert "\x1b" not in str(told.value)


def test_the_course_has_a_title_for_each() -> None:
    course = entries()
    assert course
    assert not [one.name for one in course if one.title == one.path.stem]
