"""Runs of one recipe are one entrant; every entrant has a name of its own."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from retinue.errors import RetinueError, UsageError
from retinue.experiments.entrants import Entrant, gather, is_own
from retinue.runs import Run
from retinue.writing import write_json

Make = Callable[..., Run]


def names(*runs: Run) -> list[str]:
    return [entrant.name for entrant in gather(runs)]


def test_runs_that_differ_in_their_seed_are_one_entrant(make_run: Make) -> None:
    runs = [
        make_run("a", range(5), seed=3), make_run("b", range(9), model="mlp"),
        make_run("c", range(7), seed=1),
    ]  # fmt: skip
    found = gather(runs)
    assert [one.name for one in found] == ["cnn", "mlp"]
    assert found[0].runs == (runs[0], runs[2])
    assert found[0].seeds == (3, 1)
    assert found[0].correct.shape == (2, 120)
    assert found[0].correct.sum(axis=1).tolist() == [115, 113]
    assert (found[0].has_seeds, found[1].has_seeds) == (True, False)


def test_the_confusion_is_summed_over_runs(make_run: Make) -> None:
    runs = [make_run("a", range(30, 50)), make_run("b", range(5), seed=1)]
    other = make_run("c", model="mlp")
    found = gather([*runs, other])[0]
    expected = sum(confusion_matrix(one.truth, one.predicted) for one in found.answers)
    assert np.array_equal(found.confusion, expected)
    assert found.confusion.sum() == 240


def test_runs_that_differ_in_their_seed_alone_are_compared_as_networks(make_run: Make) -> None:
    assert names(make_run("a"), make_run("b", seed=1)) == ["cnn (seed=0)", "cnn (seed=1)"]


def test_one_recipe_trained_on_other_pictures_is_another_entrant(make_run: Make) -> None:
    first, other = make_run("a"), make_run("b", seed=1)
    digests = {**other.data["digests"], "train": "fewer"}
    write_json(other.path / "data.json", {**other.data, "digests": digests})
    assert len(gather([first, Run(other.path)])) == 2


def test_another_version_is_another_entrant(make_run: Make) -> None:
    runs = [make_run("a"), make_run("b", seed=1), make_run("c", model="mlp")]
    environment = json.loads((runs[1].path / "environment.json").read_text())
    write_json(runs[1].path / "environment.json", {**environment, "retinue": "0.0.9"})
    assert len(gather(runs)) == 3


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"model": "cnn"}, {"model": "mlp"}, ["cnn", "mlp"]),
        ({"lr": 0.1}, {"lr": 0.25}, ["cnn (lr=0.1)", "cnn (lr=0.25)"]),
        (
            {"lr": 0.1, "flip": True},
            {"lr": 0.25, "flip": False},
            ["cnn (flip=true, lr=0.1)", "cnn (flip=false, lr=0.25)"],
        ),
        (
            {"model": {"name": "cnn", "depth": 2}},
            {"model": {"name": "cnn", "depth": 3}},
            ["cnn (model.depth=2)", "cnn (model.depth=3)"],
        ),
        ({"lr": 0.1, "ema": 0.9, "epochs": 3}, {"lr": 0.2}, ["cnn (a)", "cnn (b)"]),
        ({"model": "my.nets:wide"}, {"model": "my.nets:deep"}, ["wide", "deep"]),
    ],
)
def test_names_tell_what_differs(
    make_run: Make,
    first: dict[str, object],
    second: dict[str, object],
    expected: list[str],
) -> None:
    assert names(make_run("a", **first), make_run("b", **second)) == expected


def test_students_networks_of_one_name_stay_apart(make_run: Make) -> None:
    runs = [make_run(name, model="__main__:Net") for name in ("ada", "ben", "cem")]
    assert names(*runs) == ["Net (ada)", "Net (ben)", "Net (cem)"]


def test_names_that_would_be_alike_have_the_path(make_run: Make, tmp_path: Path) -> None:
    first = make_run("a/run", model="__main__:Net")
    second = make_run("b/run", model="__main__:Net")
    assert names(first, second) == [f"Net (run) [{one.path}]" for one in (first, second)]


def test_labels_are_taken_over(make_run: Make) -> None:
    runs = [make_run("a"), make_run("b", model="mlp")]
    labels = {str(runs[0].path): "mine", str(runs[1].path): "yours"}
    assert [one.name for one in gather(runs, labels)] == ["mine", "yours"]


# Refusals.


def test_one_run_is_no_comparison(make_run: Make) -> None:
    with pytest.raises(UsageError, match="takes two runs or more"):
        gather([make_run("a")])


def test_a_run_is_named_once(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run("a")
    monkeypatch.chdir(run.path.parent)
    with pytest.raises(UsageError, match=r"a: is named 2 times"):
        gather([run, make_run("b"), Run(Path("a"))])


def test_a_copy_of_a_run_is_the_same_run(make_run: Make, tmp_path: Path) -> None:
    run, other = make_run("a"), make_run("b", model="mlp")
    shutil.copytree(run.path, tmp_path / "copy")
    with pytest.raises(UsageError, match=r"have the same recipe and seed; name one of them"):
        gather([run, other, Run(tmp_path / "copy")])


def test_splits_that_belie_the_digest_are_damage(make_run: Make) -> None:
    first, other = make_run("a"), make_run("b", model="mlp")
    path = other.path / "splits.csv"
    path.write_text(path.read_text().replace(f"test,{5:064x}", f"test,{5000:064x}"))
    with pytest.raises(RetinueError, match=r"b/splits.csv: its test pictures are not those"):
        gather([first, other])


@pytest.mark.parametrize(
    ("model", "own"),
    [("cnn", False), ("resnet18:linear", False), ("timm/x", False), ("a.b:c", True)],
)
def test_whose_a_network_is(model: str, own: bool) -> None:
    assert is_own(model) is own


def test_entrants_of_the_fixture_are_what_they_seem(entrant: Callable[..., Entrant]) -> None:
    one = entrant("cnn", range(4), range(6))
    assert one.correct.sum(axis=1).tolist() == [116, 114]
