"""One split judged: calibration, predictions, measures, and how they are told."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn import metrics as sk
from torch import Tensor, nn

from retinue.data.imagedata import Split
from retinue.evaluation.judge import Evaluation, calibrate, evaluate_split
from retinue.images import Preprocess
from retinue.prediction.classifier import Classifier
from retinue.runs import Run

SAME = Preprocess((4, 4), (4, 4), "crop", 1)


class Table(nn.Module):
    """Looks the logits of a picture up by the number that its first two pixels spell."""

    def __init__(self, count: int, classes: int, seed: int = 0) -> None:
        super().__init__()
        random = np.random.default_rng(seed)
        logits = random.normal(size=(count, classes))
        logits[np.arange(count), np.arange(count) % classes] += 1.5
        self.register_buffer("rows", torch.from_numpy(4 * logits).float())

    def forward(self, pictures: Tensor) -> Tensor:
        number = pictures[:, 0, 0, 0].long() * 256 + pictures[:, 0, 0, 1].long()
        return self.get_buffer("rows")[number]


def split_of(count: int, classes: int) -> Split:
    """Picture i is of class i % classes."""
    store = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 1), dtype=np.uint8)
    store[:, 0, 0, 0], store[:, 0, 1, 0] = np.divmod(np.arange(count), 256)
    names = [f"picture {number}" for number in range(count)]
    labels = (np.arange(count) % classes).astype(np.int64)
    return Split(store, np.arange(count), labels, names, [f"{n}.png" for n in names], names)


def classifier(count: int, classes: int, temperature: float = 1.0) -> Classifier:
    names = [f"class {number}" for number in range(classes)]
    return Classifier(Table(count, classes), names, SAME, temperature)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create("data", "model", tmp_path / "run")


# Calibration.


def test_the_temperature_is_the_best_on_val_and_is_taken_over(run: Run) -> None:
    one, val = classifier(300, 4), split_of(300, 4)
    logits = one.logits(val.images)

    # Platt 1999: the truth counts as certain only to 1 - 1 / (N + 2), the rest is spread evenly.
    rest = 1 / 302 / 3
    truth = rest + (1 - 1 / 302 - rest) * np.eye(4)[val.labels]

    def loss(temperature: float) -> float:
        return float(-(truth * log_softmax(logits / temperature, axis=1)).sum())

    best = minimize_scalar(loss, bounds=(0.1, 20), method="bounded", options={"xatol": 1e-9}).x
    calibrate(run, one, val)
    assert best > 1.5  # the table is far too sure of itself
    assert one.temperature == pytest.approx(best, rel=1e-4)
    assert run.read_json("calibration.json")["temperature"] == one.temperature
    assert run.read_json("calibration.json")["n"] == 300


def test_abstention_keeps_its_promise_on_val(run: Run) -> None:
    one, val = classifier(300, 4), split_of(300, 4)
    calibrate(run, one, val)
    found = run.read_json("calibration.json")["abstention"]
    rows = one.predict(val.images)
    answered = rows.max(axis=1) >= one.abstain_below
    right = rows.argmax(axis=1) == val.labels
    assert found["threshold"] == one.abstain_below
    assert 0 < answered.sum() < 300
    assert right[answered].mean() >= 0.95 > right.mean()
    assert found["coverage"] == pytest.approx(answered.mean())


def test_without_val_pictures_nothing_is_fitted(run: Run) -> None:
    one = classifier(10, 3)
    calibrate(run, one, split_of(0, 3))
    assert (one.temperature, one.abstain_below) == (1.0, 0.0)
    assert run.read_json("calibration.json")["n"] == 0


@pytest.mark.parametrize("classes", [2, 3])
def test_only_two_classes_have_a_threshold(run: Run, classes: int) -> None:
    calibrate(run, classifier(60, classes), split_of(60, classes))
    assert ("threshold" in run.read_json("calibration.json")) == (classes == 2)


def test_the_threshold_of_val_is_applied_and_not_fitted_again(run: Run) -> None:
    one = classifier(200, 2)
    calibrate(run, one, split_of(40, 2))
    chosen = run.read_json("calibration.json")["threshold"]
    assert chosen["positive"] == "class 1"
    test = split_of(200, 2)
    found = evaluate_split(run, one, test, "test").metrics["binary"]["at_threshold"]
    assert found["threshold"] == chosen["threshold"]
    said = one.predict(test.images)[:, 1] >= chosen["threshold"]
    assert found["accuracy"]["value"] == pytest.approx((said == test.labels).mean())
    assert found["recall"]["value"] == pytest.approx(sk.recall_score(test.labels, said))


# A judged split.


def test_predictions_csv_has_every_picture_with_every_probability(run: Run) -> None:
    one, split = classifier(70, 3, temperature=2.0), split_of(70, 3)
    evaluate_split(run, one, split, "test")
    path = run.path / "evaluation" / "test" / "predictions.csv"
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id", "path", "true", "predicted", "class 0", "class 1", "class 2"]
    assert [row[0] for row in rows] == list(split.ids)
    assert [row[1] for row in rows] == list(split.paths)
    assert [row[2] for row in rows] == [f"class {label}" for label in split.labels]
    probabilities = np.array([row[4:] for row in rows], np.float64)
    expected = softmax(one.logits(split.images) / 2.0, axis=1)
    np.testing.assert_allclose(probabilities, expected, atol=1e-8)
    assert [row[3] for row in rows] == [f"class {label}" for label in expected.argmax(axis=1)]


def test_what_is_returned_is_what_is_written(run: Run) -> None:
    found = evaluate_split(run, classifier(70, 3), split_of(70, 3), "test")
    assert found.metrics == run.metrics("test")
    assert (found.name, found.run) == ("test", run)
    assert found.accuracy == found.metrics["accuracy"]["value"]


def test_only_a_look_that_counts_is_counted(run: Run) -> None:
    one, split = classifier(30, 3), split_of(30, 3)
    assert "test_looks" not in evaluate_split(run, one, split, "val").metrics
    assert run.status["test_looks"] == 0
    first = evaluate_split(run, one, split, "test", count_look=True)
    assert run.test_looks == 0, "whoever asked for it writes it down"
    run.update_status(test_looks=first.metrics["test_looks"])
    second = evaluate_split(run, one, split, "test", count_look=True)
    assert (first.metrics["test_looks"], second.metrics["test_looks"]) == (1, 2)
    assert run.test_looks == 1


def test_the_identity_of_the_test_set_is_written_down(run: Run) -> None:
    split = split_of(30, 3)
    found = evaluate_split(run, classifier(30, 3), split, "test").metrics["test_digest"]
    names = [f"class {number}" for number in range(3)]
    backwards = split.at(np.arange(30)[::-1])
    assert found == backwards.content_digest(names)
    assert found != split.at(np.arange(29)).content_digest(names)


def test_the_test_split_gets_pictures_and_figures(run: Run) -> None:
    evaluate_split(run, classifier(30, 3), split_of(30, 3), "test")
    assert (run.path / "pictures" / "test" / "index.json").is_file()
    assert (run.path / "figures" / "test-confusion.png").is_file()


def test_val_gets_pictures_and_figures_where_nothing_else_is_judged(run: Run) -> None:
    evaluate_split(run, classifier(30, 3), split_of(30, 3), "val")
    assert (run.path / "pictures" / "val" / "index.json").is_file()
    assert (run.path / "figures" / "val-confusion.png").is_file()


# Telling.


def test_a_notebook_shows_a_table_with_everything_escaped(run: Run) -> None:
    names = ["<i>one</i>", "two"]
    one = Classifier(Table(20, 2), names, SAME)
    shown = evaluate_split(run, one, split_of(20, 2), "test")._repr_html_()
    assert "&lt;i&gt;one" in shown
    assert "<i>" not in shown
    assert shown.count("<img") == 2  # confusion and mistakes


def test_an_evaluation_tells_itself_in_one_line(run: Run) -> None:
    metrics = {"accuracy": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 10}}
    said = repr(Evaluation(run, "test", metrics))
    assert said == "Evaluation('test': 50.0 % (25.0 % to 75.0 %, n = 10))"
