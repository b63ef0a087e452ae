"""Class names and file names from outside: whatever they are, they harm nothing and work."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import retinue
from retinue.cli.console import make_console
from retinue.cli.main import main
from retinue.runs import Run

NAMES = (
    "=HYPERLINK(1)", "+1", "-1", "@a", "'a", "\x1b[31mred", "bell\x07", "two\nlines", "\u202egnp",
    "שלום", "кот", "猫", "😀", "👩\u200d🚀", "größe", "Cat", "cat", "CAT", "con", "..", "a/b",
    "a\\b", "<b>bold</b>", "{x}", "[red]", "$x^2$", "a,b", 'quo"te', "null", "no", "1e5", "%s",
    "*x: &y",
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on pictures of classes with all these names, from a CSV."""
    folder = tmp_path_factory.mktemp("names")
    rows = []
    for number, name in enumerate(NAMES):
        for copy in range(6):
            path = folder / f"{number}-{copy}.png"
            Image.new("RGB", (8, 8), (number * 7, copy * 40, 99)).save(path)
            rows.append([path.name, name])
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])
    return retinue.train(
        folder / "labels.csv",
        model="softmax",
        epochs=2,
        batch_size=32,
        output=folder / "run",
    )


def test_every_name_is_a_class_of_its_own_and_comes_back(trained: Run) -> None:
    assert set(trained.classes) == set(NAMES)
    assert set(trained.predictions("test").classes) == set(NAMES)
    assert set(trained.predictions("test").true) <= set(NAMES)
    assert {row[2] for row in trained.splits} == set(NAMES)
    assert set(trained.data["counts"]["train"]) == set(NAMES)
    assert {one["class"] for one in trained.metrics("test")["per_class"]} == set(NAMES)


def test_no_cell_of_a_table_is_a_formula(trained: Run) -> None:
    for path in trained.path.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]


def test_files_are_where_they_belong(trained: Run) -> None:
    """No name became a path, or a part of one."""
    root = trained.path.resolve()
    for path in trained.path.rglob("*"):
        assert root in path.resolve().parents
        assert path.name.isascii()


def test_nothing_in_html_is_markup(trained: Run) -> None:
    html = retinue.evaluate(trained)._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;bold" in html


@pytest.mark.parametrize("command", ["evaluate", "predict", "show"])
def test_nothing_steers_the_terminal(
    command: str, trained: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pictures = sorted(str(path) for path in trained.path.parent.glob("*-0.png"))
    words: dict[str, list[str]] = {
        "evaluate": [str(trained.path)],
        "predict": [str(trained.path), *pictures],
        "show": [str(trained.path.parent / "labels.csv"), "--output", str(tmp_path / "x.png")],
    }
    with pytest.raises(SystemExit) as left:
        main([command, *words[command]])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert told
    assert not [sign for sign in told if sign in "\x1b\x07\u202e"]


def test_json_holds_the_names_as_they_are(trained: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", str(trained.path), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert set(NAMES) >= {one["class"] for one in told["per_class"]}


def test_classes_are_chosen_by_any_name(trained: Run, class_folders: Callable[..., Any]) -> None:
    data = retinue.load_data(trained.path.parent / "labels.csv", classes=("a,b", "<b>bold</b>"))
    assert set(data.classes) == {"a,b", "<b>bold</b>"}


def test_json_on_a_terminal_steers_it_no_more_than_words_do(
    trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", str(trained.path), "--json"])
    told = capsys.readouterr().out
    assert not [sign for sign in told if sign in "\x1b\x07\u202e\x9b"]
    assert "😀" in told


def test_words_between_colons_are_no_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    make_console().print(":cat: [b]x[/]")
    assert capsys.readouterr().out == ":cat: x\n"


def test_csv_on_a_terminal_is_printable(
    trained: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = str(trained.path.parent / "6-0.png")
    for on_terminal in (False, True):
        monkeypatch.setattr("sys.stdout.isatty", lambda answer=on_terminal: answer)
        with pytest.raises(SystemExit):
            main(["predict", str(trained.path), picture, "--csv", "--top", str(len(NAMES))])
        assert ("\x1b" in capsys.readouterr().out) != on_terminal


def test_a_prediction_in_short_steers_nothing(trained: Run) -> None:
    pictures = sorted(trained.path.parent.glob("*-0.png"))
    assert "\x1b" not in repr(retinue.predict(trained, pictures))
