"""`retinue verify-resume`."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from retinue.training import verification
from retinue.training.verification import Verdict

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], int]]:
    """The options and kills that a proof was asked for with; it finds everything equal."""
    found: list[tuple[list[str], int]] = []

    def verify(options: Sequence[str], folder: Path, kills: int, tell: Any) -> Verdict:
        assert folder.is_dir()
        found.append((list(options), kills))
        different = ("model.safetensors", "history.jsonl") if "bad" in options else ()
        return Verdict({"training": kills - 1, "judging": 1}, 1.5, 20, different)

    monkeypatch.setattr(verification, "verify_resume", verify)
    return found


def test_options_of_train_are_given_on(command: Command, asked: list[Any]) -> None:
    code, out, _ = command("verify-resume", "digits", "--model", "cnn", "--kills", "3")
    assert code == 0
    assert asked == [(["digits", "--model", "cnn", "--checkpoint-every", "10"], 3)]
    assert "exact: killed 3 times (2 while training, 1 while judging), and all 20 files" in out
    command("verify-resume", "--model", "cnn", "digits", "--checkpoint-every=2s")
    assert asked[1] == (["--model", "cnn", "digits", "--checkpoint-every=2s"], 5)


@pytest.mark.usefixtures("asked")
def test_a_difference_is_1_and_named(command: Command) -> None:
    code, _, err = command("verify-resume", "bad")
    assert code == 1
    assert "not exact: model.safetensors, history.jsonl differ" in err
    code, out, _ = command("verify-resume", "digits", "--json")
    assert json.loads(out)["holds"] is True


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "name the data to train on"),
        (("digits", "--time-limit", "10s"), "--time-limit: no two runs by the clock are alike"),
        (("digits", "--output=x"), "--output: is not for this"),
    ],
)
def test_what_cannot_be_proved_is_2(command: Command, words: tuple[str, ...], reason: str) -> None:
    code, _, err = command("verify-resume", *words)
    assert code == 2
    assert reason in err
