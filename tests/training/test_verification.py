"""Processes that are really killed, and the proof that finds what was forgotten."""

import json
import sys
from pathlib import Path

import pytest

from retinue.errors import RetinueError
from retinue.training.verification import _of_the_run, same, verify_resume

DIGITS = ["digits", "--limit-per-class", "30", "--checkpoint-every", "3", "--threads", "1"]
FORGETFUL = Path(__file__).with_name("forgetful.py")


def ignore(_: str) -> None:
    """Nobody listens."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ["--model", "fast", "--hardest", "0.6", "--epochs", "40"],
        ["--model", "cnn", "--ema", "0.9", "--mixup", "0.2", "--epochs", "15"],
        ["--model", "resnet-small", "--set", "model.width=8", "--epochs", "8"],
    ],
    ids=["fast", "cnn", "resnet-small"],
)
def test_killed_processes_go_on_exactly(options: list[str], tmp_path: Path) -> None:
    found = verify_resume([*DIGITS, *options], tmp_path, kills=3, tell=ignore)
    assert found.kills > 0
    assert found.files > 10
    assert found.different == ()


@pytest.mark.slow
def test_the_proof_fails_where_something_is_forgotten(tmp_path: Path) -> None:
    options = [*DIGITS, "--model", "fast", "--epochs", "80"]
    program = (sys.executable, str(FORGETFUL))
    found = verify_resume(options, tmp_path, kills=6, tell=ignore, program=program)
    assert not found.holds
    assert "model.safetensors" in found.different


@pytest.mark.slow
def test_a_training_that_fails_by_itself_is_told(tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match=r"the training failed: .*no-such-data"):
        verify_resume(["no-such-data"], tmp_path, tell=ignore)


def test_only_timed_fields_of_lines_may_differ(tmp_path: Path) -> None:
    one, other = tmp_path / "history.jsonl", tmp_path / "other" / "history.jsonl"
    other.parent.mkdir()
    line = {"epoch": 1, "train_loss": 0.25, "seconds": 1.5, "pictures_per_second": 9.0}
    one.write_text(json.dumps(line) + "\n")
    assert not same(one, other)
    for change, equal in (({"seconds": 2.0}, True), ({"train_loss": 0.250001}, False)):
        other.write_text(json.dumps({**line, **change}) + "\n")
        assert same(one, other) == equal


def test_options_of_the_process_are_said_again() -> None:
    options = ["cifar10", "--threads", "2", "--lr", "0.1", "--data-root=/data", "--device", "cpu"]
    assert _of_the_run(options) == ["--threads", "2", "--data-root=/data", "--device", "cpu"]
