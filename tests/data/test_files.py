"""Folders of pictures: what is listed, what is left out, which links are followed."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retinue.data.archives import TarFiles, ZipFiles
from retinue.data.files import Entry, Files, Folder, is_ignored, open_files
from retinue.errors import RetinueError, UsageError


def write(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(files: Files) -> list[str]:
    return [entry.name for entry in files.entries()]


def test_a_folder_lists_its_files_sorted_with_size_and_time(tmp_path: Path) -> None:
    file = write(tmp_path / "cat/b.jpg", b"abc")
    write(tmp_path / "cat/a.jpg")
    write(tmp_path / "Z.jpg")
    os.utime(file, ns=(5, 1_000_000_007))
    entries = Folder(tmp_path).entries()
    assert [entry.name for entry in entries] == ["Z.jpg", "cat/a.jpg", "cat/b.jpg"]
    assert entries[-1] == Entry("cat/b.jpg", 3, 1_000_000_007)


def test_reading_yields_each_wanted_file_once_in_order(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / name, name.encode())
    assert list(Folder(tmp_path).read(["c", "a", "c"])) == [("a", b"a"), ("c", b"c")]


def test_what_systems_leave_behind_is_left_out(tmp_path: Path) -> None:
    left = [".DS_Store", "Thumbs.db", "a/Desktop.ini", "__MACOSX/a.jpg", "a/._a.jpg", ".git/a.jpg"]
    for name in [*left, "a/a.jpg"]:
        write(tmp_path / name)
    assert names(Folder(tmp_path)) == ["a/a.jpg"]


def test_a_hidden_folder_that_the_user_names_is_read(tmp_path: Path) -> None:
    write(tmp_path / ".data/a.jpg")
    assert names(Folder(tmp_path / ".data")) == ["a.jpg"]


@pytest.mark.parametrize("name", ["a.jpg", "cat/thumbs.db.jpg", "MACOSX/a"])
def test_ordinary_names_are_not_ignored(name: str) -> None:
    assert not is_ignored(name)


@given(st.lists(st.text("ab.", min_size=1), min_size=1), st.sampled_from([".x", "THUMBS.DB"]))
def test_one_ignored_part_ignores_the_path(parts: list[str], ignored: str) -> None:
    assert is_ignored("/".join([*parts, ignored]))
    assert is_ignored("/".join([ignored, *parts]))


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    picture = write(tmp_path / "store/a.jpg", b"picture")
    selection = tmp_path / "selection"
    (selection / "cat").mkdir(parents=True)
    (selection / "cat/link.jpg").symlink_to(picture)
    (selection / "dog").symlink_to(tmp_path / "store")
    folder = Folder(selection)
    assert names(folder) == ["cat/link.jpg", "dog/a.jpg"]
    assert dict(folder.read(names(folder)))["dog/a.jpg"] == b"picture"


def test_a_link_to_a_folder_above_ends(tmp_path: Path) -> None:
    write(tmp_path / "cat/a.jpg")
    (tmp_path / "cat/up").symlink_to(tmp_path)
    assert names(Folder(tmp_path)) == ["cat/a.jpg"]


def test_a_broken_link_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RetinueError, match=r"gone\.jpg is a link to nothing"):
        Folder(tmp_path).entries()


@pytest.mark.skipif(os.name == "nt", reason="pipes and bytes as names are of Unix")
def test_a_pipe_is_no_file_and_a_name_must_be_text(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert names(Folder(tmp_path)) == []
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff.jpg")).write_bytes(b"")
    with pytest.raises(RetinueError, match="not valid UTF-8: rename"):
        Folder(tmp_path).entries()


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match=r"cannot read .*gone\.jpg \(No such file"):
        list(Folder(tmp_path).read(["gone.jpg"]))


def test_containers_are_told_apart_by_content(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zip.data", "w") as archive:
        archive.writestr("a.jpg", b"x")
    with tarfile.open(tmp_path / "tar.data", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a.jpg"), io.BytesIO())
    assert isinstance(open_files(tmp_path), Folder)
    assert isinstance(open_files(tmp_path / "zip.data"), ZipFiles)
    assert isinstance(open_files(tmp_path / "tar.data"), TarFiles)


def test_a_tar_with_a_zip_inside_is_a_tar(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.jpg", b"x")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(tmp_path / "a.zip", "a.zip")
    assert names(open_files(tmp_path / "a.tar")) == ["a.zip"]


def test_what_is_none_of_them_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither a folder nor a zip or tar"):
        open_files(write(tmp_path / "notes.txt", b"hello"))
    with pytest.raises(UsageError, match="neither"):
        open_files(write(tmp_path / "empty", b""))
    with pytest.raises(UsageError, match="does not exist: give a folder"):
        open_files(tmp_path / "nowhere")


def test_a_zip_cut_short_is_called_damaged_not_unknown(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.jpg", bytes(1000))
    cut = write(tmp_path / "cut.zip", (tmp_path / "a.zip").read_bytes()[:500])
    with pytest.raises(RetinueError, match=r"cannot read .*cut\.zip, it may be damaged"):
        open_files(cut).entries()
