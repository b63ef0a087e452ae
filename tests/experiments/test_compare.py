"""`compare` from data or runs to a folder."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from retinue.errors import RetinueError, UsageError
from retinue.experiments.compare import compare
from retinue.experiments.comparison import Comparison
from retinue.experiments.listener import Job, Listener
from retinue.runs import Run

FILES = {"comparison.json", "table.csv", "pairs.csv", "runs.txt", "discussion.md", "figures"}
SETTINGS: dict[str, Any] = {"limit_per_class": 15, "epochs": 2, "device": "cpu"}


class Inline(Executor):
    """Does every job at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which softmax and an MLP were compared, and LeNet had no pixels left."""
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        models = "softmax, mlp,lenet,nonsense"
        compare("digits", models, executor=Inline(), **SETTINGS)
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """A copy of that folder's runs and comparison, where we are now."""
    for name in ("runs", "comparisons"):
        shutil.copytree(trained / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return Comparison.load("comparisons/digits-1")


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    for name in ("draw", "draw_differing"):
        monkeypatch.setattr(f"retinue.experiments.compare.{name}", lambda *_: iter(()))


RUNS = ["runs/digits-softmax-1", "runs/digits-mlp-1"]


def test_the_folder_is_complete(here: Comparison) -> None:
    assert {path.name for path in here.path.iterdir()} == FILES
    assert {path.stem for path in (here.path / "figures").iterdir()} >= {
        "accuracy", "pareto-training", "pareto-prediction", "confusion",
    }  # fmt: skip
    assert any(path.stem.startswith("differ-") for path in (here.path / "figures").iterdir())
    assert sorted((here.path / "runs.txt").read_text().split()) == sorted(RUNS)
    assert not list(Path("comparisons").glob(".*"))


def test_who_cannot_take_part_is_named(here: Comparison) -> None:
    left_out = {one["name"]: one["reason"] for one in here.values["left_out"]}
    assert set(left_out) == {"lenet, seed 0", "nonsense"}
    assert "runs out" in left_out["lenet, seed 0"]
    assert "nonsense is left out: there is no model 'nonsense'" in here.discussion


def test_numbers_are_those_of_the_predictions(here: Comparison) -> None:
    said: dict[str, tuple[list[str], list[str]]] = {}
    for one in here.values["entrants"]:
        with (Path(one["runs"][0]) / "evaluation/test/predictions.csv").open() as file:
            rows = list(csv.DictReader(file))
        said[one["name"]] = [row["true"] for row in rows], [row["predicted"] for row in rows]
        true, predicted = said[one["name"]]
        assert one["f1"]["value"] == pytest.approx(f1_score(true, predicted, average="macro"))
        assert one["accuracy"]["value"] == pytest.approx(
            np.mean([a == b for a, b in zip(true, predicted, strict=True)])
        )
    right = {
        name: np.array([a == b for a, b in zip(*one, strict=True)]) for name, one in said.items()
    }
    (pair,) = here.values["pairs"]
    first, second = right[pair["first"]], right[pair["second"]]
    only = int((first & ~second).sum()), int((second & ~first).sum())
    assert (pair["only_first"], pair["only_second"]) == only
    assert pair["p"] == pytest.approx(binomtest(only[0], sum(only), 0.5).pvalue, rel=1e-9)


def test_the_table_says_what_the_json_says(here: Comparison) -> None:
    with (here.path / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [one["name"] for one in here.values["entrants"]]
    for row, one in zip(rows, here.values["entrants"], strict=True):
        assert float(row["accuracy_low"]) == one["accuracy"]["low"]
        assert int(row["parameters"]) == one["parameters"]
        assert float(row["pictures_per_second"]) == one["prediction"]["batch"]
        assert int(row["multiply_adds"]) > 0
    accuracies = [float(row["accuracy"]) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    with (here.path / "pairs.csv").open() as file:
        assert [row["first"] for row in csv.DictReader(file)] == ["softmax"]


def test_the_winner_is_the_best_on_val(here: Comparison) -> None:
    runs = {one["name"]: Run(Path(one["runs"][0])) for one in here.values["entrants"]}
    on_val = {name: run.metrics("val")["accuracy"]["value"] for name, run in runs.items()}
    assert on_val[here.winner or ""] == max(on_val.values())


def test_single_seeds_make_no_claim_about_recipes(here: Comparison) -> None:
    assert "recipe" not in here.discussion
    assert "the networks in their run folders" in here.discussion


@pytest.mark.usefixtures("_undrawn")
def test_the_second_time_nothing_is_trained(here: Comparison) -> None:
    jobs: list[Job] = []
    found: list[str] = []
    listener = Listener(on_train=jobs.append, on_reuse=lambda name, run: found.append(name))
    again = compare("digits", ["softmax", "mlp"], executor=Inline(), listener=listener, **SETTINGS)
    assert jobs == []
    assert found == ["softmax", "mlp"]
    assert again.path == Path("comparisons/digits-2")
    for key in ("accuracy", "log_loss", "confusion"):
        assert [one[key] for one in again.values["entrants"]] == [
            one[key] for one in here.values["entrants"]
        ]


@pytest.mark.usefixtures("_undrawn")
def test_another_setting_is_trained_anew(here: Comparison) -> None:
    jobs: list[Job] = []
    compare(
        "digits", "softmax,mlp", executor=Inline(), listener=Listener(on_train=jobs.append),
        lr=0.05, **SETTINGS,
    )  # fmt: skip
    assert [str(job.path) for job in jobs] == ["runs/digits-softmax-2", "runs/digits-mlp-2"]


@pytest.mark.usefixtures("_undrawn")
def test_several_seeds_speak_of_recipes(here: Comparison) -> None:
    found = compare("digits", "softmax,mlp", seeds=2, executor=Inline(), **SETTINGS)
    assert [one["seeds"] for one in found.values["entrants"]] == [[0, 1], [0, 1]]
    assert [pair["of"] for pair in found.values["pairs"]] == ["recipes"]
    assert "statements about recipes" in found.discussion
    assert "network " not in found.discussion


@pytest.mark.usefixtures("_undrawn")
def test_runs_that_are_there(here: Comparison, tmp_path: Path) -> None:
    found = compare([RUNS[0], Run(Path(RUNS[1]))], output=tmp_path / "mine")
    assert found.path == tmp_path / "mine"
    assert {one["name"] for one in found.values["entrants"]} == {"softmax", "mlp"}
    assert found.values["pairs"][0]["p"] == here.values["pairs"][0]["p"]


def test_a_source_that_is_gone_leaves_out_what_needs_it(
    here: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reopen(run: Run, *_: Any) -> Any:
        raise UsageError(f"{run.path}: its pictures are gone")

    monkeypatch.setattr("retinue.experiments.pictures.reopen", reopen)
    found = compare(RUNS)
    assert all(one["prediction"] is None for one in found.values["entrants"])
    assert all(one["multiply_adds"] for one in found.values["entrants"])
    notes = " ".join(found.values["notes"])
    assert "how fast mlp predicts is not known: runs/digits-mlp-1: its pictures are gone" in notes
    assert "only those of which a run kept a thumbnail" in notes
    figures = {path.stem for path in (found.path / "figures").iterdir()}
    assert "pareto-prediction" not in figures
    assert any(name.startswith("differ-") for name in figures)


@pytest.mark.usefixtures("_undrawn")
def test_groups_are_told(here: Comparison) -> None:
    found = compare(RUNS, groups={"round": ["0", "6", "8", "9"]})
    assert [one["name"] for one in found.values["groups"]] == ["round", "the others"]
    assert "of round" in found.discussion


@pytest.mark.parametrize(
    ("words", "keywords", "told"),
    [
        ("digits", {}, "digits: name two runs or more, or say with --models"),
        ([RUNS[0]], {}, "takes two runs or more"),
        ([RUNS[0], "runs/nothing"], {}, "runs/nothing: no run folder"),
        ([RUNS[0], RUNS[0]], {}, "is named 2 times"),
        (RUNS, {"seeds": 3}, "seeds: goes with --models"),
        (RUNS, {"lr": 0.1, "time_limit": 5}, "lr, time_limit: goes with --models"),
        (RUNS, {"pair": ("mlp", "cnn")}, "--pair: nobody is called cnn; there are"),
        (RUNS, {"pair": ("mlp", "mlp")}, "--pair: mlp is named twice"),
        (RUNS, {"groups": {"a": ["x"]}}, "--group a: there is no class 'x'"),
        (RUNS, {"output": "runs"}, "--output runs: is not empty"),
        ("digits", {"models": "mlp"}, "takes two models or more"),
        ("digits", {"models": "mlp,softmax", "seeds": 0}, "seeds=0: one at least"),
        (RUNS, {"models": "mlp,softmax"}, "name the data by its path"),
        ("digits", {"models": "mlp,softmax", "lrr": 1}, "lrr: no such setting"),
        ("digits", {"models": "mlp,softmax", "pair": ("mlp", "x")}, "nobody is called x"),
        ("digits", {"models": "mlp,softmax", "groups": {"a": ["x"]}}, "there is no class 'x'"),
    ],
)
def test_what_cannot_be_compared_is_told_before_anything_is_trained(
    here: Comparison, words: Any, keywords: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        compare(words, executor=Inline(), **keywords)
    assert told in str(refused.value)
    assert len(list(Path("runs").iterdir())) == 2
    assert len(list(Path("comparisons").iterdir())) == 1


def test_fewer_than_two_left_is_a_failure(here: Comparison) -> None:
    with pytest.raises(RetinueError) as failed:
        compare("digits", "mlp,nonsense,rubbish", executor=Inline(), **SETTINGS)
    assert failed.value.exit_code == 1
    assert "fewer than two are left to compare: nonsense: there is no model" in str(failed.value)


def test_what_fails_while_it_is_written_leaves_nothing(
    here: Comparison, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: Any) -> Iterator[Any]:
        yield "accuracy", None
        raise OSError("full")

    monkeypatch.setattr("retinue.experiments.compare.draw", broken)
    monkeypatch.setattr("retinue.plotting.save", lambda *_: None)
    for output in (None, tmp_path / "new"):
        with pytest.raises(OSError, match="full"):
            compare(RUNS, output=output)
    assert [path.name for path in Path("comparisons").iterdir()] == ["digits-1"]
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("_undrawn")
def test_unequal_conditions_are_noted(here: Comparison) -> None:
    from retinue.writing import write_json

    run = Run(Path(RUNS[0]))
    write_json(run.path / "environment.json", {**run.read_json("environment.json"), "threads": 99})
    digests = {**run.data["digests"], "train": "fewer", "val": "other"}
    write_json(run.path / "data.json", {**run.data, "digests": digests})
    run.update_status(test_looks=3, training_seconds=None)
    notes = " ".join(compare(RUNS).values["notes"])
    assert "not trained on the same pictures" in notes
    assert "unlike were the number of threads; so training times do not compare" in notes
    assert "their val pictures differ" in notes
    assert "looked at more than once: 3 times for runs/digits-softmax-1" in notes
    assert "how long softmax trained is not known" in notes
    assert here.values["notes"] == []  # control


@pytest.mark.slow
def test_each_training_has_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = compare("digits", "softmax,mlp", threads=1, **SETTINGS)
    processes = {Run(Path(one["runs"][0])).status["process"] for one in found.values["entrants"]}
    assert len(processes) == 2


def test_the_sheet_shows_what_only_one_recognised(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Runs without pictures or source have no sheet, and the comparison goes on."""
    monkeypatch.chdir(tmp_path)
    found = compare([make_run("a", range(9)), make_run("b", range(20), model="mlp")])
    assert not [path for path in (found.path / "figures").iterdir() if "differ" in path.name]
    assert json.loads((found.path / "comparison.json").read_text()) == found.values


def test_names_from_outside_are_harmless_everywhere(
    make_run: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from retinue.cli.main import main

    monkeypatch.chdir(tmp_path)
    classes = ("=1+1", "<b>x</b>", "\x1b[31mred\u202e")
    runs = [
        make_run("a", range(9), classes=classes),
        make_run("b", range(50), model="m:=HYPERLINK(1)[red]", classes=classes),
    ]
    for words in ([], ["--json"]):
        with pytest.raises(SystemExit) as left:
            main(["compare", *(str(run.path) for run in runs), *words])
        assert left.value.code == 0
        told = capsys.readouterr().out
        assert "HYPERLINK(1)[red]" in told
        assert not [sign for sign in told if sign in "\x1b\u202e"]
    folder = Path("comparisons/made-1")
    for path in folder.glob("*.csv"):
        with path.open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+@\t\r")]
    text = (folder / "discussion.md").read_text()
    assert "<b>" not in text.replace("\\<", "")
    assert "\x1b" not in text
    assert "<b>" not in Comparison.load(folder)._repr_html_()
