"""Notebooks into a learner's folder; nobody's work is lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import UsageError
from retinue.lessons.copying import copy, state_of
from retinue.lessons.notebooks import notebook_of, text_of


@pytest.fixture
def masters(tmp_path: Path) -> Path:
    folder = tmp_path / "masters"
    folder.mkdir()
    for name in ("lesson1_pictures", "lab1_pictures"):
        (folder / f"{name}.py").write_text(f"# %% [markdown]\n# # {name}\n\n# %%\nx = 1\n")
    return folder


@pytest.fixture
def course(tmp_path: Path, masters: Path) -> Path:
    folder = tmp_path / "course"
    copy(folder, masters=masters)
    return folder


LESSON = "lesson1_pictures.ipynb"


def changed(path: Path, change: Callable[[Any], None]) -> bytes:
    """Change a notebook as an editor does, and give what is there then."""
    book = json.loads(path.read_bytes())
    change(book)
    path.write_text(json.dumps(book))
    return path.read_bytes()


def run(book: Any) -> None:
    """What running it leaves, saved by an editor with metadata of its own."""
    book["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    book["cells"][-1]["execution_count"] = 3
    book["metadata"]["language_info"] = {"name": "python"}


def write(book: Any) -> None:
    book["cells"][-1]["source"] = ["x = 1\n", "y = 2"]


def reorder(book: Any) -> None:
    book["cells"].reverse()


def delete(book: Any) -> None:
    book["cells"].pop()


def explain(book: Any) -> None:
    book["cells"][-2]["source"] += "\nMy notes."


def empty(book: Any) -> None:
    book.clear()


def test_all_are_written_or_some(tmp_path: Path, masters: Path) -> None:
    done = copy(tmp_path / "a" / "b", masters=masters)
    assert [one.name for one in done.written] == [LESSON, "lab1_pictures.ipynb"]
    assert all(one.is_file() for one in done.written)
    some = copy(tmp_path / "c", ["lab1"], masters=masters)
    assert [one.name for one in some.written] == ["lab1_pictures.ipynb"]
    assert [one.name for one in (tmp_path / "c").iterdir()] == ["lab1_pictures.ipynb"]


def test_what_is_written_is_the_notebook(course: Path, masters: Path) -> None:
    text = (masters / "lesson1_pictures.py").read_text()
    assert (course / LESSON).read_text() == text_of(notebook_of(text, "lesson1_pictures"))


def test_again_leaves_everything(course: Path, masters: Path) -> None:
    before = (course / LESSON).stat().st_ino
    done = copy(course, masters=masters)
    assert (len(done.written), len(done.kept)) == (0, 2)
    assert (course / LESSON).stat().st_ino == before


def test_outputs_of_a_notebook_that_was_only_run_stay(course: Path, masters: Path) -> None:
    before = changed(course / LESSON, run)
    assert copy(course, masters=masters).written == []
    assert (course / LESSON).read_bytes() == before


@pytest.mark.parametrize("change", [write, reorder, delete, explain, empty])
def test_work_is_not_lost_and_nothing_else_is_written(
    course: Path, masters: Path, change: Callable[[Any], None]
) -> None:
    before = changed(course / LESSON, change)
    (course / "lab1_pictures.ipynb").unlink()
    with pytest.raises(UsageError, match=f"worked on {LESSON}; nothing was written"):
        copy(course, masters=masters)
    assert (course / LESSON).read_bytes() == before
    assert not (course / "lab1_pictures.ipynb").exists()
    copy(course, ["lab1"], masters=masters)
    assert (course / LESSON).read_bytes() == before


def test_force_writes_over_it(course: Path, masters: Path) -> None:
    was = (course / LESSON).read_bytes()
    changed(course / LESSON, write)
    assert [one.name for one in copy(course, force=True, masters=masters).written] == [LESSON]
    assert (course / LESSON).read_bytes() == was


@pytest.mark.parametrize(
    "content", [b"", b"no JSON", b"[]", b'{"cells": 3}', b"[" * 100_000, b"\xff\x00", b"null"]
)
def test_a_file_that_is_no_notebook_is_not_lost(
    course: Path, masters: Path, content: bytes
) -> None:
    (course / LESSON).write_bytes(content)
    with pytest.raises(UsageError, match="somebody has worked on"):
        copy(course, masters=masters)
    assert (course / LESSON).read_bytes() == content


def newer(masters: Path) -> None:
    master = masters / "lesson1_pictures.py"
    master.write_text(master.read_text().replace("x = 1", "x = 2"))


def test_an_older_copy_that_nobody_touched_is_brought_up_to_date(
    course: Path, masters: Path
) -> None:
    newer(masters)
    assert [one.name for one in copy(course, masters=masters).written] == [LESSON]
    assert "x = 2" in (course / LESSON).read_text()


@pytest.mark.parametrize("change", [run, write])
def test_an_older_copy_with_outputs_or_changes_is_not_lost(
    course: Path, masters: Path, change: Callable[[Any], None]
) -> None:
    before = changed(course / LESSON, change)
    newer(masters)
    with pytest.raises(UsageError, match="somebody has worked on"):
        copy(course, masters=masters)
    assert (course / LESSON).read_bytes() == before


def test_a_link_is_not_followed_and_what_it_names_stays(
    course: Path, masters: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("mine")
    (course / LESSON).unlink()
    (course / LESSON).symlink_to(other)
    with pytest.raises(UsageError, match="somebody has worked on"):
        copy(course, masters=masters)
    copy(course, force=True, masters=masters)
    assert other.read_text() == "mine"


def test_a_link_to_nowhere_is_somebodys_too(course: Path) -> None:
    (course / LESSON).unlink()
    (course / LESSON).symlink_to("nowhere")
    assert state_of(course / LESSON, "{}") == "worked on"


@pytest.mark.parametrize("force", [False, True])
def test_folders_and_files_in_the_way_are_told(
    tmp_path: Path, masters: Path, course: Path, force: bool
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="file: is a file"):
        copy(tmp_path / "file", force=force, masters=masters)
    (course / LESSON).unlink()
    (course / LESSON).mkdir()
    with pytest.raises(UsageError, match="is a folder, and a notebook is to be"):
        copy(course, force=force, masters=masters)
    assert (tmp_path / "file").read_text() == "mine"
