"""`retinue compare`: words to a comparison, a comparison to words."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from retinue.cli.compare import _pair
from retinue.cli.main import main
from retinue.experiments.comparison import Comparison
from retinue.runs import Run
from retinue.training.fit import train

Command = Callable[..., tuple[int, str, str]]

RUNS = ("one", "two", "three")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three runs on digits."""
    folder = tmp_path_factory.mktemp("trained")
    settings: dict[str, Any] = {"limit_per_class": 15, "epochs": 2, "device": "cpu"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        for name in ("draw_figures", "write_pictures"):
            patched.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
        for name, model in zip(RUNS, ("softmax", "mlp", "mlp"), strict=True):
            seed = 1 if name == "three" else 0
            train("digits", model=model, seed=seed, output=folder / name, **settings)
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of those runs, where we are now; figures are not drawn."""
    for name in RUNS:
        shutil.copytree(trained / name, tmp_path / name)
    for name in ("draw", "draw_differing"):
        monkeypatch.setattr(f"retinue.experiments.compare.{name}", lambda *_: iter(()))
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tables_statements_and_where_it_is_written(command: Command, here: Path) -> None:
    code, out, err = command("compare", "one", "two")
    assert (code, err) == (0, "")
    found = Comparison.load("comparisons/digits-1")
    assert out.startswith("judged on the same 359 test pictures of digits\n")
    lines = out.splitlines()
    first, second = found.values["entrants"]
    assert lines[2].startswith(first["name"])
    assert lines[3].startswith(second["name"])
    assert f"{100 * first['accuracy']['value']:.1f} %" in lines[2]
    assert f"{first['parameters']:,}" in out
    for title in ("Which is better", "Which to choose"):
        assert title in out
    assert all(one in out for one in found.values["discussion"][0]["sentences"])
    assert lines[-1] == "written: comparisons/digits-1"


def test_three_have_a_table_of_pairs(command: Command, here: Path) -> None:
    _, out, _ = command("compare", "one", "two", "three")
    assert "p, Holm" not in out  # two runs of one recipe: one pair
    path = here / "three" / "recipe.yaml"
    path.write_text(path.read_text().replace("lr: ", "lr: 1"))
    _, out, _ = command("compare", "one", "two", "three")
    assert "by points" in out
    assert "p, Holm" in out


def test_json_is_comparison_json(command: Command, here: Path) -> None:
    code, out, err = command("compare", "one", "two", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found.pop("comparison") == "comparisons/digits-1"
    assert found == Comparison.load("comparisons/digits-1").values


def test_groups_pair_and_output_are_passed_on(command: Command, here: Path) -> None:
    code, out, _ = command(
        "compare", "one", "two", "--group", "round=0, 6,8", "--group", "round=9",
        "--pair", "mlp,softmax", "--output", "mine",
    )  # fmt: skip
    assert code == 0
    groups = Comparison.load("mine").values["groups"]
    assert groups[0] == {"name": "round", "classes": ["0", "6", "8", "9"], "found": False}
    assert "written: mine" in out


class Reached(Exception):
    """What `compare` was called with."""

    def __init__(self, words: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        super().__init__()
        self.words, self.keywords = words, keywords


def test_options_of_training_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*words: Any, **keywords: Any) -> NoReturn:
        raise Reached(words, keywords)

    monkeypatch.setattr("retinue.experiments.compare.compare", stop)
    with pytest.raises(SystemExit) as left:
        main([
            "compare", "digits", "--models", "mlp,cnn", "--recipes", "a.yaml",
            "--recipes", "b.yaml", "--seeds", "3", "--set", "epochs=2", "--set", "time_limit=9s",
            "--data-root", "data",
            "--cache-memory", "256MB", "--device", "cpu", "--threads", "1", "--download",
        ])  # fmt: skip
    found = left.value.__context__
    assert isinstance(found, Reached)
    assert found.words == ("digits", "mlp,cnn")
    permit = found.keywords.pop("download")
    assert permit("weights", 10)
    del found.keywords["listener"]
    assert found.keywords == {
        "recipes": [Path("a.yaml"), Path("b.yaml")], "seeds": 3, "epochs": 2, "time_limit": "9s",
        "groups": {}, "pair": None, "output": None, "data_root": Path("data"),
        "cache_memory": "256MB", "device": "cpu", "threads": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["one"], 2, "one: name two runs or more, or say with --models"),
        (["one", "one"], 2, "is named 2 times"),
        (["one", "missing"], 2, "missing: no run folder"),
        (["one", "two", "--seeds", "3"], 2, "seeds: goes with --models"),
        (["one", "two", "--models", "mlp"], 2, "two: with --models or --recipes name one DATA"),
        (["digits", "--models", "mlp"], 2, "takes two models or more"),
        (["digits", "--models", "mlp,cnn", "--set", "lrr=1"], 2, "lrr: no such setting"),
        (["digits", "--models", "mlp,cnn", "--set", "seeds=1"], 2, "seeds: no such setting"),
        (["digits", "--recipes", "no.yaml", "--models", "mlp"], 2, "no.yaml: cannot be read"),
        (["one", "two", "--group", "animals"], 2, "--group animals: write NAME=A,B"),
        (["one", "two", "--group", "a=x"], 2, "--group a: there is no class 'x'"),
        (["one", "two", "--pair", "mlp"], 2, "--pair mlp: write two names"),
        (["one", "two", "--pair", "mlp,cnn"], 2, "nobody is called cnn"),
        (["one", "two", "--output", "one"], 2, "--output one: is not empty"),
        ([], 2, ""),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    command: Command, here: Path, words: list[str], code: int, told: str
) -> None:
    found, out, err = command("compare", *words)
    assert (found, out) == (code, "")
    assert told in err
    assert err.count("\n") == 1
    assert not Path("comparisons").exists()


def test_fewer_than_two_left_are_told_with_their_reasons(command: Command, here: Path) -> None:
    code, out, err = command("compare", "digits", "--models", "mlp,x", "--json")
    assert (code, out) == (1, "")
    assert err.startswith("left out: x: there is no model 'x'")
    assert "retinue: fewer than two are left to compare: x: there is no model 'x'" in err


def test_foreign_and_broken_runs_are_told(command: Command, here: Path) -> None:
    settings: dict[str, Any] = {"limit_per_class": 15, "epochs": 0, "device": "cpu"}
    train("digits", model="softmax", classes=("1", "2"), output="classes", **settings)
    train("digits", model="softmax", test_fraction=0.3, output="pictures", **settings)
    Run(Path("two")).update_status(state="interrupted")
    (here / "three" / "data.json").write_text("{")
    for other, told in (
        ("classes", "their classes differ: 0, 3, 4, ... only in one"),
        ("pictures", "their test pictures differ: 539 pictures against 359, 180 only in pictures"),
        ("two", "two: was stopped; go on with retinue train --resume two"),
        ("three", "three/data.json: cannot be read"),
    ):
        code, out, err = command("compare", "one", other)
        assert code in (1, 2)
        assert (out, err.count("\n")) == ("", 1)
        assert told in err


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b", ("a", "b")),
        (" cnn (lr=0.1, epochs=3) , mlp", ("cnn (lr=0.1, epochs=3)", "mlp")),
        (None, None),
    ],
)
def test_commas_between_brackets_belong_to_a_name(
    text: str | None, names: tuple[str, str] | None
) -> None:
    assert _pair(text) == names


def test_the_live_line_tells_the_epoch(tmp_path: Path) -> None:
    from retinue.cli.comparing import Watch
    from retinue.experiments.listener import Job

    run = Run.create("digits", "cnn", tmp_path / "run")
    job = Job("cnn", 1, run.path, 2, 6)
    assert str(Watch(job).__rich__()) == "training cnn, seed 1, 2 of 6"
    run.append("history.jsonl", {"epoch": 3, "val_accuracy": 0.8})
    assert str(Watch(job).__rich__()) == "training cnn, seed 1, 2 of 6: epoch 3, val 80.0 %"
    (run.path / "history.jsonl").write_text("{\n")
    assert str(Watch(job).__rich__()) == "training cnn, seed 1, 2 of 6"


def test_what_happens_is_told_line_by_line(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    from retinue.cli.comparing import Teller
    from retinue.cli.console import make_console
    from retinue.experiments.listener import Job

    listener = Teller(make_console()).listener()
    run = Run(Path("two"))
    listener.on_left_out("vgg16", "no \x1b[31mweights")
    listener.on_reuse("mlp", run)
    listener.on_train(Job("mlp", 0, run.path, 1, 1))
    listener.on_trained(Job("mlp", 0, run.path, 1, 1), run)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "left out: vgg16: no \ufffd[31mweights"
    assert lines[1] == "mlp, seed 0: is there → two"
    assert lines[2].startswith("mlp, seed 0: val ")
    assert lines[2].endswith("→ two")
