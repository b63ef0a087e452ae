"""A network trained in a loop of somebody's own becomes a run like any other."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

import retinue
from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import MissingExtraError, RetinueError, UsageError
from retinue.evaluation.evaluate import evaluate
from retinue.models.weights import read_card
from retinue.prediction.classifier import Classifier
from retinue.recipe import read_recipe
from retinue.runs import Run
from retinue.training.history import KEYS
from retinue.training.record import REASON, record

MEAN, STD = 0.3, 0.35
FILES = {
    "recipe.yaml", "status.json", "data.json", "splits.csv", "bad-pictures.csv",
    "environment.json", "history.jsonl", "model.safetensors", "model.json", "model.onnx",
    "calibration.json", "evaluation/val/metrics.json", "evaluation/val/predictions.csv",
    "evaluation/test/metrics.json", "evaluation/test/predictions.csv",
    "pictures/test/index.json", "figures/learning-curves.png", "figures/test-confusion.png",
    "figures/test-reliability.png", "figures/test-classes.png", "figures/test-samples.png",
}  # fmt: skip


class Student(nn.Module):
    """A small network as people write it."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.output = nn.Linear(8 * 16, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        found = nn.functional.max_pool2d(torch.relu(self.norm(self.conv(pictures))), 2)
        found = nn.functional.dropout(found.view(found.size(0), -1), 0.2, self.training)
        return self.output(found)  # type: ignore[no-any-return]


def pixels(images: np.ndarray[Any, Any]) -> Tensor:
    """What the loop of these tests trains on."""
    # As `ToTensor` of torchvision has them; a view of NHWC would have other strides.
    return (torch.tensor(images.transpose(0, 3, 1, 2).copy()) / 255 - MEAN) / STD


def by_hand(data: ImageData, epochs: int = 2) -> tuple[Student, list[dict[str, float]]]:
    """A loop as people write it: no Retinue but for the pictures."""
    torch.manual_seed(0)
    model, history = Student(), []
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    pictures, labels = pixels(data.train.images), torch.from_numpy(data.train.labels)
    for _ in range(epochs):
        model.train()
        for chosen in torch.randperm(len(labels)).split(32):
            loss = nn.functional.cross_entropy(model(pictures[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        history.append({"loss": loss.item(), "val_acc": accuracy(model, data, "val")})
    return model, history


def accuracy(model: nn.Module, data: ImageData, split: str) -> float:
    """The share of right answers, in plain PyTorch."""
    chosen = data.splits[split]
    with torch.no_grad():
        said = model.eval()(pixels(chosen.images)).argmax(1).numpy()
    return float((said == chosen.labels).mean())


@pytest.fixture(scope="module")
def trained(digits: ImageData) -> tuple[Student, list[dict[str, float]]]:
    return by_hand(digits)


@pytest.fixture(scope="module")
def run(
    digits: ImageData,
    trained: tuple[Student, list[dict[str, float]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """A network of a loop by hand, recorded with everything."""
    model, history = trained
    folder = tmp_path_factory.mktemp("record") / "run"
    return record(
        model, digits, history, name="student", output=folder, mean=MEAN, std=STD,
        seconds=1.5, lr=0.01, opt="adam",
    )  # fmt: skip


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures and thumbnails, which take most of the time."""
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)


@pytest.fixture
def recorded(
    digits: ImageData,
    trained: tuple[Student, list[dict[str, float]]],
    tmp_path: Path,
    undrawn: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Run]:
    """Record into a fresh folder without figures and without a graph."""
    monkeypatch.setitem(sys.modules, "onnxscript", None)

    def quickly(model: Any = None, history: Any = None, **settings: Any) -> Run:
        given = settings.pop("data", digits)
        return record(
            trained[0] if model is None else model,
            given,
            history,
            output=tmp_path / "run",
            **settings,
        )

    return quickly


# The folder.


def test_the_folder_has_every_file_but_that_of_the_steps(run: Run) -> None:
    there = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*")}
    assert there >= FILES
    assert "steps.jsonl" not in there
    assert not [name for name in there if name.endswith(".part")]


def test_the_status_says_that_it_was_recorded(run: Run) -> None:
    status = run.status
    assert (run.state, status["reason"]) == ("finished", REASON)
    assert (status["epoch"], status["step"], status["test_looks"]) == (2, 0, 1)
    assert (status["training_seconds"], status["best_epoch"]) == (1.5, None)
    assert status["recorded"] == ["lr", "opt"]


def test_the_recipe_has_what_is_known(run: Run, digits: ImageData) -> None:
    values = read_recipe(run.path / "recipe.yaml")
    assert set(values) == set(retinue.Recipe.model_fields)
    recipe = run.recipe
    assert (recipe.data, recipe.limit_per_class, recipe.size) == ("digits", 20, (8, 8))
    assert (recipe.model.name, recipe.epochs) == ("student", 2)
    assert (recipe.lr, recipe.opt) == (0.01, "adam")
    assert run.data["digest"] == digits.digest
    assert run.read_json("environment.json")["precision"] is None


def test_the_history_has_the_house_s_keys(
    run: Run, trained: tuple[Student, list[dict[str, float]]]
) -> None:
    lines = run.history
    assert [list(line) for line in lines] == [list(KEYS)] * 2
    assert [line["train_loss"] for line in lines] == [one["loss"] for one in trained[1]]
    assert [line["val_accuracy"] for line in lines] == [one["val_acc"] for one in trained[1]]
    assert {line["lr"] for line in lines} == {None}


def test_json_files_are_plain_json(run: Run) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    for path in run.path.rglob("*.json"):
        json.loads(path.read_text(), parse_constant=refuse)


# The numbers, and its use without its code.


@pytest.mark.parametrize("split", ["val", "test"])
def test_its_accuracy_is_that_of_plain_pytorch(
    run: Run, trained: tuple[Student, list[dict[str, float]]], digits: ImageData, split: str
) -> None:
    expected = accuracy(trained[0], digits, split)
    assert run.metrics(split)["accuracy"]["value"] == expected
    assert expected > 0.3  # it has learnt something, and not all: chance is 0.1
    assert expected < 1


def test_evaluating_it_anew_needs_no_code(
    run: Run,
    trained: tuple[Student, list[dict[str, float]]],
    digits: ImageData,
    undrawn: None,
) -> None:
    found = evaluate(Run.load(run.path), digits)
    assert found.accuracy == accuracy(trained[0], digits, "test")


def test_its_own_test_split_is_found_again_and_the_look_counted(
    trained: tuple[Student, list[dict[str, float]]],
    digits: ImageData,
    tmp_path: Path,
    undrawn: None,
) -> None:
    found = record(trained[0], digits, output=tmp_path / "run", mean=MEAN, std=STD)
    again = evaluate(found)
    assert again.accuracy == accuracy(trained[0], digits, "test")
    assert (found.test_looks, again.name) == (2, "test")


def test_logits_agree_with_torch(
    run: Run, trained: tuple[Student, list[dict[str, float]]], digits: ImageData
) -> None:
    logits = Classifier.load(run).logits(digits.test)
    with torch.no_grad():
        expected = trained[0].eval()(pixels(digits.test.images)).numpy()
    assert np.abs(logits - expected).max() < 1e-4
    with_code = Classifier.load(run, Student()).logits(digits.test)
    assert np.abs(with_code - expected).max() < 1e-4
    assert np.abs(logits - np.roll(expected, 1, axis=0)).max() > 1  # control


def test_predicting_with_it_needs_no_code(run: Run, digits: ImageData, tmp_path: Path) -> None:
    picture = digits.test.images[7]
    Image.fromarray(picture[:, :, 0]).save(tmp_path / "digit.png")
    (found,) = retinue.predict(run, tmp_path / "digit.png")
    with (run.path / "evaluation" / "test" / "predictions.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert found.top(1)[0][0] == rows[8][3]


def test_a_graph_of_other_weights_is_refused(
    run: Run, trained: tuple[Student, list[dict[str, float]]], tmp_path: Path
) -> None:
    card = read_card(run.path)
    for name in ("recipe.yaml", "status.json", "model.json"):
        (tmp_path / name).write_bytes((run.path / name).read_bytes())
    data = bytearray((run.path / "model.onnx").read_bytes())
    weights = trained[0].output.weight.detach().numpy().tobytes()
    at = bytes(data).find(weights[:64])
    assert at > 0
    data[at : at + 4] = np.float32(9).tobytes()
    (tmp_path / "model.onnx").write_bytes(data)
    assert card.graph
    with pytest.raises(RetinueError, match="damaged, or not the graph"):
        Classifier.load(tmp_path)


def test_without_the_extra_its_use_names_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'retinue\[export\]'"):
        Classifier.load(run)
    assert Classifier.load(run, Student())


def test_recording_without_the_extra_says_so_and_needs_the_code(
    recorded: Callable[..., Run], digits: ImageData
) -> None:
    found = recorded(mean=MEAN, std=STD)
    assert found.state == "finished"
    assert "pip install 'retinue[export]'" in read_card(found.path).no_graph
    with pytest.raises(UsageError, match=r"give its code .*pip install 'retinue\[export\]'"):
        evaluate(found)
    assert evaluate(found, model=Student()).accuracy == found.metrics()["accuracy"]["value"]


def test_the_weights_are_those_of_the_network(
    run: Run, trained: tuple[Student, list[dict[str, float]]]
) -> None:
    kept = load_file(run.path / "model.safetensors")
    for name, tensor in trained[0].state_dict().items():
        assert torch.equal(kept[f"network.{name}"], tensor)


# The caller's things stay as they are.


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_network_comes_back_unchanged(
    dtype: torch.dtype, recorded: Callable[..., Run], digits: ImageData
) -> None:
    model, _ = by_hand(digits, epochs=1)
    model.train().to(dtype)
    model.norm.eval()
    model.conv.weight.requires_grad_(False)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    same = {name: id(weight) for name, weight in model.named_parameters()}
    draws = torch.get_rng_state()
    recorded(model)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name])
        assert (tensor.dtype, tensor.device) == (weights[name].dtype, weights[name].device)
    assert {name: id(weight) for name, weight in model.named_parameters()} == same
    assert (model.training, model.norm.training) == (True, False)
    assert [name for name, weight in model.named_parameters() if not weight.requires_grad] == [
        "conv.weight"
    ]
    assert torch.equal(torch.get_rng_state(), draws)


# What may be left out or given otherwise.


def test_without_history_there_are_no_curves(recorded: Callable[..., Run]) -> None:
    found = recorded()
    assert (found.history, found.recipe.epochs, found.status["training_seconds"]) == ([], 0, None)
    assert not (found.path / "figures" / "learning-curves.png").exists()
    assert found.recipe.model.name == f"{__name__}:Student"


def test_the_data_may_be_named(recorded: Callable[..., Run], digits: ImageData) -> None:
    found = recorded(data="digits", limit_per_class=20, history={"loss": [2.0, 1.0]})
    assert found.data["digest"] == digits.digest
    assert found.recipe.limit_per_class == 20
    assert (found.recipe.epochs, found.status["recorded"]) == (2, [])


def test_arrays_may_be_judged_on(recorded: Callable[..., Run], digits: ImageData) -> None:
    found = recorded(data=(digits.test.images, digits.test.labels))
    assert found.recipe.data == ""
    assert found.metrics()["n"] > 50


def test_without_val_nothing_is_calibrated(recorded: Callable[..., Run]) -> None:
    found = recorded(data=load_data("digits", limit_per_class=10, val_fraction=0))
    assert found.evaluations == ["test"]
    assert found.read_json("calibration.json")["temperature"] == 1.0


def test_a_compiled_network_is_recorded_as_what_it_was(recorded: Callable[..., Run]) -> None:
    found = recorded(torch.compile(Student(), backend="eager"))
    assert found.recipe.model.name == f"{__name__}:Student"
    assert "network.conv.weight" in load_file(found.path / "model.safetensors")


# Refusals, of which none leaves a folder.


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"model": "cnn"}, "record takes a torch.nn.Module, not str"),
        ({"model": Student(3)}, r"gives \(32, 3\) torch.float32.*not logits \(32, 10\)"),
        ({"model": nn.Sequential(Student(), nn.Softmax(1))}, "gives probabilities"),
        ({"model": nn.Conv2d(3, 2, 1)}, "the network fails on pictures"),
        ({"history": [0.3]}, "history: has a float for epoch 1"),
        ({"mean": 33.3}, "mean=33.3: give it for pixels from 0 to 1"),
        ({"name": "cnn"}, "name='cnn': a network of Retinue's is called so"),
        ({"name": "auto"}, "name='auto'"),
        ({"seconds": -1}, "seconds=-1"),
        ({"size": 32}, "size: the data is loaded already"),
        ({"epochs": 3}, "epochs: no setting of a run that is recorded"),
        ({"learning_rate": 3}, "learning_rate: no such setting"),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_one_line(
    recorded: Callable[..., Run], tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        recorded(**settings)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_weights_that_are_nan_are_refused(recorded: Callable[..., Run], tmp_path: Path) -> None:
    broken = Student()
    broken.output.bias.data.fill_(torch.nan)
    with pytest.raises(UsageError, match="NaN or infinite"):
        recorded(broken)
    assert not (tmp_path / "run").exists()


def test_data_without_pictures_to_judge_on_is_refused(
    recorded: Callable[..., Run], digits: ImageData
) -> None:
    nothing = digits.test.at(np.array([], np.int64))
    bare = ImageData("bare", "", digits.classes, digits.preprocess, digits.train, nothing, nothing)
    with pytest.raises(UsageError, match="bare: no pictures in val or test"):
        recorded(data=bare)


class Late(Student):
    """NaN for all but the first pictures that it sees."""

    seen = 0

    def forward(self, pictures: Tensor) -> Tensor:
        self.seen += len(pictures)
        return super().forward(pictures) * (torch.nan if self.seen > 200 else 1.0)


def test_a_run_that_fails_on_the_way_says_so(recorded: Callable[..., Run], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="NaN or infinite"):
        recorded(Late())
    found = Run.load(tmp_path / "run")
    assert found.state == "failed"
    assert "NaN" in found.status["reason"]
    assert found.evaluations != ["test", "val"]
