"""Exit codes, one line on stderr, and help."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

import retinue
from retinue.cli.main import COMMANDS
from retinue.errors import RetinueError, UsageError

Command = Callable[..., tuple[int, str, str]]


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `retinue models` raise."""

    def models() -> NoReturn:
        """Raise."""
        raise error

    monkeypatch.setattr("retinue.cli.models.models", models)


def test_success_is_0(command: Command) -> None:
    assert command("--version") == (0, f"retinue {retinue.__version__}\n", "")
    code, out, err = command("models")
    assert (code, err) == (0, "")
    assert "lenet" in out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["trane"], "trane"),
        (["train", "--epoch", "3", "digits"], "--epoch"),
        (["train", "digits", "--epochs", "many"], "--epochs"),
        (["train", "digits", "--set", "epochs"], "KEY=VALUE"),
        (["train", "no-such-data"], "no-such-data"),
        (["train", "digits", "extra"], "extra"),
        (["predict"], "RUN"),
        (["predict", "no-such-run", "a.png"], "no-such-run"),
        (["describe", "lenet", "--input", "3x32"], "--input"),
        (["describe", "cnm"], "cnn"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_bad_usage_is_2_with_one_line_that_names_it(
    command: Command, words: list[str], named: str
) -> None:
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err.startswith("retinue: ")
    assert err.count("\n") == 1
    assert named in err


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (RetinueError("x.png: cannot be read"), 1, "retinue: x.png: cannot be read\n"),
        (UsageError("--lr 0: too small"), 2, "retinue: --lr 0: too small\n"),
        (RetinueError("two\n  lines"), 1, "retinue: two lines\n"),
        (OSError(28, "No room", "runs/a/x.csv"), 1, "retinue: runs/a/x.csv: No room\n"),
        (KeyboardInterrupt(), 1, "retinue: stopped\n"),
        (
            ZeroDivisionError("by\nzero"),
            1,
            "retinue: unexpected ZeroDivisionError: by zero (--debug shows where)\n",
        ),
    ],
)
def test_a_failure_is_one_line_without_a_traceback(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    told: str,
) -> None:
    failing(monkeypatch, error)
    assert command("models") == (code, "", told)


@pytest.mark.parametrize("words", [["--debug", "models"], ["models", "--debug"]])
@pytest.mark.parametrize("error", [RetinueError("told"), ZeroDivisionError("told")])
def test_debug_shows_where_it_comes_from(
    command: Command, monkeypatch: pytest.MonkeyPatch, words: list[str], error: Exception
) -> None:
    failing(monkeypatch, error)
    code, _, err = command(*words)
    assert code == 1
    assert err.startswith("Traceback")
    assert __file__ in err
    assert err.splitlines()[-1].startswith("retinue: ")


def test_help_lists_every_command_in_order(command: Command) -> None:
    code, out, err = command("--help")
    assert (code, err) == (0, "")
    beginnings = [line.removeprefix("│ ").partition(" ")[0] for line in out.splitlines()]
    listed = [name for name in beginnings if name in COMMANDS]
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command: Command, name: str) -> None:
    code, out, err = command(name, "--help")
    assert (code, err) == (0, "")
    assert f"retinue {name}" in out


@pytest.mark.parametrize("name", [one for one in COMMANDS if one != "demo"])
def test_every_command_but_the_demo_speaks_json(command: Command, name: str) -> None:
    assert "--json" in command(name, "--help")[1]


def test_without_a_command_there_is_help(command: Command) -> None:
    code, out, err = command()
    assert (code, err) == (0, "")
    assert out.split() == command("--help")[1].split()


def test_a_reader_that_leaves_early_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "retinue", "models"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_names_outside_ascii_survive_a_terminal_of_another_code_page(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "retinue", "train", "größe→.zip"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "größe→.zip" in done.stderr.decode()
