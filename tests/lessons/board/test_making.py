import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retinue.errors import RetinueError, UsageError
from retinue.evaluation.evaluate import evaluate
from retinue.lessons.board import Board, make_board
from retinue.lessons.board.anonymous import letter_of
from retinue.lessons.board.figures import draw
from retinue.writing import from_csv_cell

pytestmark = pytest.mark.usefixtures("in_this_process")


@pytest.fixture(autouse=True)
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retinue.lessons.board.writing.draw", lambda _: iter(()))


@pytest.fixture
def board(handed_in: Path) -> Board:
    return make_board(["runs"], "hidden")


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [[from_csv_cell(cell) for cell in row] for row in csv.reader(file)]


def test_a_board_has_all_its_files_and_is_read_again(
    handed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retinue.lessons.board.writing.draw", draw)
    board = make_board(["runs"], "hidden")
    assert board.path == Path("boards/hidden-1")
    names = {path.name for path in board.path.iterdir()}
    assert names >= {"board.json", "table.csv", "pairs.csv", "answers.csv", "board.html", "figures"}
    assert {path.name for path in (board.path / "figures").iterdir()} == {
        "accuracy.png", "pairs.png",
    }  # fmt: skip
    assert Board.load(board.path).values == board.values
    assert repr(board).startswith("Board('boards/hidden-1': ")
    assert "<table" in board._repr_html_()


def test_the_numbers_are_those_of_evaluate(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    for one in board.values["runs"]:
        metrics = evaluate(one["place"], "hidden").metrics
        for key in ("accuracy", "log_loss", "ece"):
            assert one[key]["value"] == pytest.approx(metrics[key]["value"], abs=1e-6)
        assert one["accuracy"]["low"] == pytest.approx(metrics["accuracy"]["low"])
        assert one["macro_f1"]["value"] == pytest.approx(metrics["macro"]["f1"]["value"])


def test_tables_say_what_board_json_says(board: Board) -> None:
    head, *rows = rows_of(board.path / "table.csv")
    for one, row in zip(board.values["runs"], rows, strict=True):
        found = dict(zip(head, row, strict=True))
        assert found["name"] == one["name"]
        assert float(found["accuracy"]) == one["accuracy"]["value"]
        assert (int(found["rank_best"]), int(found["rank_worst"])) == tuple(one["rank"].values())
    head, *rows = rows_of(board.path / "pairs.csv")
    assert len(rows) == len(board.values["pairs"]) == 3
    assert float(rows[0][head.index("p_holm")]) == board.values["pairs"][0]["p_holm"]


def test_answers_say_who_answered_what(board: Board) -> None:
    head, *rows = rows_of(board.path / "answers.csv")
    assert len(rows) == 90
    for one in board.values["runs"]:
        column = head.index(one["name"])
        right = np.mean([row[column] == row[1] for row in rows])
        assert right == pytest.approx(one["accuracy"]["value"])
    assert sum(int(row[2]) for row in rows) == sum(
        row[1] in (cell,) for row in rows for cell in row[4:]
    )


def test_a_run_that_cannot_be_judged_is_listed_with_its_reason(handed_in: Path) -> None:
    Path("runs/ben/model.json").unlink()
    board = make_board(["runs"], "hidden")
    (one,) = board.values["not_judged"]
    assert one["name"] == "ben"
    assert "holds no network yet" in one["reason"]
    assert "holds no network yet" in board.page.read_text(encoding="utf-8")
    assert len(board.values["runs"]) == 2


def test_one_run_alone_has_a_board_too(handed_in: Path) -> None:
    board = make_board(["runs/anna"], "hidden")
    assert board.values["title"] == "anna was judged alone"
    assert board.values["pairs"] == []
    assert board.values["runs"][0]["rank"] == {"best": 1, "worst": 1}


def test_where_none_can_be_judged_that_is_an_error_and_nothing_is_written(
    handed_in: Path,
) -> None:
    for name in ("anna", "ben", "cleo"):
        Path("runs", name, "model.json").unlink()
    with pytest.raises(RetinueError, match="no run could be judged: anna: holds no"):
        make_board(["runs"], "hidden")
    assert not Path("boards").exists()


def test_a_folder_that_holds_something_is_not_written_over(handed_in: Path) -> None:
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="--output out: is not empty"):
        make_board(["runs"], "hidden", output="out")
    with pytest.raises(UsageError, match="is a file"):
        make_board(["runs"], "hidden", output="out/mine.txt")


def test_a_board_that_breaks_off_leaves_no_half_folder(
    handed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr("retinue.lessons.board.writing.render", fail)
    with pytest.raises(OSError, match="no room"):
        make_board(["runs"], "hidden")
    assert list(Path("boards").iterdir()) == []


def test_boards_on_the_same_pictures_are_counted(handed_in: Path) -> None:
    assert make_board(["runs/anna"], "hidden").values["hidden"]["boards_before"] == 0
    again = make_board(["runs/anna"], "hidden").values
    assert again["hidden"]["boards_before"] == 1
    assert "were judged on before: 1 board here" in again["said"]["caution"]
    shutil.rmtree("hidden/cat")
    Path("hidden/cat").mkdir()
    shutil.copy("runs/anna/recipe.yaml", "hidden/cat/x.png")
    shutil.copytree("hidden/dog", "other/dog")
    shutil.copytree("hidden/ship", "other/ship")
    shutil.copytree("hidden/dog", "other/cat")
    assert make_board(["runs/anna"], "other").values["hidden"]["boards_before"] == 0


def test_an_anonymous_board_names_nobody_and_the_key_lies_beside_it(handed_in: Path) -> None:
    for name in ("anna", "ben", "cleo"):
        Path("runs", name).rename(Path("runs", f"{name}-miller"))
    Path("runs/ben-miller/model.json").unlink()
    board = make_board(["runs"], "hidden", anonymous=True)
    names = {one["name"] for one in board.values["runs"]}
    assert names | {one["name"] for one in board.values["not_judged"]} == {"A", "B", "C"}
    for path in board.path.rglob("*"):
        assert path.is_dir() or b"miller" not in path.read_bytes()
    head, *rows = rows_of(Path("boards/hidden-1-key.csv"))
    assert head == ["letter", "name", "place", "reason"]
    assert [row[0] for row in rows] == ["A", "B", "C"]
    assert {row[1] for row in rows} == {"anna-miller", "ben-miller", "cleo-miller"}
    known = {row[0]: row for row in rows}
    (gone,) = board.values["not_judged"]
    assert known[gone["name"]][1] == "ben-miller"
    assert "holds no network yet" in known[gone["name"]][3]


def test_trainings_that_differ_are_not_called_one(board: Board) -> None:
    assert board.values["said"]["copies"] == []


def test_with_names_the_folder_would_have_named_them(handed_in: Path) -> None:
    Path("runs/anna").rename("runs/anna-miller")
    board = make_board(["runs"], "hidden")
    texts = [path.read_bytes() for path in board.path.rglob("*") if path.is_file()]
    assert any(b"miller" in text for text in texts)


def test_the_order_of_an_anonymous_board_is_that_of_its_letters(handed_in: Path) -> None:
    for name in ("anna", "ben"):
        Path("runs", name, "model.json").unlink()
        shutil.copytree(Path("runs", name), Path("runs", f"{name}-2"))
    board = make_board(["runs"], "hidden", anonymous=True)
    letters = [one["name"] for one in board.values["not_judged"]]
    assert letters == sorted(letters)


def test_one_training_handed_in_twice_is_told(handed_in: Path) -> None:
    shutil.copytree("runs/anna", "runs/dora")
    board = make_board(["runs"], "hidden")
    told = "anna and dora have the very same weights: they are one training."
    assert board.values["said"]["copies"] == [told]
    assert told in board.page.read_text(encoding="utf-8")


def test_letters_go_on_after_z() -> None:
    assert [letter_of(number) for number in (0, 1, 25, 26, 27, 51, 52, 701, 702)] == [
        "A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip


def test_a_board_of_a_newer_version_or_a_damaged_one_is_told(board: Board) -> None:
    path = board.path / "board.json"
    path.write_text(json.dumps({"schema": 99}))
    with pytest.raises(UsageError, match="newer Retinue"):
        Board.load(board.path)
    path.write_text("{")
    with pytest.raises(RetinueError, match="cannot be read"):
        Board.load(board.path)
    with pytest.raises(UsageError, match="no board"):
        Board.load("gone")
