"""`evaluate`: the run's own test split, and other data."""

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics as sk

from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.evaluation.evaluate import evaluate
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.training.fit import train

EXACT = 1e-9
FAST: dict[str, Any] = {"model": {"name": "mlp", "hidden": [16]}, "epochs": 3, "lr": 0.02}


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out figures and thumbnails, which have tests of their own."""
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)


def trained(folder: Path, **settings: Any) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("draw_figures", "write_pictures"):
            patch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
        return train("digits", output=folder, limit_per_class=20, **FAST, **settings)


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that knows the ten digits."""
    return trained(tmp_path_factory.mktemp("ten") / "run")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that knows 3 and 8."""
    return trained(tmp_path_factory.mktemp("two") / "run", classes=["3", "8"])


def near(measured: dict[str, Any], expected: float) -> None:
    assert abs(measured["value"] - expected) < EXACT


# The numbers, from predictions.csv alone.


@pytest.mark.parametrize("which", ["ten", "two"])
def test_metrics_json_is_what_scikit_learn_says_of_predictions_csv(
    which: str, request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue(which)
    with (run.path / "evaluation" / "test" / "predictions.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    names = head[4:]
    true = np.array([names.index(row[2]) for row in rows])
    said = np.array([names.index(row[3]) for row in rows])
    chances = np.array([row[4:] for row in rows], np.float64)
    found = run.metrics("test")
    every = np.arange(len(names))

    assert found["n"] == len(rows)
    assert found["confusion"] == sk.confusion_matrix(true, said, labels=every).tolist()
    near(found["accuracy"], sk.accuracy_score(true, said))
    for average in ("macro", "weighted"):
        scores = sk.precision_recall_fscore_support(true, said, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), scores[:3], strict=True):
            near(found[average][name], value)
    each = sk.precision_recall_fscore_support(true, said, labels=every, zero_division=0)
    for number, one in enumerate(found["per_class"]):
        assert (one["class"], one["n"]) == (names[number], each[3][number])
        for name, values in zip(("precision", "recall", "f1"), each[:3], strict=True):
            near(one[name], values[number])
        near(one["roc_auc"], sk.roc_auc_score(true == number, chances[:, number]))
        expected = sk.average_precision_score(true == number, chances[:, number])
        near(one["average_precision"], expected)
    exact = chances / chances.sum(axis=1, keepdims=True)
    near(found["log_loss"], sk.log_loss(true, exact, labels=every))
    if which == "ten":
        near(found["top5"], sk.top_k_accuracy_score(true, chances, k=5, labels=every))
    else:
        assert found["top5"] is None


def test_predictions_csv_has_the_test_pictures_in_order(ten: Run) -> None:
    data = load_data("digits", limit_per_class=20)
    predictions = ten.predictions("test")
    assert predictions.ids == list(data.test.ids)
    assert predictions.true == [data.classes[label] for label in data.test.labels]
    assert predictions.classes == list(data.classes)
    expected = Classifier.load(ten).predict(data.test.images)
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(predictions.probabilities.sum(axis=1), 1, atol=1e-7)


def test_two_classes_have_a_threshold_chosen_on_val(two: Run, ten: Run) -> None:
    found = two.metrics("test")["binary"]
    assert found["positive"] == "8"
    chosen = two.read_json("calibration.json")["threshold"]["threshold"]
    assert found["at_threshold"]["threshold"] == chosen
    predictions = two.predictions("test")
    said = predictions.probabilities[:, predictions.classes.index("8")] >= chosen
    true = np.array(predictions.true) == "8"
    near(found["at_threshold"]["precision"], sk.precision_score(true, said))
    near(found["at_threshold"]["accuracy"], (true == said).mean())
    assert "binary" not in ten.metrics("test")


# The run's own test split.


def test_every_look_at_the_test_split_is_counted(ten: Run) -> None:
    before = ten.status["test_looks"]
    first = ten.metrics("test")
    again = evaluate(ten.path)
    assert ten.status["test_looks"] == before + 1
    assert again.metrics["test_looks"] == before + 1
    for result in (first, again.metrics):
        result.pop("test_looks")
    assert again.metrics == first


def test_other_data_is_no_look_at_the_test_split(ten: Run) -> None:
    before = ten.status["test_looks"]
    data = load_data("digits", classes=["1", "2"], test_fraction=0, val_fraction=0)
    evaluate(ten, data)
    assert ten.status["test_looks"] == before


def folder_of_pictures(folder: Path) -> Path:
    """Two classes of 20 pictures each, dark and bright."""
    random = np.random.default_rng(0)
    for name, base in (("dark", 0), ("bright", 180)):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = (base + random.integers(0, 70, (8, 8, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def test_pictures_that_changed_since_the_training_are_refused(tmp_path: Path) -> None:
    folder = folder_of_pictures(tmp_path / "pictures")
    run = train(folder, output=tmp_path / "run", **FAST)
    evaluate(run)  # control: unchanged they are judged
    assert run.status["test_looks"] == 2
    first = Path(run.predictions("test").paths[0])
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / first)
    with pytest.raises(UsageError) as caught:
        evaluate(run)
    assert "changed since the training" in str(caught.value)
    assert f"retinue evaluate {run.path} {folder}" in str(caught.value)
    assert run.status["test_looks"] == 2
    assert evaluate(run, folder).metrics["n"] == 40  # as other data they may be judged


def test_a_source_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = folder_of_pictures(tmp_path / "pictures")
    run = train(folder, output=tmp_path / "run", **FAST)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=f"its pictures are gone: {folder}"):
        evaluate(run)
    assert evaluate(run, tmp_path / "elsewhere").accuracy > 0.9


def test_a_run_on_arrays_needs_its_data_again(tmp_path: Path) -> None:
    data = load_data("digits", limit_per_class=20)
    arrays = (data.test.images, data.test.labels)
    run = train(arrays, output=tmp_path / "run", **FAST)
    with pytest.raises(UsageError, match="trained on arrays"):
        evaluate(run)
    assert evaluate(run, arrays).metrics["n"] == 359


def test_a_run_without_a_test_split_says_so(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", test_fraction=0)
    with pytest.raises(UsageError, match="no test split; name other data"):
        evaluate(run)


# Other data.


def test_classes_are_matched_by_name_whatever_their_order(two: Run) -> None:
    settings: dict[str, Any] = {"test_fraction": 0, "val_fraction": 0}
    plain = load_data("digits", classes=["3", "8"], **settings)
    turned = load_data("digits", classes=["8", "3"], **settings)
    assert plain.classes != turned.classes
    first, second = evaluate(two, plain), evaluate(two, turned)
    assert first.notes == second.notes == ()
    assert first.metrics["confusion"] == second.metrics["confusion"]
    right = Classifier.load(two).predict(plain.train.images).argmax(axis=1) == plain.train.labels
    assert first.accuracy == pytest.approx(right.mean())
    assert first.accuracy > 0.7  # matched the other way round it would be under 0.3


def test_unknown_and_absent_classes_are_told(two: Run) -> None:
    settings: dict[str, Any] = {"test_fraction": 0, "val_fraction": 0, "limit_per_class": 11}
    found = evaluate(two, load_data("digits", classes=["1", "8", "5"], **settings))
    assert found.notes == (
        "not known to the run, left out: 1, 5 (22 pictures)",
        "known to the run, but not in digits: 3",
    )
    assert found.metrics["n"] == 11
    assert [one["n"] for one in found.metrics["per_class"]] == [0, 11]
    assert set(two.predictions("digits").true) == {"8"}


def test_data_without_a_class_in_common_is_refused(two: Run) -> None:
    data = load_data("digits", classes=["0", "1"], limit_per_class=5)
    with pytest.raises(UsageError, match=r"none of its classes \(0, 1\) is one of the run's"):
        evaluate(two, data)


def test_of_data_with_a_test_split_only_that_is_judged(two: Run) -> None:
    data = load_data("digits", classes=["3", "8"])
    assert evaluate(two, data).metrics["n"] == len(data.test)


def test_pictures_of_other_sizes_are_brought_as_in_training(two: Run, tmp_path: Path) -> None:
    data = load_data("digits", classes=["3", "8"])
    for position in range(len(data.test)):
        folder = tmp_path / "large" / data.classes[data.test.labels[position]]
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(data.test.images[position, :, :, 0]).convert("RGB")
        image.resize((80, 80)).save(folder / f"{position}.png")
    found = evaluate(two, tmp_path / "large")
    assert (found.name, found.metrics["n"]) == ("large", len(data.test))
    assert found.accuracy > 0.7


@pytest.mark.parametrize("setting", [{"size": 16}, {"channels": 3}])
def test_loaded_data_that_was_brought_otherwise_is_brought_anew_or_refused(
    two: Run, setting: dict[str, Any]
) -> None:
    """Never judged as it is: the network was trained on 8x8 grey pictures."""
    data = load_data("digits", classes=["3", "8"], **setting)
    try:
        found = evaluate(two, data)
    except UsageError:
        return
    plain = evaluate(two, load_data("digits", classes=["3", "8"]))
    assert found.accuracy == pytest.approx(plain.accuracy, abs=0.05)


def test_other_data_never_overwrites_the_test_split(two: Run, tmp_path: Path) -> None:
    before = (two.path / "evaluation" / "test" / "metrics.json").read_bytes()
    data = load_data("digits", classes=["3", "8"])
    for name in ("3", "8"):
        (tmp_path / "test" / name).mkdir(parents=True)
    for position in range(10):
        name = data.classes[data.test.labels[position]]
        path = tmp_path / "test" / name / f"{position}.png"
        Image.fromarray(data.test.images[position, :, :, 0]).save(path)
    assert evaluate(two, tmp_path / "test").name == "test-data"
    assert (two.path / "evaluation" / "test" / "metrics.json").read_bytes() == before


def test_a_built_in_set_is_found_again_where_it_was(tmp_path: Path) -> None:
    """The folder of data sets that was named for the training is remembered by the run."""
    root = tmp_path / "sets"
    root.mkdir()
    with zipfile.ZipFile(root / "cifar10.zip", "w") as archive:
        for number in range(40):
            split = "test" if number % 4 == number // 4 % 4 else "train"
            name = ("cat", "dog")[number % 2]
            pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            archive.writestr(f"{split}/{name}/{number}.png", file.getvalue())
    data = load_data("cifar10", data_root=root)
    run = train(data, output=tmp_path / "run", **FAST)
    assert evaluate(run).metrics["n"] == len(data.test) == 10


@pytest.mark.parametrize("name", ["Test", "VAL", "..."])
def test_no_name_of_other_data_leads_to_anything_else(
    two: Run, tmp_path: Path, class_folders: Callable[..., Path], name: str
) -> None:
    # A folder that is called so, zipped; its files must lie beside those of the test split.
    folder = class_folders(tmp_path / "pictures", dict.fromkeys(two.classes, 3))
    archive = shutil.make_archive(str(tmp_path / "x"), "zip", folder)
    source = Path(archive).rename(tmp_path / f"{name}.zip")
    before = {path: path.read_bytes() for path in two.path.rglob("*") if path.is_file()}
    found = evaluate(two, source)
    assert found.name == ("data" if name == "..." else f"{name}-data")
    for path, content in before.items():
        assert path.read_bytes() == content
    assert (two.path / "evaluation" / found.name / "metrics.json").is_file()
