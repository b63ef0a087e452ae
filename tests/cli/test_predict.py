"""`retinue predict`: a table, JSON or CSV; what cannot be read is told and the rest goes on."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from retinue.data.load import load_data
from retinue.prediction.predict import predict
from retinue.runs import Run
from retinue.training.fit import train

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that knows the ten digits, more or less."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("draw_figures", "write_pictures"):
            patch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
        output = tmp_path_factory.mktemp("predict") / "run"
        settings: dict[str, Any] = {"limit_per_class": 20, "epochs": 3, "lr": 0.02}
        return train("digits", model="softmax", output=output, **settings)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.png and c.png are digits, b.png is none."""
    images = load_data("digits", limit_per_class=20).test.images
    for name, position in (("a", 0), ("c", 5)):
        Image.fromarray(images[position, :, :, 0]).save(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_text("words")
    return tmp_path


def test_a_table_has_a_line_a_picture(command: Command, trained: Run, folder: Path) -> None:
    path = str(folder / "a.png")
    code, out, err = command("predict", str(trained.path), path)
    (expected,) = predict(trained, path)
    assert (code, err) == (0, "")
    head, line, *_ = out.splitlines()
    assert head.split() == ["picture", "predicted", "2.", "3.", "remark"]
    assert path in line
    for name, value in expected.top(3):
        assert f"{name} {100 * value:.1f} %" in line


def test_json_is_what_python_gives(command: Command, trained: Run, folder: Path) -> None:
    words = ["--json", "--top", "2", str(folder / "c.png"), str(folder / "a.png")]
    code, out, err = command("predict", str(trained.path), *words)
    expected = predict(trained, [folder / "c.png", folder / "a.png"])
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert [one["input"] for one in found] == words[3:]
    for one, said in zip(found, expected, strict=True):
        assert one == said.as_dict(2)


def test_bad_input_among_good_is_1_and_the_rest_is_predicted(
    command: Command, trained: Run, folder: Path
) -> None:
    missing = str(folder / "missing.png")
    code, out, _ = command("predict", str(trained.path), str(folder), missing, "--json")
    assert code == 1
    found = json.loads(out)
    assert [Path(one["input"]).name for one in found] == ["a.png", "b.png", "c.png", "missing.png"]
    assert ["predicted" in one for one in found] == [True, False, True, False]
    assert found[1]["error"] == "not a picture in a known format"
    assert found[3]["error"] == "no such file or folder"


def test_the_table_names_the_reason(command: Command, trained: Run, folder: Path) -> None:
    code, out, err = command("predict", str(trained.path), str(folder))
    lines = {line.split()[0]: line for line in out.splitlines()[1:4]}
    assert (code, err) == (1, "")
    assert "not a picture in a known format" in lines[f"{folder}/b.png"]
    assert "%" in lines[f"{folder}/a.png"]
    assert "%" not in lines[f"{folder}/b.png"]


def test_csv_has_the_same_columns_in_every_row(
    command: Command, trained: Run, folder: Path
) -> None:
    code, out, err = command("predict", str(trained.path), str(folder), "--csv", "--top", "12")
    head, *rows = csv.reader(out.splitlines())
    assert (code, err) == (1, "")
    assert head[:3] == ["input", "class_1", "probability_1"]
    assert head[-2:] == ["unsure", "error"]
    assert {len(row) for row in rows} == {len(head)} == {1 + 24 + 2}  # only ten classes there are
    chances = [float(row[at]) for row in rows[:1] for at in range(2, 21, 2)]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1, abs=1e-4)
    assert rows[1][1:-2] == [""] * 24
    assert rows[1][-1] == "not a picture in a known format"


def test_json_and_csv_together_are_refused(command: Command, trained: Run, folder: Path) -> None:
    code, out, err = command("predict", str(trained.path), str(folder), "--json", "--csv")
    assert (code, out) == (2, "")
    assert "one of --json and --csv" in err


@pytest.mark.parametrize("top", ["0", "-1"])
def test_no_classes_are_too_few(command: Command, trained: Run, folder: Path, top: str) -> None:
    code, _, err = command("predict", str(trained.path), str(folder), "--top", top)
    assert code == 2
    assert "--top" in err


def test_code_for_a_network_of_retinue_s_is_refused(
    command: Command, trained: Run, folder: Path
) -> None:
    words = ["--model", "torch.nn:Identity", str(folder)]
    code, _, err = command("predict", str(trained.path), *words)
    assert code == 2
    assert "needs no code" in err


def test_a_run_of_an_own_network_is_used_with_its_code_or_its_graph(
    command: Command, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from torch import nn\n\ndef net(classes):\n"
    source += "    return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))\n"
    (tmp_path / "cli_own_nets.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    words = ["--model", "cli_own_nets:net"]
    limits = ["--limit-per-class", "5", "--epochs", "1", "--output"]
    for name in ("own", "bare"):
        if name == "bare":
            monkeypatch.setitem(sys.modules, "onnxscript", None)
        code, out, err = command("train", "digits", *words, *limits, name)
        assert (code, err) == (0, "")
        assert ("pip install 'retinue[export]'" in out) == (name == "bare")
    code, _, err = command("predict", "bare", str(folder / "a.png"))
    assert code == 2
    assert "--model package.module:factory" in err
    code, with_code, _ = command("predict", "bare", str(folder / "a.png"), *words, "--json")
    assert (code, len(json.loads(with_code))) == (0, 1)
    monkeypatch.delitem(sys.modules, "cli_own_nets")
    (tmp_path / "cli_own_nets.py").unlink()
    code, without, _ = command("predict", "own", str(folder / "a.png"), "--json")
    assert code == 0
    assert json.loads(without)[0]["predicted"] == json.loads(with_code)[0]["predicted"]


def test_a_picture_may_come_from_standard_input(trained: Run, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "retinue", "predict", str(trained.path), "-", "--json"],
        input=(folder / "a.png").read_bytes(),
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    (found,) = json.loads(done.stdout)
    (expected,) = predict(trained, folder / "a.png")
    assert (found["input"], found["predicted"]) == ("-", expected.label)
