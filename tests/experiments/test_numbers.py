"""The numbers of an entrant are those of its files."""

import csv
import json
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from retinue.errors import RetinueError
from retinue.evaluation.differences import accuracy_estimate
from retinue.experiments.entrants import gather
from retinue.experiments.findings import choose_winner
from retinue.experiments.numbers import SCORES, Numbers, measure_entrant
from retinue.runs import Run

Make = Callable[..., Run]


def measured(*runs: Run) -> dict[str, Numbers]:
    return {one.name: measure_entrant(one) for one in gather(runs)}


def test_a_single_run_has_the_scores_of_its_metrics(make_run: Make) -> None:
    run = make_run("a", range(30, 55))
    found = measured(run, make_run("b", model="mlp"))["cnn"]
    metrics = run.metrics()
    expected = {**metrics["macro"], "log_loss": metrics["log_loss"], "ece": metrics["ece"]}
    for name in SCORES:
        value = getattr(found, name)
        assert (value.value, value.low, value.high) == tuple(
            expected[name][key] for key in ("value", "low", "high")
        )
    for key in ("value", "low", "high"):
        assert getattr(found.accuracy, key) == pytest.approx(metrics["accuracy"][key], abs=1e-12)


def test_macro_f1_is_that_of_the_predictions(make_run: Make) -> None:
    runs = [make_run("a", range(30, 55)), make_run("b", range(10), seed=1)]
    found = measured(*runs, make_run("c", model="mlp"))["cnn"]
    scores = []
    for run in runs:
        with (run.path / "evaluation" / "test" / "predictions.csv").open() as file:
            rows = list(csv.DictReader(file))
        true, said = ([row[key] for row in rows] for key in ("true", "predicted"))
        scores.append(precision_recall_fscore_support(true, said, average="macro")[:3])
    for name, value in zip(("precision", "recall", "f1"), np.mean(scores, axis=0), strict=True):
        estimate = getattr(found, name)
        assert estimate.value == pytest.approx(value, abs=1e-9)
        assert estimate.low < value < estimate.high


def test_several_runs_have_means_over_seeds(make_run: Make) -> None:
    runs = [make_run("a", range(10), val=0.9), make_run("b", range(20), seed=1, val=0.7)]
    runs[0].update_status(training_seconds=4.0, peak_memory=100)
    runs[1].update_status(peak_memory=300)
    entrant = gather([*runs, make_run("c", model="mlp")])[0]
    found = measure_entrant(entrant)
    assert found.accuracy == accuracy_estimate(entrant.correct)
    assert found.by_run == pytest.approx((110 / 120, 100 / 120))
    assert found.val_accuracy == pytest.approx(0.8)
    assert found.val_loss == pytest.approx(0.2)
    assert found.training_seconds == 6.0
    assert found.peak_memory == 300
    metrics = [run.metrics() for run in runs]
    for name in ("log_loss", "ece"):
        mean = np.mean([one[name]["value"] for one in metrics])
        assert getattr(found, name).value == pytest.approx(mean, abs=1e-6)


def test_intervals_of_shares_stay_between_0_and_1(make_run: Make) -> None:
    runs = [make_run("a", range(100)), make_run("b", range(2), seed=1)]
    found = measured(*runs, make_run("c", model="mlp"))["cnn"]
    for name in SCORES:
        estimate = getattr(found, name)
        assert 0 <= estimate.low <= estimate.value <= estimate.high
        assert name == "log_loss" or estimate.high <= 1
    assert (found.f1.low, found.f1.high) == (0.0, 1.0)


def test_files_and_history_are_counted(make_run: Make) -> None:
    run = make_run("a")
    found = measured(run, make_run("b", model="mlp"))["cnn"]
    assert found.size == (run.path / "model.safetensors").stat().st_size
    assert found.parameters == json.loads((run.path / "model.json").read_text())["parameters"]
    assert found.train_pictures == 300
    assert found.training_speed == pytest.approx(250.0)  # of epochs that took equally long
    assert found.peak_memory is None
    assert found.curve is not None


def test_what_a_run_does_not_say_is_not_known(make_run: Make) -> None:
    import shutil

    run = make_run("a")
    run.update_status(training_seconds=None)
    (run.path / "history.jsonl").write_text('{"epoch": 1, "loss": 0.3}\n')
    shutil.rmtree(run.path / "evaluation" / "val")
    found = measured(run, make_run("b", model="mlp"))["cnn"]
    unknown = ("training_seconds", "training_speed", "val_accuracy", "val_loss", "curve")
    assert all(getattr(found, name) is None for name in unknown)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_run_without_its_network_is_told(make_run: Make, name: str) -> None:
    run = make_run("a")
    (run.path / name).unlink()
    with pytest.raises(RetinueError, match=str(run.path)):
        measured(run, make_run("b", model="mlp"))


def test_the_winner_is_chosen_on_val_and_not_on_test(make_run: Make) -> None:
    runs = [make_run("a", range(40), val=0.9), make_run("b", range(5), model="mlp", val=0.8)]
    entrants = gather(runs)
    numbers = {one.name: measure_entrant(one) for one in entrants}
    assert choose_winner(entrants, numbers) == "cnn"
