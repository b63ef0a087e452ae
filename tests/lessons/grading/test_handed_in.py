import os
import stat
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from retinue.errors import RetinueError, UsageError
from retinue.lessons.grading import handed_in
from retinue.lessons.grading.handed_in import UnreadableError, files


def zipped(*named: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in named:
            archive.writestr(name, content)
    return packed.getvalue()


def written(path: Path, *named: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path.write_bytes(zipped(*named))
    return path


def test_a_folder_and_its_zip_hold_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    named = [("anna/lab.ipynb", b"1"), ("ben/a/lab.ipynb", b"22"), ("cem.ipynb", b"333")]
    for name, content in named:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    packed = written(tmp_path / "class.zip", *named)
    for source in (folder, packed):
        assert sorted((one.name, one.read()) for one in files(source)) == sorted(named)


def test_a_zip_in_a_zip_is_looked_into_and_no_deeper(tmp_path: Path) -> None:
    deep = zipped(("lab.ipynb", b"deep"))
    inner = zipped(("lab.ipynb", b"1"), ("more.zip", deep))
    found = list(files(written(tmp_path / "class.zip", ("anna.zip", inner))))
    assert [one.name for one in found] == ["anna.zip/lab.ipynb", "anna.zip/more.zip"]
    assert found[1].fault == "is a zip in a zip in a zip"


def test_what_systems_leave_behind_is_no_file(tmp_path: Path) -> None:
    named = ["__MACOSX/anna/._lab.ipynb", "anna/.ipynb_checkpoints/lab.ipynb", "anna/.DS_Store"]
    path = written(tmp_path / "a.zip", ("anna/lab.ipynb", b"1"), *((one, b"") for one in named))
    assert [one.name for one in files(path)] == ["anna/lab.ipynb"]


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", ("anna/lab.ipynb", b"1"), ("anna/", b""), ("ben/", b""))
    assert [(one.name, one.fault) for one in files(path)] == [
        ("anna/lab.ipynb", ""),
        ("ben/", "is an empty folder"),
    ]
    (tmp_path / "class" / "cem").mkdir(parents=True)
    assert [one.name for one in files(tmp_path / "class")] == ["cem/"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_told_and_not_read(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("anna/lab.ipynb")
    info.external_attr = (kind | 0o644) << 16
    (found,) = files(written(tmp_path / "a.zip", (info, b"/etc/passwd")))
    assert found.fault


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_links_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    (folder / "anna").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "lab.ipynb").write_text("{}")
    (folder / "anna" / "lab.ipynb").symlink_to(tmp_path / "secret" / "lab.ipynb")
    (folder / "ben").symlink_to(tmp_path / "secret")
    found = {one.name: one.fault for one in files(folder)}
    assert found == dict.fromkeys(["anna/lab.ipynb", "ben"], "is a link, which is not followed")


def test_a_bomb_is_told_and_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = zipped(("a.ipynb", bytes(200_000)), ("b.ipynb", bytes(200_000)))
    path = written(tmp_path / "a.zip", ("anna.zip", inner), ("ben.ipynb", bytes(400_000)))
    assert [len(one.read()) for one in files(path)] == [200_000, 200_000, 400_000]
    monkeypatch.setattr(handed_in, "MOST_BYTES", 300_000)
    monkeypatch.setattr(handed_in, "MOST_INSIDE", 300_000)
    faults = []
    for one in files(path):
        try:
            faults.append(one.fault or len(one.read()))
        except UnreadableError as error:
            faults.append(str(error))
    assert faults[0] == 200_000
    assert all("larger" in str(one) or "more than" in str(one) for one in faults[1:])


def test_a_zip_that_lies_about_a_size_is_damaged(tmp_path: Path) -> None:
    data = bytearray(zipped(("a.ipynb", bytes(100_000))))
    place = data.rindex(b"PK\x01\x02") + 24  # the size in the table
    data[place : place + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    (found,) = files(path)
    with pytest.raises(UnreadableError, match="damaged"):
        found.read()


def test_many_files_in_a_students_zip_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_in, "MOST_FILES_INSIDE", 3)
    inner = zipped(*((f"{number}.txt", b"") for number in range(4)))
    (found,) = files(written(tmp_path / "a.zip", ("anna.zip", inner)))
    assert found.fault == "holds over 3 files"


@pytest.mark.parametrize("data", [b"", b"no zip", zipped(("a", b"1"))[:-30]])
def test_a_students_damaged_zip_harms_nobody_else(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path / "a.zip", ("anna.zip", data), ("ben.ipynb", b"1"))
    assert [(one.name, one.fault) for one in files(path)] == [
        ("anna.zip", "is a damaged zip"),
        ("ben.ipynb", ""),
    ]


def test_a_damaged_or_absent_source_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("a", b"1"))[:-30])
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(RetinueError, match="damaged"):
        list(files(tmp_path / "a.zip"))
    with pytest.raises(UsageError, match="neither a folder nor a zip"):
        list(files(tmp_path / "a.txt"))
    with pytest.raises(UsageError, match="no such"):
        list(files(tmp_path / "b.zip"))
