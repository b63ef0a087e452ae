"""`retinue lessons board`: words to a board, a board to words."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retinue.lessons.board import Board
from tests.lessons.board.conftest import Here, pictures, saved, trained

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two runs and hidden pictures."""
    folder = tmp_path_factory.mktemp("trainings")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        saved(folder / "hidden", *pictures(20, 99))
        trained(folder / "runs" / "anna", 1)
        trained(folder / "runs" / "ben", 2, lr=1e-5, epochs=1)
        yield folder


@pytest.fixture(autouse=True)
def here(trainings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of these, where we are now; runs are judged in this process."""
    monkeypatch.chdir(tmp_path)
    for name in ("runs", "hidden"):
        shutil.copytree(trainings / name, tmp_path / name)
    monkeypatch.setattr("retinue.lessons.board.judging.Processes", Here)
    monkeypatch.setattr("retinue.lessons.board.writing.draw", lambda _: iter(()))
    return tmp_path


def test_a_table_what_is_to_be_said_and_where_it_is_written(command: Command) -> None:
    code, out, err = command("lessons", "board", "runs", "--data", "hidden")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "2 runs judged on 60 hidden pictures of hidden"
    found = Board.load("boards/hidden-1")
    for one in found.values["runs"]:
        (line,) = (line for line in lines if f" {one['name']} " in f" {line} " and "%" in line)
        assert f"{100 * one['accuracy']['value']:.1f} %" in line
    assert f"{found.values['title']}." in lines
    assert lines[-1] == "written: boards/hidden-1/board.html"


def test_json_is_board_json(command: Command) -> None:
    code, out, err = command("lessons", "board", "runs", "--data", "hidden", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found == {"board": "boards/hidden-1", **Board.load("boards/hidden-1").values}


def test_who_is_not_judged_is_told_and_the_others_are(command: Command) -> None:
    Path("runs/ben/model.safetensors").write_bytes(b"x")
    code, out, _ = command("lessons", "board", "runs", "--data", "hidden")
    assert code == 0
    assert out.startswith("not judged: ben: model.safetensors: damaged")


def test_an_anonymous_board_tells_no_name(command: Command) -> None:
    Path("runs/ben/model.safetensors").write_bytes(b"x")
    words = ("lessons", "board", "Anna Miller=runs/anna", "runs/ben", "--data", "hidden")
    _, out, _ = command(*words, "--anonymous", "--output", "out")
    assert "Miller" not in out
    assert "ben" not in out
    assert "Anna Miller" in Path("out-key.csv").read_text()
    _, out, _ = command(*words)
    assert "Anna Miller" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gone", "--data", "hidden"], "gone: no such run folder, folder of runs, or zip"),
        (["runs", "--data", "gone"], "gone: no such file or folder"),
        (["runs", "--data", "hidden", "--output", "hidden"], "--output hidden: is not empty"),
        (["runs"], "Missing option '--data'"),
    ],
)
def test_bad_usage_ends_with_2_and_one_line(command: Command, words: list[str], told: str) -> None:
    code, out, err = command("lessons", "board", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1


def test_where_none_can_be_judged_it_ends_with_1(command: Command) -> None:
    Path("runs/ben/model.safetensors").write_bytes(b"x")
    code, _, err = command("lessons", "board", "runs/ben", "--data", "hidden")
    assert code == 1
    assert err.startswith("retinue: no run could be judged: ben: model.safetensors: damaged")
