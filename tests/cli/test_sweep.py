"""`retinue sweep`: words to a sweep, a sweep to words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retinue.experiments import sweep as sweeping
from retinue.experiments.sweeps.journal import Journal

Command = Callable[..., tuple[int, str, str]]
SMALL = (
    "digits", "--model", "softmax", "--set", "epochs=1", "--set", "limit_per_class=20",
    "--threads", "1", "--workers", "1",
)  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, where we are; trainings are done in this process, and nothing is drawn."""
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setattr(sweeping, "Processes", lambda at_once, lasting: ThreadPoolExecutor(at_once))
    monkeypatch.setattr("retinue.experiments.sweeps.folder.draw", lambda *_: ())
    monkeypatch.setattr("retinue.experiments.sweep.draw_best", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_trainings_tables_sentences_and_where_it_is_written(command: Command, here: Path) -> None:
    code, out, err = command("sweep", *SMALL, "--vary", "lr=1e-3,0.1", "--seeds", "2")
    assert (code, err) == (0, "")
    assert out.count("trained for") == 4
    assert "lr=0.1, seed 1: val " in out
    assert "best on val" in out
    assert out.endswith("written: sweeps/digits-1\nnext: retinue report sweeps/digits-1\n")
    plan = Journal.load("sweeps/digits-1").plan
    assert (plan.seeds, plan.threads, plan.search) == (2, 1, "grid")
    found = json.loads(Path("sweeps/digits-1/effects.json").read_text())
    for section in found["discussion"]:
        assert section["title"] in out


def test_json_is_what_the_folder_holds_and_a_sweep_goes_on(command: Command, here: Path) -> None:
    words = ("sweep", *SMALL, "--vary", "lr=1e-3,0.1", "--output", "s")
    assert command(*words, "--time-limit", "0.001s", "--json")[0] == 0
    code, out, _ = command("sweep", "--resume", "s", "--json")
    assert code == 0
    values: dict[str, Any] = json.loads(out)
    assert values.pop("sweep") == "s"
    assert values == json.loads(Path("s/effects.json").read_text())
    assert values["findings"]["counts"] == {"finished": 2}


def test_the_experiments_are_listed(command: Command, here: Path) -> None:
    code, out, _ = command("sweep", "--experiment", "list")
    assert code == 0
    assert "kernel-stride-padding" in out
    names = [
        one["name"] for one in json.loads(command("sweep", "--experiment", "list", "--json")[1])
    ]
    assert "softmax-vs-mlp-vs-cnn" in names


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("digits",), "nothing is varied"),
        (("--vary", "lr=1,2"), "DATA: name what to train on"),
        (("digits", "--vary", "lr"), "--vary lr: write KEY=V1,V2"),
        (("digits", "--vary", "lrr=1,2"), "did you mean lr"),
        (("digits", "--vary", "lr=1..2"), "a range has no grid"),
        (("digits", "--vary", "lr=1,2", "--set", "epoch=3"), "epoch: no such setting"),
        (("digits", "--vary", "model.dept=1,2", "--model", "cnn"), "no setting 'dept'"),
        (("nowhere", "--vary", "lr=1,2"), "nowhere"),
        (("--resume", "nowhere"), "nowhere: no sweep"),
        (("digits", "--experiment", "dept"), "there is none of that name"),
        (("digits", "--vary", "lr=1,2", "--time-limit", "soon"), "time_limit"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(
    command: Command, here: Path, words: tuple[str, ...], told: str
) -> None:
    code, out, err = command("sweep", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert [path for path in here.rglob("*") if path.is_file()] == []


def test_each_trainings_time_limit_is_a_setting_and_the_sweeps_an_option(
    command: Command, here: Path
) -> None:
    words = ("sweep", *SMALL, "--vary", "lr=1e-3,0.1", "--output", "s", "--time-limit", "0.001s")
    code, _, err = command(*words, "--set", "time_limit=30s", "--set", "data=shapes")
    assert (code, err) == (0, "")
    plan = Journal.load("s").plan
    assert plan.base["time_limit"] == 30
    assert plan.data == "digits"


def test_a_recipe_file_the_network_and_settings_lie_over_one_another(
    command: Command, here: Path
) -> None:
    Path("mine.yaml").write_text("model: cnn\nepochs: 9\nlr: 0.5\n")
    words = ("--recipe", "mine.yaml", "--set", "epochs=2", "--set", "limit_per_class=20")
    options = ("--vary", "batch_size=64,128", "--time-limit", "0.001s", "--output", "s")
    assert command("sweep", "digits", *words, "--model", "softmax", *options)[0] == 0
    base = Journal.load("s").plan.base
    assert (base["model"], base["epochs"], base["lr"]) == ({"name": "softmax"}, 2, 0.5)
