import shutil
import zipfile
from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.lessons.board.handed import NO_RUN, find_runs

RUN = ("recipe.yaml", "status.json", "model.json")


def run(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in RUN:
        (folder / name).write_text("{}")
    return folder


def zipped(path: Path, *inside: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in inside:
            archive.writestr(name, "{}")
    return path


def named(*words: str | Path) -> list[str]:
    return [one.name for one in find_runs(words)]


def test_a_run_folder_is_called_as_it_is_and_a_folder_of_them_gives_each(tmp_path: Path) -> None:
    for name in ("ben", "anna"):
        run(tmp_path / "runs" / name)
    assert named(tmp_path / "runs" / "ben") == ["ben"]
    assert named(tmp_path / "runs") == ["anna", "ben"]
    assert named(tmp_path) == ["anna", "ben"]  # "runs" says nothing


def test_deeper_folders_are_named_by_what_tells_them_apart(tmp_path: Path) -> None:
    run(tmp_path / "anna" / "runs" / "shapes-cnn-1")
    for number in (1, 2):
        run(tmp_path / "ben" / "runs" / f"shapes-cnn-{number}")
    assert named(tmp_path) == ["anna", "ben/shapes-cnn-1", "ben/shapes-cnn-2"]


def test_a_zip_is_named_by_its_file_or_by_the_user(tmp_path: Path) -> None:
    alone = zipped(tmp_path / "cleo.zip", *RUN)
    within = zipped(tmp_path / "dario.zip", *(f"my run/{name}" for name in RUN))
    several = zipped(tmp_path / "emma.zip", *(f"r/{n}/{name}" for n in "12" for name in RUN))
    assert named(alone, within) == ["cleo", "dario"]
    assert [one.inside for one in find_runs([alone, within])] == ["", "my run"]
    assert named(several) == ["emma/r/1", "emma/r/2"]
    assert named(f"Cleo B.={alone}") == ["Cleo B."]
    assert named(f"E={several}") == ["E/r/1", "E/r/2"]


def test_zips_in_a_folder_are_found_too(tmp_path: Path) -> None:
    zipped(tmp_path / "in" / "anna.zip", *RUN)
    run(tmp_path / "in" / "ben")
    (tmp_path / "in" / "notes.txt").write_text("no run")
    assert named(tmp_path / "in") == ["anna", "ben"]


def test_a_run_within_a_run_is_not_one_more(tmp_path: Path) -> None:
    run(run(tmp_path / "anna") / "checkpoint")
    assert named(tmp_path) == ["anna"]
    assert named(zipped(tmp_path / "b.zip", "r/model.json", "r/checkpoint/model.json")) == ["b"]


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        run(tmp_path / folder / "anna")
    assert named(tmp_path / "one", tmp_path / "two") == ["anna", "anna (2)"]


def test_a_name_with_an_equals_sign_is_a_path_where_there_is_one(tmp_path: Path) -> None:
    assert named(run(tmp_path / "lr=0.1")) == ["lr=0.1"]


def test_what_is_no_run_is_told_and_stops_nobody(tmp_path: Path) -> None:
    run(tmp_path / "anna")
    (tmp_path / "ben").mkdir()
    (tmp_path / "ben" / "essay.txt").write_text("no run")
    zipped(tmp_path / "cleo.zip", "essay.txt")
    (tmp_path / "dario.zip").write_bytes(b"PK\x03\x04 cut short")
    zipped(tmp_path / "emma.zip", "../../model.json")
    found = {one.name: one.reason for one in find_runs([tmp_path])}
    assert list(found) == ["anna", "ben", "cleo", "dario", "emma"]
    assert found["anna"] == ""
    assert found["ben"] == found["cleo"] == NO_RUN
    assert "damaged" in found["dario"]
    assert "'..' in its path" in found["emma"]


def test_a_bomb_and_a_link_in_a_zip_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.json", "{}")
        archive.writestr("model.safetensors", bytes(30_000_000))
    link = zipfile.ZipInfo("model.json")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    found = {one.name: one.reason for one in find_runs([tmp_path])}
    assert "200 times its size" in found["bomb"]
    assert "is a link" in found["link"]


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    run(tmp_path / "elsewhere" / "secret")
    (tmp_path / "in").mkdir()
    run(tmp_path / "in" / "anna")
    (tmp_path / "in" / "ben").symlink_to(tmp_path / "elsewhere")
    assert named(tmp_path / "in") == ["anna"]


def test_nothing_at_all_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such run folder"):
        find_runs([tmp_path / "gone"])
    (tmp_path / "empty").mkdir()
    assert find_runs([tmp_path / "empty"])[0].reason == NO_RUN


def test_a_run_that_is_only_begun_is_found(tmp_path: Path) -> None:
    place = run(tmp_path / "anna")
    for name in ("recipe.yaml", "model.json"):
        (place / name).unlink()
    assert named(tmp_path) == ["anna"]
    shutil.rmtree(place)
