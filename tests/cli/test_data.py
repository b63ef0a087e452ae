"""`retinue show` and `retinue datasets`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from retinue.data.builtin import BUILT_IN
from retinue.data.load import load_data

Command = Callable[..., tuple[int, str, str]]


def is_png(path: Path) -> bool:
    with Image.open(path) as image:
        return image.format == "PNG" and min(image.size) > 100


def test_show_writes_a_sheet_and_prints_the_counts(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = command("show", "digits", "--set", "classes=3,8")
    data = load_data("digits", classes=["3", "8"])
    assert (code, err) == (0, "")
    assert is_png(tmp_path / "digits-samples.png")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.split()}
    for number, name in enumerate(data.classes):
        counts = [int((split.labels == number).sum()) for split in data.splits.values()]
        assert rows[name] == [str(count) for count in counts]
    assert rows["all"] == [str(len(split)) for split in data.splits.values()]
    assert "written: digits-samples.png" in out


def test_show_writes_what_training_sees_too(command: Command, tmp_path: Path) -> None:
    sheet = tmp_path / "deep" / "sheet.png"
    code, out, _ = command(
        "show", "digits", "--augment", "strong", "--output", str(sheet), "--json"
    )
    found = json.loads(out)
    assert code == 0
    assert found["files"] == [str(sheet), str(sheet.with_name("sheet-augmented.png"))]
    assert all(is_png(Path(name)) for name in found["files"])
    assert (found["name"], found["size"], found["channels"]) == ("digits", [8, 8], 1)
    assert sum(sum(one.values()) for one in found["counts"].values()) == 1797


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing"], "nothing: no such file or folder"),
        (["digits", "--augment", "wild"], "augment: "),
        (["digits", "--size", "big"], "size"),
    ],
)
def test_what_cannot_be_shown_is_2(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = command("show", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_datasets_as_json_has_every_built_in_set(command: Command, tmp_path: Path) -> None:
    code, out, err = command("datasets", "--json", "--data-root", str(tmp_path))
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [one["name"] for one in found["datasets"]] == list(BUILT_IN)
    assert found["data_root"] == str(tmp_path)
    where = {one["name"]: one["where"] for one in found["datasets"]}
    assert where["digits"] == "comes with Retinue"
    assert where["mnist"] == ""


def test_datasets_tells_where_they_are_looked_for(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETINUE_CACHE", str(tmp_path))
    code, out, _ = command("datasets")
    assert code == 0
    assert str(tmp_path / "data") in out
    assert all(name in out for name in BUILT_IN)
    assert "not here yet" in out
