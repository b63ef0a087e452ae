import os
import zipfile
from pathlib import Path

import pytest

from retinue.errors import RetinueError
from retinue.lessons.board import bringing
from retinue.lessons.board.bringing import bring
from retinue.lessons.board.handed import Handed


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "evaluation" / "test").mkdir(parents=True)
    (folder / "checkpoint").mkdir()
    for name in ("model.json", "evaluation/test/metrics.json", "history.jsonl", "evil.py"):
        (folder / name).write_text(name)
    return folder


def brought(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_only_what_is_read_is_copied_and_the_run_stays_as_it_is(
    place: Path, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in [place, *place.rglob("*")]}
    for path in (place, place / "evaluation", place / "evaluation" / "test"):
        path.chmod(0o555)
    bring(Handed("a", place), tmp_path / "copy")
    assert brought(tmp_path / "copy") == ["evaluation/test/metrics.json", "model.json"]
    assert {path: path.stat().st_mtime_ns for path in [place, *place.rglob("*")]} == before
    for path in (place, place / "evaluation", place / "evaluation" / "test"):
        path.chmod(0o755)


def test_a_zip_gives_the_same(place: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in place.rglob("*"):
            archive.write(path, f"anna/{path.relative_to(place)}")
    bring(Handed("a", tmp_path / "a.zip", "anna"), tmp_path / "copy")
    assert brought(tmp_path / "copy") == ["evaluation/test/metrics.json", "model.json"]
    assert (tmp_path / "copy" / "model.json").read_text() == "model.json"


def test_a_link_is_refused(place: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (place / "model.json").unlink()
    (place / "model.json").symlink_to(tmp_path / "secret")
    with pytest.raises(RetinueError, match=r"model\.json is a link"):
        bring(Handed("a", place), tmp_path / "copy")


def test_a_link_on_the_way_is_refused(place: Path, tmp_path: Path) -> None:
    (place / "evaluation").rename(tmp_path / "elsewhere")
    (place / "evaluation").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RetinueError, match=r"metrics\.json is a link"):
        bring(Handed("a", place), tmp_path / "copy")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused_without_waiting_for_it(place: Path, tmp_path: Path) -> None:
    os.mkfifo(place / "recipe.yaml")
    with pytest.raises(RetinueError, match=r"recipe\.yaml is no plain file"):
        bring(Handed("a", place), tmp_path / "copy")


def test_a_file_that_is_too_large_is_refused(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(place / "model.json", "model.json")
    monkeypatch.setitem(bringing.WANTED, "model.json", 5)
    for number, where in enumerate((place, tmp_path / "a.zip")):
        with pytest.raises(RetinueError, match=r"model\.json is larger"):
            bring(Handed("a", where), tmp_path / f"copy-{number}")
