import json
import time
from pathlib import Path
from typing import Any

import pytest

from retinue.recipe import make_recipe, write_recipe
from retinue.runs import Run
from retinue.widgets.following import Followed, NewLines, thinned

LINE = {"epoch": 1, "lr": 0.1, "train_loss": 2.0, "val_loss": 1.5, "val_accuracy": 0.5}


def step(number: int, loss: float = 1.0) -> dict[str, Any]:
    return {"epoch": 1, "step": number, "loss": loss, "lr": 0.1, "gradient_norm": None}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run.create("digits", "cnn", tmp_path / "run")
    write_recipe(made.path / "recipe.yaml", make_recipe({"data": "digits", "epochs": 4}))
    return made


def written(path: Path, text: bytes | str) -> None:
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def test_only_new_lines_are_given_and_a_half_one_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    lines = NewLines(path)
    assert lines.take() == []
    written(path, '{"epoch": 1}\n{"epo')
    assert lines.take() == [{"epoch": 1}]
    assert lines.take() == []
    written(path, 'ch": 2}\n')
    assert lines.take() == [{"epoch": 2}]
    assert lines.take() == []


@pytest.mark.parametrize(
    "broken", [b"{", b"[1]", b"\xff\xfe", b"", b"7", b"[" * 100_000, b'{"epoch": NaN} x']
)
def test_what_is_no_line_is_passed_over(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "steps.jsonl"
    written(path, b'{"step": 1}\n' + broken + b'\n{"step": 2}\n')
    assert NewLines(path).take() == [{"step": 1}, {"step": 2}]


def test_a_file_that_was_cut_or_made_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    lines = NewLines(path)
    written(path, '{"step": 1}\n{"step": 2}\n')
    assert len(lines.take()) == 2
    path.write_text('{"step": 1}\n')
    assert lines.take() == [{"step": 1}]
    path.unlink()
    assert lines.take() == []
    written(path, '{"step": 7}\n')
    assert lines.take() == [{"step": 7}]


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    followed = Followed(tmp_path / "later")
    seen = followed.look()
    assert seen["stage"] == "waiting"
    assert "later to begin" in seen["said"]
    assert seen["history"] == seen["steps"] == []
    assert not followed.ended
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "status.json").write_text("{}")  # as a run begins
    assert followed.look()["stage"] == "waiting"
    (tmp_path / "later" / "status.json").write_text('{"state": "runn')
    assert followed.look()["stage"] == "waiting"


def test_a_run_is_followed_from_its_first_step_to_its_end(run: Run) -> None:
    followed = Followed(run.path)
    with run.held():
        seen = followed.look()
        assert (seen["stage"], seen["said"]) == ("running", "running: epoch 1 of 4")
        run.append("steps.jsonl", step(1, 2.5))
        run.append("steps.jsonl", step(11, 2.0))
        seen = followed.look()
        assert seen["said"] == "running: epoch 1 of 4, 11 steps"
        assert [(one["step"], one["loss"]) for one in seen["steps"]] == [(1, 2.5), (11, 2.0)]
        for epoch in range(1, 5):
            run.append("history.jsonl", {**LINE, "epoch": epoch})
        seen = followed.look()
        assert seen["history"][0]["val_accuracy"] == 0.5
        assert seen["said"] == "all 4 epochs done; the run is being judged"
        run.update_status(state="finished", reason="all epochs done", best_epoch=3)
        seen = followed.look()
        assert seen["said"] == "finished: all epochs done; best epoch 3"
        assert seen["best_epoch"] == 3
        assert not followed.ended  # somebody is still at work in it
    followed.look()
    assert followed.ended


def test_a_run_that_failed_says_why_and_one_that_was_stopped_how_it_goes_on(run: Run) -> None:
    followed = Followed(run.path)
    run.update_status(state="failed", reason="the loss is \x1b[31mno\u202e number")
    assert followed.look()["said"] == "failed: the loss is \ufffd[31mno\ufffd number"
    run.update_status(state="interrupted", reason="stopped by hand in epoch 2")
    told = followed.look()["said"]
    assert told.startswith("interrupted: stopped by hand in epoch 2; go on with: retinue train")
    run.update_status(state="failed", reason=["x" * 10_000])
    assert len(followed.look()["said"]) < 600


def test_a_process_that_died_is_noticed_but_not_where_the_run_has_only_begun(run: Run) -> None:
    followed = Followed(run.path)
    assert followed.look()["stage"] == "running"  # its lock comes a moment after its folder
    with run.held():
        run.update_status(started=time.time() - 60)
    seen = followed.look()
    assert seen["stage"] == "interrupted"
    assert "without a word" in seen["said"]
    assert followed.ended


def test_epochs_and_steps_after_a_checkpoint_are_taken_anew(run: Run) -> None:
    followed = Followed(run.path)
    for number in (1, 11, 21):
        run.append("steps.jsonl", step(number))
    for epoch in (1, 2, 3):
        run.append("history.jsonl", {**LINE, "epoch": epoch, "val_loss": 1.0})
    followed.look()
    (run.path / "steps.jsonl").write_text(json.dumps(step(1)) + "\n")
    run.append("steps.jsonl", step(11, 0.25))
    (run.path / "history.jsonl").write_text(json.dumps({**LINE, "val_loss": 1.0}) + "\n")
    run.append("history.jsonl", {**LINE, "epoch": 2, "val_loss": 0.5})
    seen = followed.look()
    assert [(one["step"], one["loss"]) for one in seen["steps"]] == [(1, 1.0), (11, 0.25)]
    assert [one["val_loss"] for one in seen["history"]] == [1.0, 0.5]


@pytest.mark.parametrize("value", ["NaN", "1e999", '"7"', "true", "[1]", "null", "1" + "0" * 400])
def test_what_is_no_number_is_not_drawn(run: Run, value: str) -> None:
    written(run.path / "history.jsonl", f'{{"epoch": 1, "val_loss": {value}}}\n')
    written(run.path / "history.jsonl", f'{{"epoch": {value}, "val_loss": 1}}\n')
    (row,) = Followed(run.path).look()["history"]
    assert row["val_loss"] is None


@pytest.mark.parametrize(
    "status",
    ['{"state": ["running"]}', '{"state": "running", "process": "x", "heartbeat": "y"}', "[]"],
)
def test_a_status_of_somebody_elses_is_no_fault(run: Run, status: str) -> None:
    (run.path / "status.json").write_text(status)
    assert Followed(run.path).look()["stage"] in ("waiting", "interrupted")


def test_of_many_rows_some_are_kept_and_always_the_last() -> None:
    rows = [[number] for number in range(1001)]
    kept = thinned(rows, 100)
    assert len(kept) <= 101
    assert kept[0] == [0]
    assert kept[-1] == [1000]
    assert thinned(rows[:7], 100) == rows[:7]
    assert thinned([], 100) == []
