"""Training on shuffled pixels: an MLP does not notice, and every part of a run knows of it."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.models.fast import WhiteningConv2d
from retinue.models.shuffle import ShufflePixels
from retinue.models.weights import read_card
from retinue.prediction.classifier import Classifier
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training import prepare
from retinue.training.defaults import choose
from retinue.training.fit import fit
from retinue.training.loop import Training, train_epoch
from retinue.training.prepare import make_training
from retinue.training.start import Start, start_of

CPU = torch.device("cpu")
SETTINGS: dict[str, Any] = {
    "precision": "fp32", "augment": "none", "batch_size": 32, "epochs": 2, "lr": 0.003,
}  # fmt: skip


def prepared(data: ImageData, name: str, seed: int | None = 5, **settings: Any) -> Training:
    model = {"name": name, "shuffle_pixels": seed, **settings.pop("model", {})}
    given = make_recipe(data.loaded_with, {"model": model}, SETTINGS, settings)
    return make_training(choose(given, data)[0], data, CPU).training


def taught(training: Training) -> nn.Module:
    for epoch in range(2):
        train_epoch(training, epoch, lambda _: None)
    return training.model.eval()


def in_order(data: ImageData, order: torch.Tensor) -> torch.Tensor:
    """Test pictures (N, C, H, W), their pixels put into an order by NumPy."""
    images = data.test.images
    flat = images.reshape(len(images), -1, images.shape[3])[:, order.numpy()]
    return torch.from_numpy(flat.reshape(images.shape)).permute(0, 3, 1, 2)


def pixels(data: ImageData) -> torch.Tensor:
    return torch.from_numpy(data.test.images).permute(0, 3, 1, 2)


@pytest.mark.parametrize(("name", "alike"), [("mlp", True), ("cnn", False)])
def test_an_mlp_learns_the_same_from_shuffled_pixels_and_a_cnn_does_not(
    digits: ImageData, name: str, alike: bool
) -> None:
    # With the columns of its first layer in the same order an MLP is the same function.
    shuffled, plain = prepared(digits, name), prepared(digits, name, None)
    order = shuffled.model.get_buffer("shuffle.order")
    if alike:
        first = next(one for one in shuffled.model.modules() if isinstance(one, nn.Linear))
        with torch.no_grad():
            first.weight.copy_(first.weight[:, order].clone())
    one, two = taught(shuffled), taught(plain)
    with torch.no_grad():
        found, expected = one(pixels(digits)), two(pixels(digits))
    far = (found - expected).abs().max() / expected.abs().max()
    assert far < 1e-3 if alike else far > 0.1


def test_training_equals_that_on_pictures_that_were_shuffled_before(digits: ImageData) -> None:
    shuffled, plain = prepared(digits, "cnn"), prepared(digits, "cnn", None)
    order = shuffled.model.get_buffer("shuffle.order")
    plain.model.register_forward_pre_hook(
        lambda _, given: given[0].flatten(2)[:, :, order].view(given[0].shape)
    )
    one, two = taught(shuffled).state_dict(), taught(plain).state_dict()
    assert one.keys() - two.keys() == {"shuffle.order"}
    for name in two:
        torch.testing.assert_close(one[name], two[name], rtol=1e-3, atol=1e-4)
    other = taught(prepared(digits, "cnn", 6)).state_dict()
    assert not torch.allclose(
        one["network.head.output.weight"], other["network.head.output.weight"]
    )


def test_filters_are_fitted_on_what_the_network_sees() -> None:
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (60, 6, 6, 3), dtype=np.uint8)
    data = load_data((coarse.repeat(2, 1).repeat(2, 2), np.arange(60) % 3))
    training = prepared(data, "fast", model={"width": 4})
    (found,) = [one for one in training.model.modules() if isinstance(one, WhiteningConv2d)]
    pictures = torch.from_numpy(data.train.images).permute(0, 3, 1, 2)
    normalised = training.model.get_submodule("normalise")(pictures)
    order = training.model.get_buffer("shuffle.order")
    expected = copy.deepcopy(found)
    expected.fit(normalised.flatten(2)[:, :, order].view(normalised.shape))
    torch.testing.assert_close(found.weight, expected.weight, rtol=1e-3, atol=1e-4)
    expected.fit(normalised)
    assert (found.weight - expected.weight).abs().max() > 0.01  # control


def test_averaged_weights_keep_the_order(
    digits: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = prepared(digits, "cnn", ema=0.9)
    order = ShufflePixels(5, (8, 8)).order
    taught(training)
    assert torch.equal(training.judged.get_buffer("shuffle.order"), order)
    assert not torch.equal(
        training.judged.get_parameter("network.head.output.weight"),
        training.model.get_parameter("network.head.output.weight"),
    )

    def plainly(model: nn.Module, decay: float) -> AveragedModel:
        update = get_ema_multi_avg_fn(decay)
        return AveragedModel(model, multi_avg_fn=update, use_buffers=True)

    monkeypatch.setattr(prepare, "_average", plainly)
    control = prepared(digits, "cnn", ema=0.9)
    taught(control)
    assert not torch.equal(control.judged.get_buffer("shuffle.order"), order)


@pytest.fixture(scope="module")
def runs(digits: ImageData, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Two runs of which one has shuffled pixels."""

    def trained(name: str, seed: int | None) -> Run:
        model = {"name": "cnn", "depth": 1, "width": 4, "shuffle_pixels": seed}
        folder = tmp_path_factory.mktemp("runs") / name
        return fit(make_recipe({"model": model, "epochs": 1}), data=digits, output=folder)

    return {"shuffled": trained("shuffled", 5), "plain": trained("plain", None)}


def test_the_classifier_of_a_run_shuffles_and_that_of_another_run_does_not(
    digits: ImageData, runs: dict[str, Run]
) -> None:
    run, order = runs["shuffled"], ShufflePixels(5, (8, 8)).order
    classifier = Classifier.load(run)
    parts = dict(classifier.model.named_children())
    network = nn.Sequential(parts["normalise"], parts["network"])
    with torch.no_grad():
        expected, unshuffled = network(in_order(digits, order)), network(pixels(digits))
    found = classifier.logits(digits.test.images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(found, unshuffled, rtol=1e-4, atol=1e-5)
    assert read_card(run.path).shuffle_pixels == run.recipe.model.shuffle_pixels == 5
    plain = Classifier.load(runs["plain"])
    assert list(dict(plain.model.named_children())) == ["normalise", "network"]


def test_where_pixels_stay_no_file_speaks_of_it(runs: dict[str, Run]) -> None:
    def spoken(run: Run) -> list[bool]:
        kept = load_file(run.path / "model.safetensors")
        texts = [(run.path / name).read_text("utf-8") for name in ("recipe.yaml", "model.json")]
        return ["shuffle.order" in kept, *("shuffle_pixels" in text for text in texts)]

    assert spoken(runs["plain"]) == [False] * 3
    assert spoken(runs["shuffled"]) == [True] * 3  # control


class Own(nn.Module):
    """A user's network, which counts on torch's order in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 4, 3)
        self.output = nn.Linear(4 * 36, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        maps = self.layer(pictures).relu()
        logits: torch.Tensor = self.output(maps.view(maps.shape[0], -1))
        return logits


@pytest.mark.slow
def test_the_graph_of_a_users_network_shuffles_too(digits: ImageData, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    recipe = make_recipe({"model": {"name": "my_net:Own", "shuffle_pixels": 5}, "epochs": 1})
    run = fit(recipe, data=digits, module=Own(), output=tmp_path / "own")
    assert (run.path / "model.onnx").is_file()
    by_graph = Classifier.load(run).logits(digits.test.images)
    by_code = Classifier.load(run, Own()).logits(digits.test.images)
    np.testing.assert_allclose(by_graph, by_code, rtol=1e-3, atol=1e-4)


def test_no_training_begins_with_weights_of_shuffled_pixels(runs: dict[str, Run]) -> None:
    def begun(name: str) -> Start:
        return start_of(make_recipe({"model": "cnn", "pretrained": str(runs[name].path)}))

    with pytest.raises(UsageError, match="shuffled: learned from shuffled pixels"):
        begun("shuffled")
    assert begun("plain").way == "finetune"
