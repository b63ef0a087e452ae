"""Files appear whole or not at all."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retinue.writing import (
    appearing,
    appearing_folder,
    csv_cell,
    from_csv_cell,
    write_json,
    write_text,
)


def names_in(folder: Path) -> list[str]:
    """All files of a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def write_half_a_folder(target: Path) -> None:
    with appearing_folder(target) as aside:
        (aside / "new").write_text("ne")
        raise RuntimeError("half")


def write_half(target: Path) -> None:
    with appearing(target) as aside:
        aside.write_text("ne")
        raise RuntimeError("half")


def test_what_was_written_aside_takes_the_place_of_the_old(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with appearing(target) as aside:
        aside.write_text("new")
        assert target.read_text() == "old"
        assert aside.parent == tmp_path, "a rename is atomic only within one file system"
    assert target.read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


def test_who_reads_the_old_file_meanwhile_reads_all_of_it(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old and whole")
    with target.open() as reader:
        assert reader.read(4) == "old "
        write_text(target, "new")
        # The name now leads to another file; this one was never written to.
        assert os.fstat(reader.fileno()).st_ino != target.stat().st_ino
        assert os.fstat(reader.fileno()).st_size == len("old and whole")
    assert target.read_text() == "new"


def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="half"):
        write_half(target)
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_full_disk_names_the_file_that_was_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_text(target, "new")
    assert caught.value.filename == str(target)
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_other_errors_of_a_block_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError), appearing(tmp_path / "a.txt"):
        raise ConnectionResetError(errno.ECONNRESET, "gone")
    with pytest.raises(FileNotFoundError) as caught, appearing(tmp_path / "a.txt"):
        (tmp_path / "other").read_text()
    assert caught.value.filename == str(tmp_path / "other")


def test_a_block_that_raises_leaves_no_file_where_none_was(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="half"):
        write_half(tmp_path / "a.txt")
    assert names_in(tmp_path) == []


def test_a_process_that_dies_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    script = (
        "import os, pathlib, sys\n"
        "from retinue.writing import appearing\n"
        "with appearing(pathlib.Path(sys.argv[1])) as aside:\n"
        "    aside.write_text('ne')\n"
        "    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(target)], check=False)
    assert done.returncode == 9
    assert target.read_text() == "old"


def test_a_block_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), appearing(target):
        pass
    assert target.read_text() == "old"


def test_the_content_is_on_the_disk_before_the_name_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, done = tmp_path / "a.txt", []
    monkeypatch.setattr(os, "fsync", lambda _: done.append(target.exists()))
    write_text(target, "x")
    assert done == [False]
    assert target.exists()


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "c.txt", "x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


def test_text_is_utf8_with_plain_newlines(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "ä\n日本\n")
    assert (tmp_path / "a.txt").read_bytes() == "ä\n日本\n".encode()


def test_json_is_read_back_and_readable(tmp_path: Path) -> None:
    value = {"näme": [1, 2.5, None, True], "b": {}}
    write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert "näme" in text
    assert text.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_is_no_json_leaves_the_old_file(tmp_path: Path, value: object) -> None:
    target = tmp_path / "a.json"
    write_json(target, [1])
    with pytest.raises((ValueError, TypeError)):
        write_json(target, [value])
    assert json.loads(target.read_text()) == [1]
    assert names_in(tmp_path) == ["a.json"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r", "'", "'=1", "''", "'a"])
def test_a_cell_that_a_spreadsheet_would_work_out_is_text_and_comes_back(text: str) -> None:
    assert csv_cell(text) == f"'{text}"
    assert from_csv_cell(csv_cell(text)) == text


@pytest.mark.parametrize("value", ["", "cat", "a=b", "1-2", 0.5, -3, None])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert csv_cell(value) is value
    assert not isinstance(value, str) or from_csv_cell(value) == value


def test_a_folder_appears_whole_in_place_of_the_old(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    with appearing_folder(folder) as aside:
        (aside / "old").write_text("1")
    with appearing_folder(folder) as aside:
        (aside / "new").write_text("2")
        assert [one.name for one in folder.iterdir()] == ["old"]
    assert [one.name for one in folder.iterdir()] == ["new"]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_block_that_raises_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with appearing_folder(folder) as aside:
        (aside / "old").write_text("1")
    with pytest.raises(RuntimeError, match="half"):
        write_half_a_folder(folder)
    assert [one.name for one in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]
