"""`retinue evaluate`: the same numbers as the run folder has, and the number of looks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retinue.data.load import load_data
from retinue.runs import Run
from retinue.training.fit import train

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)


@pytest.fixture
def trained(tmp_path: Path) -> Run:
    """A run that knows the ten digits, more or less."""
    settings: dict[str, Any] = {"limit_per_class": 20, "epochs": 2, "lr": 0.02}
    return train("digits", model="softmax", output=tmp_path / "run", **settings)


def test_the_table_has_every_class_and_their_mean(command: Command, trained: Run) -> None:
    code, out, err = command("evaluate", str(trained.path))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["class", "pictures", "precision"]
    for line, one in zip(lines[1:11], trained.metrics()["per_class"], strict=True):
        scores = [f"{one[name]['value']:.3f}" for name in ("precision", "recall", "f1", "roc_auc")]
        assert line.split() == [one["class"], str(one["n"]), *scores]
    assert lines[11].startswith("mean of classes")
    accuracy = 100 * trained.metrics()["accuracy"]["value"]
    assert f"accuracy on test: {accuracy:.1f} %" in out
    assert str(trained.path / "evaluation" / "test") in out


def test_every_look_at_the_test_split_is_told(command: Command, trained: Run) -> None:
    assert "looked at 2 times" in command("evaluate", str(trained.path))[1]
    assert "looked at 3 times" in command("evaluate", str(trained.path))[1]


def test_json_is_metrics_json(command: Command, trained: Run) -> None:
    code, out, err = command("evaluate", str(trained.path), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found.pop("name"), found.pop("notes")) == ("test", [])
    assert found == trained.metrics()
    assert found["test_looks"] == 2


def test_other_data_is_judged_under_its_own_name(
    command: Command, trained: Run, tmp_path: Path
) -> None:
    from PIL import Image

    data = load_data("digits", limit_per_class=20)
    for position in range(40):
        name = {"9": "nine"}.get(data.classes[data.test.labels[position]])
        name = name or data.classes[data.test.labels[position]]
        path = tmp_path / "others" / name / f"{position}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(data.test.images[position, :, :, 0]).save(path)
    code, out, _ = command("evaluate", str(trained.path), str(tmp_path / "others"))
    assert code == 0
    assert "note: not known to the run, left out: nine" in out
    assert "note: known to the run, but not in others: 9" in out
    assert "accuracy on others" in out
    assert "looked at" not in out
    assert trained.status["test_looks"] == 1
    assert "others" in trained.evaluations


@pytest.mark.parametrize(
    ("words", "told"),
    [(["missing"], "no run folder"), (["{run}", "missing"], "missing: no such file or folder")],
)
def test_what_cannot_be_judged_is_2(
    command: Command, trained: Run, words: list[str], told: str
) -> None:
    code, out, err = command("evaluate", *(word.format(run=trained.path) for word in words))
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_damaged_weights_are_1(command: Command, trained: Run) -> None:
    (trained.path / "model.safetensors").write_bytes(b"not weights")
    code, _, err = command("evaluate", str(trained.path))
    assert code == 1
    assert "model.safetensors: damaged" in err
    assert trained.status["test_looks"] == 1
