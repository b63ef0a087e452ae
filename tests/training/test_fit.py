"""One recipe to one finished run folder."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import retinue
from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import ImpossibleNetworkError, MissingExtraError, UsageError
from retinue.models.weights import plain_state, read_card
from retinue.prediction.classifier import Classifier
from retinue.recipe import make_recipe, read_recipe
from retinue.runs import Run
from retinue.training.fit import fit, train
from retinue.training.listener import Listener
from retinue.training.loop import DivergedError, StepReport, Training
from retinue.training.prepare import make_training

SMALL = {"name": "mlp", "hidden": [12], "dropout": 0.2}
FILES = {
    "recipe.yaml", "status.json", "data.json", "splits.csv", "bad-pictures.csv",
    "environment.json", "history.jsonl", "steps.jsonl", "model.safetensors", "model.json",
    "calibration.json", "evaluation/val/metrics.json", "evaluation/val/predictions.csv",
    "evaluation/test/metrics.json", "evaluation/test/predictions.csv",
    "pictures/test/index.json", "figures/learning-curves.png", "figures/test-confusion.png",
    "figures/test-reliability.png", "figures/test-classes.png", "figures/test-samples.png",
}  # fmt: skip


class Own(nn.Module):
    """A user's own network."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.layer = nn.Linear(64, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layer(pictures.flatten(1))  # type: ignore[no-any-return]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures and thumbnails, which take most of the time."""
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    monkeypatch.setattr("retinue.training.fit.plotting.save", lambda *_: None)


@pytest.fixture(scope="module")
def run(digits: ImageData, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A whole training with everything it writes."""
    output = tmp_path_factory.mktemp("fit") / "run"
    return train(digits, model=SMALL, epochs=2, lr=0.01, output=output)


@pytest.fixture
def trained(digits: ImageData, tmp_path: Path, undrawn: None) -> Callable[..., Run]:
    """Train on the digits into a fresh folder."""
    count = 0

    def quickly(**settings: Any) -> Run:
        nonlocal count
        count += 1
        settings = {"model": SMALL, "epochs": 1, **settings}
        return train(settings.pop("data", digits), output=tmp_path / str(count), **settings)

    return quickly


def weights(run: Run) -> bytes:
    return (run.path / "model.safetensors").read_bytes()


# The folder.


def test_the_folder_has_every_file_that_the_design_names(run: Run) -> None:
    there = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*")}
    assert there >= FILES
    assert not [name for name in there if name.endswith(".part")]


def test_the_status_says_how_it_ended(run: Run) -> None:
    status = run.status
    assert (status["state"], status["reason"]) == ("finished", "all epochs done")
    assert (status["epoch"], status["step"], status["test_looks"]) == (2, 12, 1)
    assert status["best_epoch"] in (1, 2)
    assert 0 < status["training_seconds"] < 60


def test_splits_csv_has_every_picture_once(run: Run, digits: ImageData) -> None:
    lines = (run.path / "splits.csv").read_text().splitlines()
    assert lines[0] == "id,path,class,split,digest"
    rows = [line.split(",") for line in lines[1:]]
    expected = {
        (split.ids[i], digits.classes[split.labels[i]], name, split.digests[i])
        for name, split in digits.splits.items()
        for i in range(len(split))
    }
    assert {(row[0], *row[2:]) for row in rows} == expected
    assert len(rows) == 170 + 30 + 359


def test_data_json_says_what_was_trained_on(run: Run, digits: ImageData) -> None:
    assert (run.data["name"], run.data["source"]) == ("digits", "digits")
    assert run.classes == list("0123456789")
    assert run.data["counts"]["train"] == dict.fromkeys("0123456789", 17)
    assert run.data["digests"]["test"] == digits.test.content_digest(digits.classes)


def test_the_recipe_of_a_run_leaves_nothing_open(run: Run) -> None:
    values = read_recipe(run.path / "recipe.yaml")
    assert set(values) == set(retinue.Recipe.model_fields)
    assert values["model"] == {"name": "mlp", "hidden": [12], "activation": "relu", "dropout": 0.2}


def test_the_environment_is_recorded(run: Run) -> None:
    environment = run.read_json("environment.json")
    assert environment["precision"] in ("bf16", "fp32")
    assert environment["packages"]["torch"] == torch.__version__


def test_training_learns_something(digits: ImageData, trained: Callable[..., Run]) -> None:
    model = {"name": "mlp", "hidden": [64]}
    found = trained(model=model, epochs=25, lr=0.01, augment="none", precision="fp32")
    assert found.metrics()["accuracy"]["value"] > 0.8  # chance is 0.1
    assert found.history[-1]["train_loss"] < 0.5 * found.history[0]["train_loss"]


# What decides the weights.


def test_the_same_seed_gives_the_same_weights_bit_for_bit(trained: Callable[..., Run]) -> None:
    first, second, other = trained(seed=3), trained(seed=3), trained(seed=4)
    assert weights(first) == weights(second)
    assert weights(first) != weights(other)
    assert first.metrics() == second.metrics()


def test_what_was_drawn_before_does_not_matter(trained: Callable[..., Run]) -> None:
    first = trained()
    torch.manual_seed(99)
    np.random.default_rng().random()
    assert weights(trained()) == weights(first)


def test_the_recipe_of_a_run_trains_the_same_weights_again(
    run: Run, tmp_path: Path, undrawn: None
) -> None:
    again = fit(make_recipe(read_recipe(run.path / "recipe.yaml")), output=tmp_path / "again")
    assert weights(again) == weights(run)
    assert again.recipe == run.recipe


def test_val_fraction_0_keeps_the_last_weights(tmp_path: Path, undrawn: None) -> None:
    data = load_data("digits", limit_per_class=10, val_fraction=0)
    last: dict[str, Tensor] = {}

    def remember(_: StepReport, training: Training) -> None:
        last.update(plain_state(training.model))

    recipe = make_recipe(data.loaded_with, {"model": SMALL, "epochs": 3, "patience": 1})
    found = fit(recipe, data=data, output=tmp_path / "run", listener=Listener(on_step=remember))
    assert (found.status["best_epoch"], found.status["epoch"]) == (3, 3)
    assert found.evaluations == ["test"]
    assert found.read_json("calibration.json")["temperature"] == 1.0
    kept = load_file(found.path / "model.safetensors")
    assert all(torch.equal(kept[name], weight) for name, weight in last.items())
    assert all(line["val_loss"] is None for line in found.history)


def test_no_epochs_judge_the_initial_weights(trained: Callable[..., Run]) -> None:
    found = trained(model="softmax", epochs=0)
    assert found.history == []
    assert (found.status["state"], found.status["best_epoch"]) == ("finished", 0)
    recipe = found.recipe
    data = load_data("digits", limit_per_class=20)
    initial = make_training(recipe, data, torch.device("cpu")).training.model.state_dict()
    kept = load_file(found.path / "model.safetensors")
    assert all(torch.equal(kept[name], initial[name]) for name in initial)
    assert found.metrics()["n"] == 359


# What may be trained on, and what with.


def test_arrays_may_be_trained_on(trained: Callable[..., Run], digits: ImageData) -> None:
    names = np.array(["even", "odd"])[digits.test.labels % 2]
    found = trained(data=(digits.test.images[..., 0], names))
    assert found.classes == ["even", "odd"]
    assert found.recipe.data == ""
    assert "threshold" in found.read_json("calibration.json")


def test_a_name_may_be_trained_on(trained: Callable[..., Run]) -> None:
    found = trained(data="digits", limit_per_class=5, classes=["1", "7"])
    assert (found.classes, found.recipe.data) == (["1", "7"], "digits")
    assert sum(found.data["counts"]["train"].values()) < 10


def test_an_own_module_may_be_trained(trained: Callable[..., Run], digits: ImageData) -> None:
    module = Own()
    before = module.layer.weight.detach().clone()
    found = trained(model=module, lr=0.01)
    assert not torch.equal(module.layer.weight, before)
    assert found.recipe.model.name == f"{__name__}:Own"
    for code in (None, Own()):  # without it by the graph
        again = Classifier.load(found, code)
        said = again.predict(digits.test.images).argmax(axis=1)
        assert (said == digits.test.labels).mean() == found.metrics()["accuracy"]["value"]


def test_an_own_module_by_name_is_built_for_the_data(
    trained: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from torch import nn\n\ndef net(classes, size):\n"
    source += "    return nn.Sequential(nn.Flatten(), nn.Linear(size[0] * size[1], classes))\n"
    (tmp_path / "fit_own_nets.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    found = trained(model="fit_own_nets:net")
    monkeypatch.delitem(sys.modules, "fit_own_nets")
    assert read_card(found.path).parameters == 650


@pytest.mark.parametrize(
    "setting", [{"val_fraction": 0.0}, {"limit_per_class": 5}, {"split_seed": 3}]
)
def test_a_recipe_never_claims_another_split_than_the_data_has(
    trained: Callable[..., Run], setting: dict[str, Any]
) -> None:
    """A setting of the data given beside loaded data is carried out or refused, not just noted."""
    try:
        found = trained(**setting)
    except UsageError:
        return
    said = load_data("digits", **{"limit_per_class": 20, **setting})
    assert found.data["digest"] == said.digest


def test_every_epoch_is_told(trained: Callable[..., Run]) -> None:
    told: list[dict[str, Any]] = []
    found = trained(epochs=2, on_epoch=told.append)
    assert told == found.history


def test_a_listener_is_told_of_every_step(trained: Callable[..., Run]) -> None:
    steps: list[int] = []
    lines: list[dict[str, Any]] = []
    listener = Listener(on_step=lambda step, _: steps.append(step.step), on_epoch=lines.append)
    found = trained(epochs=2, listener=listener)
    assert len(steps) == found.status["step"]
    assert lines == found.history
    with pytest.raises(UsageError, match="on_epoch: the listener has one of its own"):
        trained(epochs=2, listener=listener, on_epoch=lines.append)


# How it may end.


def test_ctrl_c_leaves_a_judged_run_and_the_test_split_unseen(
    digits: ImageData, tmp_path: Path, undrawn: None
) -> None:
    def interrupt(report: StepReport, _: Training) -> None:
        if report.epoch == 1:
            raise KeyboardInterrupt

    recipe = make_recipe(digits.loaded_with, {"model": SMALL, "epochs": 4})
    listener = Listener(on_step=interrupt)
    found = fit(recipe, data=digits, output=tmp_path / "run", listener=listener)
    assert (found.status["state"], found.status["best_epoch"]) == ("interrupted", 1)
    assert found.evaluations == ["val"]
    assert found.status["test_looks"] == 0
    assert Classifier.load(found).predict(digits.val.images).shape == (30, 10)


def test_a_diverged_training_keeps_its_last_good_weights_and_says_so(
    digits: ImageData, tmp_path: Path, undrawn: None
) -> None:
    def spoil(report: StepReport, training: Training) -> None:
        if report.epoch == 1:
            for weight in training.model.parameters():
                weight.data.fill_(float("nan"))

    recipe = make_recipe(digits.loaded_with, {"model": SMALL, "epochs": 4})
    with pytest.raises(DivergedError, match="no longer a number"):
        fit(recipe, data=digits, output=tmp_path / "run", listener=Listener(on_step=spoil))
    found = Run.load(tmp_path / "run")
    assert (found.status["state"], found.status["best_epoch"]) == ("failed", 1)
    assert found.evaluations == ["val"]
    kept = load_file(found.path / "model.safetensors")
    assert all(tensor.isfinite().all() for tensor in kept.values())


def test_a_learning_rate_far_too_large_is_told_even_at_the_very_last_step(
    trained: Callable[..., Run],
) -> None:
    with pytest.raises(DivergedError):
        trained(batch_size=170, opt="sgd", lr=1e38, schedule="constant", epochs=1)


def test_an_impossible_network_leaves_no_folder(digits: ImageData, tmp_path: Path) -> None:
    with pytest.raises(ImpossibleNetworkError, match=r"features\.conv2"):
        train(digits, model="lenet", output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_something_is_refused(digits: ImageData, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        train(digits, model="softmax", output=tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [tmp_path / "thesis.txt"]


def test_no_data_is_refused() -> None:
    with pytest.raises(UsageError, match="no data"):
        train(model="softmax")


@pytest.mark.parametrize("setting", [{"epoch": 3}, {"lr": -1}, {"opt": "adamm"}])
def test_a_wrong_setting_is_refused_and_named(
    digits: ImageData, tmp_path: Path, setting: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=next(iter(setting))):
        train(digits, output=tmp_path / "run", **setting)
    assert not (tmp_path / "run").exists()


# TensorBoard.


class Writer:
    """What TensorBoard's writer was told, without TensorBoard."""

    told: list[tuple[str, float, int]]
    folder: Path

    def __init__(self, folder: Path) -> None:
        Writer.folder, Writer.told = folder, []

    def add_scalar(self, key: str, value: float, epoch: int) -> None:
        Writer.told.append((key, value, epoch))

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


def test_tensorboard_gets_the_history(
    trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = ModuleType("torch.utils.tensorboard")
    stand_in.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", stand_in)
    told: list[dict[str, Any]] = []
    found = trained(epochs=2, tensorboard=True, on_epoch=told.append)
    assert Writer.folder == found.path / "tensorboard"
    losses = [(epoch, value) for key, value, epoch in Writer.told if key == "val_loss"]
    assert losses == [(line["epoch"], line["val_loss"]) for line in found.history]
    assert told == found.history  # who else listens still does


def test_tensorboard_files_are_written(trained: Callable[..., Run]) -> None:
    pytest.importorskip("tensorboard")
    found = trained(tensorboard=True)
    assert list((found.path / "tensorboard").glob("events*"))


def test_without_tensorboard_the_extra_is_named_and_no_run_is_left(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'retinue\[tensorboard\]'"):
        train(digits, model="softmax", epochs=1, tensorboard=True, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_json_files_are_plain_json(run: Run) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    for path in run.path.rglob("*.json"):
        json.loads(path.read_text(), parse_constant=refuse)


def test_a_training_leaves_the_caller_s_random_state_alone(trained: Callable[..., Run]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    trained(model=SMALL)
    assert torch.equal(torch.get_rng_state(), before)
