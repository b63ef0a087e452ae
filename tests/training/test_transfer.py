"""From one training to another: what is taken over, what is made anew, and that it pays."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from retinue.data.imagedata import ImageData, Split
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.evaluation.evaluate import evaluate
from retinue.models.catalogue import build
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.training.features import Extractor
from retinue.training.fit import train

FIRST, OTHER = list("01234"), list("56789")
COMMON: dict[str, Any] = {"precision": "fp32", "checkpoint_every": "1h"}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETINUE_CACHE", str(tmp_path_factory.getbasetemp() / "transfer-cache"))


@pytest.fixture(scope="module")
def other() -> ImageData:
    """Five digits, ten training pictures each."""
    return load_data("digits", classes=OTHER, limit_per_class=12)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that knows the other five digits."""
    folder = tmp_path_factory.mktemp("before")
    data = load_data("digits", classes=FIRST)
    return train(data, model="cnn", epochs=6, output=folder / "run", **COMMON)


def transferred(
    other: ImageData, before: Run, output: Path, model: str = "auto", **settings: Any
) -> Run:
    settings = {"pretrained": str(before.path), **COMMON, **settings}
    return train(other, model=model, output=output, **settings)


def accuracy(run: Run, split: str = "test") -> float:
    return float(run.metrics(split)["accuracy"]["value"])


@pytest.mark.parametrize("way", ["linear", "finetune", "full"])
def test_every_way_takes_the_body_and_makes_the_head_anew(
    way: str, other: ImageData, before: Run, tmp_path: Path
) -> None:
    epochs = 1 if way == "linear" else 12
    run = transferred(other, before, tmp_path / "run", f"cnn:{way}", epochs=epochs)
    assert run.recipe.model.name == f"cnn:{way}"
    assert run.recipe.pretrained == str(before.path.resolve())
    told = run.read_json("transfer.json")
    assert told["way"] == way
    assert told["new"] == ["head.output.weight", "head.output.bias"]
    assert "features.conv1.weight" in told["loaded"]
    assert told["digest"] == json.loads((before.path / "model.json").read_text())["weights"]
    assert accuracy(run) > 0.35  # chance is 0.2; what tells 0 to 4 apart tells little of 5 to 9


def test_linear_leaves_the_body_as_it_was(other: ImageData, before: Run, tmp_path: Path) -> None:
    run = transferred(other, before, tmp_path / "run", "cnn:linear")
    old, new = (load_file(one.path / "model.safetensors") for one in (before, run))
    assert old.keys() == new.keys()
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert changed == {"network.head.output.weight", "network.head.output.bias"}


def test_finetune_moves_all_weights_and_no_statistics(before: Run, tmp_path: Path) -> None:
    # Without val the last weights are kept, by which time all parts have joined in.
    data = load_data("digits", classes=OTHER, limit_per_class=12, val_fraction=0)
    run = transferred(data, before, tmp_path / "run", "cnn:finetune", epochs=3)
    old, new = (load_file(one.path / "model.safetensors") for one in (before, run))
    still = {name for name in old if torch.equal(old[name], new[name])}
    counted = ("running_mean", "running_var", "num_batches_tracked")
    assert still == {name for name in old if name.endswith(counted)} | {
        "normalise.mean",
        "normalise.std",
    }
    assert len(run.history) == 3


def test_the_fast_network_averages_its_views_in_transfer_too(
    other: ImageData, tmp_path: Path
) -> None:
    first = load_data("digits", classes=FIRST, limit_per_class=20)
    fast = train(first, model="fast", epochs=1, output=tmp_path / "fast", **COMMON)
    views = {}
    for way in ("linear", "finetune", "full"):
        settings = {} if way == "linear" else {"epochs": 1}
        run = transferred(other, fast, tmp_path / way, f"fast:{way}", **settings)
        views[way] = run.recipe.views
    assert views == {"linear": "one", "finetune": "shift", "full": "shift"}


def test_linear_beats_the_same_network_from_scratch(
    other: ImageData, before: Run, tmp_path: Path
) -> None:
    run = transferred(other, before, tmp_path / "run", "cnn:linear")
    scratch = train(other, model="cnn", epochs=2, output=tmp_path / "scratch", **COMMON)
    assert accuracy(run) > accuracy(scratch)


def test_a_judgement_through_features_is_that_of_the_network(
    other: ImageData, before: Run, tmp_path: Path
) -> None:
    run = transferred(other, before, tmp_path / "run", "cnn:linear")
    told = run.predictions()
    classifier = Classifier.load(run)
    again = classifier.calibrated(classifier.logits(other.test))
    assert np.abs(told.probabilities - again).max() < 1e-4
    assert accuracy(run) == evaluate(run, other).accuracy


def test_the_earlier_runs_network_and_normalisation_are_taken(
    other: ImageData, before: Run, tmp_path: Path
) -> None:
    run = transferred(other, before, tmp_path / "run", epochs=1)
    card, old = (json.loads((one.path / "model.json").read_text()) for one in (run, before))
    assert run.recipe.model.name == "cnn:finetune"
    assert card["name"] == "cnn"
    assert card["mean"] == old["mean"]
    assert card["std"] == old["std"]


def test_features_are_computed_once(
    other: ImageData, before: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETINUE_CACHE", str(tmp_path / "cache"))
    seen: list[int] = []
    see = Extractor._see

    def counted(self: Extractor, split: Split, part: Any, mirrored: bool) -> Any:
        seen.append(len(part))
        return see(self, split, part, mirrored)

    monkeypatch.setattr(Extractor, "_see", counted)
    transferred(other, before, tmp_path / "one", "cnn:linear")
    assert sum(seen) == len(other.train) + len(other.val) + len(other.test)
    seen.clear()
    transferred(other, before, tmp_path / "two", "cnn:linear")
    assert not seen
    transferred(other, before, tmp_path / "three", "cnn:linear", augment="light", flip=True)
    assert sum(seen) == len(other.train)  # their mirror images


@pytest.mark.parametrize("alone", [True, False])
def test_two_at_once_compute_features_once(
    other: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    monkeypatch.setenv("RETINUE_CACHE", str(tmp_path / "cache"))
    seen: list[int] = []
    see, both = Extractor._see, Barrier(2)

    def counted(self: Extractor, split: Split, part: Any, mirrored: bool) -> Any:
        seen.append(len(part))
        time.sleep(0.05)
        return see(self, split, part, mirrored)

    monkeypatch.setattr(Extractor, "_see", counted)
    if not alone:  # the control
        monkeypatch.setattr(Extractor, "_alone", lambda *_: nullcontext())
    kind: dict[str, Any] = {"classes": 5, "channels": other.channels, "size": other.size}
    models = []
    for _ in range(2):
        torch.manual_seed(0)
        models.append(build("cnn", arguments={}, mean=[0], std=[1], **kind))

    def features(model: torch.nn.Module) -> Any:
        layer = model.get_submodule("network.head.output")
        assert isinstance(layer, torch.nn.Linear)
        extractor = Extractor(model, layer, other.preprocess, torch.device("cpu"))
        both.wait()
        return extractor.features(other.train).features

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(features, models)
    np.testing.assert_array_equal(one, two)
    assert (sum(seen) == len(other.train)) == alone


def test_a_head_is_kept_on_request(before: Run, tmp_path: Path) -> None:
    data = load_data("digits", classes=FIRST)
    settings = {"keep_head": True, "epochs": 0}
    run = transferred(data, before, tmp_path / "run", "cnn:finetune", **settings)
    assert accuracy(run) == accuracy(before)
    settings = {"epochs": 0, "seed": 5}
    other = transferred(data, before, tmp_path / "other", "cnn:finetune", **settings)
    assert accuracy(other) < accuracy(before)  # the control: a head of random weights


def test_a_head_that_does_not_fit_is_refused(before: Run, tmp_path: Path) -> None:
    data = load_data("digits", limit_per_class=10)
    with pytest.raises(UsageError, match=r"--keep-head: .* no head that fits"):
        transferred(data, before, tmp_path / "run", "cnn:finetune", keep_head=True)
    assert not (tmp_path / "run").exists()


def test_weights_of_which_nothing_fits_are_refused(
    other: ImageData, before: Run, tmp_path: Path
) -> None:
    save_file({"some.weight": torch.zeros(3)}, tmp_path / "odd.safetensors")
    with pytest.raises(UsageError, match=r"odd\.safetensors: nothing in it fits this network"):
        transferred(
            other, before, tmp_path / "run", "cnn", pretrained=str(tmp_path / "odd.safetensors")
        )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "cnn:linear", "pretrained": "none"}, "needs weights"),
        ({"model": "cnn:linear"}, "needs weights"),
        ({"model": "cnn", "pretrained": "default"}, "nobody publishes weights of cnn"),
        ({"model": "cnn", "pretrained": "no-such-file.pth"}, "cannot be read"),
    ],
)
def test_weights_that_are_nowhere_are_refused(
    settings: dict[str, Any], words: str, other: ImageData, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        train(other, output=tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "setting", [{"lr": 0.1}, {"opt": "sgd"}, {"mixup": 0.2}, {"augment": "strong"}, {"patience": 3}]
)
def test_settings_without_effect_are_refused(
    setting: dict[str, Any], other: ImageData, before: Run, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(setting))}.*:linear"):
        transferred(other, before, tmp_path / "run", "cnn:linear", **setting)


def test_a_finished_recipe_of_linear_can_be_repeated(
    other: ImageData, before: Run, tmp_path: Path
) -> None:
    run = transferred(other, before, tmp_path / "run", "cnn:linear")
    again = train(other, recipe=run.recipe, output=tmp_path / "again")
    one, two = ((path / "model.safetensors").read_bytes() for path in (run.path, again.path))
    assert one == two
