"""`retinue lessons`."""

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from retinue.cli.lessons import COMMANDS
from retinue.lessons.catalogue import entries
from retinue.lessons.executing import Ran
from retinue.lessons.new import Made
from retinue.lessons.outcome import Outcome
from retinue.lessons.question import Lab, Question

Command = Callable[..., tuple[int, str, str]]


def test_alone_it_lists_its_commands(command: Command) -> None:
    code, out, err = command("lessons")
    assert (code, err) == (0, "")
    assert out == command("lessons", "--help")[1]
    listed = [line.removeprefix("│ ").partition(" ")[0] for line in out.splitlines()]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_speaks_json(command: Command, name: str) -> None:
    code, out, err = command("lessons", name, "--help")
    assert (code, err) == (0, "")
    assert f"retinue lessons {name}" in out
    assert "--json" in out


def test_an_unknown_command_is_bad_usage(command: Command) -> None:
    code, _, err = command("lessons", "nonsense")
    assert code == 2
    assert err.startswith("retinue: ")


def test_list_shows_every_lesson_by_its_title(command: Command) -> None:
    code, out, _ = command("lessons", "list")
    assert code == 0
    assert all(one.title in out for one in entries())
    told = json.loads(command("lessons", "list", "--json")[1])
    assert [one["name"] for one in told] == [one.name for one in entries()]


def test_copy_writes_them_and_loses_no_work(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "my <course>\u202e [b]"
    code, out, err = command("lessons", "copy", str(folder))
    assert (code, err) == (0, "")
    assert "\u202e" not in out
    assert {one.name for one in folder.iterdir()} == {one.notebook for one in entries()}
    (folder / entries()[0].notebook).write_text("mine")
    code, out, err = command("lessons", "copy", str(folder))
    assert (code, out) == (2, "")
    assert "somebody has worked on" in err
    assert err.count("\n") == 1
    told = json.loads(command("lessons", "copy", str(folder), "--force", "--json")[1])
    assert (len(told["written"]), len(told["kept"])) == (1, len(entries()) - 1)


def test_copy_takes_one_lesson(command: Command, tmp_path: Path) -> None:
    first = entries()[0]
    assert command("lessons", "copy", str(tmp_path / "one"), "--only", first.name)[0] == 0
    assert [one.name for one in (tmp_path / "one").iterdir()] == [first.notebook]
    code, _, err = command("lessons", "copy", str(tmp_path / "two"), "--only", "lesson99")
    assert code == 2
    assert "no such lesson" in err


def test_check_tells_what_came_of_each(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Outcome("lab1.a", False, "for 3\ngives \x1b[31m4", "Think.", "add")
    rans = [
        Ran("lesson1.ipynb", 1.0),
        Ran("lesson2.ipynb", 2.0, errors=("cell [2] (x): NameError: [b]x",)),
        Ran("lab1.ipynb", 3.0, "lab1", outcomes=(wrong, Outcome("lab1.b", False, answered=False))),
        Ran("lesson3.ipynb", 2.0, stopped="cell [1] (x): a cell took more than 2 s"),
    ]
    asked: list[object] = []

    def run_each(*given: object) -> list[Ran]:
        asked.append(given)
        return rans

    monkeypatch.setattr("retinue.lessons.executing.run_each", run_each)
    words = ("lessons", "check", "course", "--timeout", "7", "--data-root", str(tmp_path))
    code, out, _ = command(*words)
    assert asked == [(Path("course"), tmp_path, 7.0)]
    assert code == 1
    assert "\x1b" not in out
    lines = [line.strip() for line in out.splitlines()]
    assert lines[:3] == [
        "lesson1.ipynb: runs (1.0 s)",
        "lesson2.ipynb: fails (2.0 s)",
        "cell [2] (x): NameError: [b]x",
    ]
    assert "lab1.ipynb: 0 of 2 questions right, 1 not answered (3.0 s)" in lines
    assert "Hint: Think." in lines
    assert "lab1.b: no answer yet" in lines
    assert "lesson3.ipynb: fails (2.0 s)" in lines
    assert lines[-1] == "3 of 4 notebooks failed."
    told = json.loads(command(*words, "--json")[1])
    assert [one["ok"] for one in told] == [True, False, False, False]
    assert told[2]["outcomes"][0]["mistake"] == "add"


def test_check_runs_a_folder_for_real(command: Command, tmp_path: Path) -> None:
    for name, source in {"good": "1 + 1", "bad": "1 / 0"}.items():
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(book, tmp_path / f"{name}.ipynb")
    code, out, _ = command("lessons", "check", str(tmp_path))
    assert code == 1
    assert "good.ipynb: runs" in out
    assert "cell [1] (1 / 0): ZeroDivisionError: division by zero" in out
    assert "1 of 2 notebooks failed." in out


def test_check_of_nothing_is_bad_usage(command: Command, tmp_path: Path) -> None:
    code, out, err = command("lessons", "check", str(tmp_path))
    assert (code, out) == (2, "")
    assert "retinue lessons copy" in err


def test_new_writes_a_master_and_says_what_is_next(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    code, out, err = command("lessons", "new", str(path))
    assert (code, err) == (0, "")
    assert path.is_file()
    assert "retinue lessons new" in out
    told = json.loads(command("lessons", "new", str(tmp_path / "b.py"), "--json")[1])
    assert told == {"files": [str(tmp_path / "b.py")], "questions": []}


@pytest.mark.slow
def test_new_makes_a_lab_and_says_how_it_fared(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    command("lessons", "new", str(path))
    code, out, err = command("lessons", "new", str(path))
    assert (code, err) == (0, "")
    assert "passes 2 questions; the students' copy passes none" in out
    assert "mine/student/mine_checks.py" in out
    code, out, _ = command("lessons", "check", str(tmp_path / "mine" / "solution"))
    assert (code, "2 of 2 questions right" in out) == (0, True)
    code, out, _ = command("lessons", "check", str(tmp_path / "mine" / "student"))
    assert (code, "0 of 2 questions right, 2 not answered" in out) == (0, True)


def test_new_tells_as_json_what_it_made(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab("mine", "Mine", {"a": Question("", "a", print)})
    made = Made([tmp_path / "a"], lab, Ran("x", 1.0), Ran("y", 1.0))
    monkeypatch.setattr("retinue.lessons.new.new_lab", lambda *given: made)
    told = json.loads(command("lessons", "new", "mine.py", "--json")[1])
    assert told == {"files": [str(tmp_path / "a")], "questions": ["a"]}


def test_new_refuses_a_name_in_one_line(command: Command, tmp_path: Path) -> None:
    code, out, err = command("lessons", "new", str(tmp_path / "my\nlab.py"))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
