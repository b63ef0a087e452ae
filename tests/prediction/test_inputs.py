"""What a user may point a prediction at."""

import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from retinue.errors import PictureError, RetinueError
from retinue.fetch import FetchError, WebLimits
from retinue.images import Limits, decode
from retinue.prediction import inputs
from retinue.prediction.inputs import read_inputs


class Stdin:
    """Standard input that holds some bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def write(folder: Path, **contents: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.png").write_bytes(content)


def reason(path: str | Path) -> str:
    """Why a single input cannot be read."""
    ((name, content),) = read_inputs([path])
    assert name == str(path)
    assert isinstance(content, RetinueError)
    return str(content)


def test_a_file_gives_its_bytes_under_the_name_it_was_given(tmp_path: Path) -> None:
    write(tmp_path, one=b"1")
    path = tmp_path / "one.png"
    assert list(read_inputs([path])) == [(str(path), b"1")]
    assert list(read_inputs([str(path)])) == [(str(path), b"1")]


def test_inputs_keep_their_order_and_may_come_twice(tmp_path: Path) -> None:
    write(tmp_path, a=b"1", b=b"2", c=b"3")
    names = [str(tmp_path / f"{name}.png") for name in "cabc"]
    assert list(read_inputs(names)) == list(zip(names, [b"3", b"1", b"2", b"3"], strict=True))


def test_a_folder_gives_its_pictures_at_every_depth_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, b=b"2", a=b"1")
    write(tmp_path / "deep" / "er", c=b"3")
    (tmp_path / "notes.txt").write_text("not wanted")
    (tmp_path / ".hidden.png").write_bytes(b"not wanted")
    assert list(read_inputs([tmp_path])) == [
        (f"{tmp_path}/a.png", b"1"),
        (f"{tmp_path}/b.png", b"2"),
        (f"{tmp_path}/deep/er/c.png", b"3"),
    ]


def test_an_archive_gives_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/b.JPG", b"2")
        archive.writestr("x/a.png", b"1")
        archive.writestr("x/readme.md", b"not wanted")
    assert sorted(read_inputs([path])) == [(f"{path}/x/a.png", b"1"), (f"{path}/x/b.JPG", b"2")]


def test_a_dash_is_one_picture_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b"bytes"))
    assert list(read_inputs(["-"])) == [("-", b"bytes")]


def test_a_file_without_a_usual_name_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"bytes")
    assert list(read_inputs([path])) == [(str(path), b"bytes")]


def test_what_cannot_be_read_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path, a=b"1", b=b"2")
    missing = str(tmp_path / "missing.png")
    found = list(read_inputs([tmp_path / "a.png", missing, tmp_path / "b.png"]))
    assert [name for name, _ in found] == [
        str(tmp_path / "a.png"),
        missing,
        str(tmp_path / "b.png"),
    ]
    assert [content for _, content in found if isinstance(content, bytes)] == [b"1", b"2"]
    assert str(found[1][1]) == "no such file or folder"


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    assert reason(tmp_path) == "holds no pictures"


def test_the_web_is_read_with_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, WebLimits | None]] = []

    def fetch(url: str, limits: WebLimits | None) -> bytes:
        asked.append((url, limits))
        if "private" in url:
            raise FetchError("private.example is at the private address 10.0.0.1: not allowed")
        return b"picture"

    monkeypatch.setattr(inputs, "fetch", fetch)
    limits = WebLimits(seconds=3)
    good, bad = read_inputs(["https://a.example/x.png", "http://private.example/"], limits)
    assert good == ("https://a.example/x.png", b"picture")
    assert bad[0] == "http://private.example/"
    assert "private address" in str(bad[1])
    assert asked == [("https://a.example/x.png", limits), ("http://private.example/", limits)]


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"1" * 1000)
    path.write_bytes(path.read_bytes()[:200])
    assert "some.zip" in reason(path)


def test_a_huge_file_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(2**40)  # sparse: takes no room
    ((_, content),) = read_inputs([path])
    assert isinstance(content, bytes)
    assert len(content) == Limits().bytes + 1
    with pytest.raises(PictureError, match="over the limit"):
        decode(content)


def test_standard_input_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size > 0
            return bytes(size)

    stdin = Stdin(b"")
    monkeypatch.setattr(stdin, "buffer", Endless())
    monkeypatch.setattr(sys, "stdin", stdin)
    ((_, content),) = read_inputs(["-"])
    assert isinstance(content, bytes)
    assert len(content) == Limits().bytes + 1


def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", Path("/dev/zero")):
        assert "is not a plain file" in reason(path)
