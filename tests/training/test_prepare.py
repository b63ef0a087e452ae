"""From a recipe to what the loop works with."""

import time
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.models.catalogue import build
from retinue.models.fast import WhiteningConv2d
from retinue.models.weights import ModelCard
from retinue.recipe import make_recipe
from retinue.training import prepare
from retinue.training.defaults import choose
from retinue.training.loop import Training
from retinue.training.muon import Muon
from retinue.training.prepare import make_training, resolve_device

CPU = torch.device("cpu")
FAST = {"name": "fast", "width": 4}


def prepared(
    data: ImageData, module: nn.Module | None = None, **settings: Any
) -> tuple[Training, ModelCard]:
    given = {"model": "softmax", "precision": "fp32", **settings}
    recipe, _ = choose(make_recipe(data.loaded_with, given), data)
    made = make_training(recipe, data, CPU, module)
    return made.training, made.card


def arrays(count: int, side: int, channels: int = 3) -> ImageData:
    """Pictures in which neighbouring pixels are alike."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (count, side // 2, side // 2, channels), dtype=np.uint8)
    return load_data((coarse.repeat(2, 1).repeat(2, 2), np.arange(count) % 3))


# The settings of the loop.


def test_the_loop_gets_what_the_recipe_says(digits: ImageData) -> None:
    settings: dict[str, Any] = {
        "epochs": 1.5, "seed": 4, "clip": 2.0, "time_limit": 60, "slice_size": 9, "batch_size": 30,
        "progressive": "6:0.5", "label_smoothing": 0.3,
    }  # fmt: skip
    training, _ = prepared(digits, model=FAST, **settings)
    found = (training.epochs, training.seed, training.clip, training.time_limit)
    assert found == (1.5, 4, 2.0, 60.0)
    assert (training.slice_size, training.progressive) == (9, ((6, 0.5),))
    assert training.loss.label_smoothing == 0.3
    assert training.batches.steps(0) == 6
    assert (training.precision, training.device) == ("fp32", CPU)
    assert isinstance(training.optimiser, Muon)


def test_the_rate_is_the_peak_times_the_schedule(digits: ImageData) -> None:
    training, _ = prepared(digits, lr=0.4, schedule="linear", warmup=0.2)
    found = [training.rate(progress) for progress in (0.0, 0.1, 0.2, 0.6, 1.0)]
    assert found == pytest.approx([0.4 / 25, 0.4 * 13 / 25, 0.4, 0.2, 0.0])


def test_pictures_are_mixed_where_the_recipe_says_so(digits: ImageData) -> None:
    _, labels = next(prepared(digits, mixup=0.5)[0].batches.epoch(0))
    assert labels.shape[1:] == (10,)
    assert (labels.max(1).values < 0.999).any()
    _, plain = next(prepared(digits)[0].batches.epoch(0))
    assert plain.ndim == 1


@pytest.mark.parametrize("model", [FAST, "cnn", "softmax"])
def test_the_network_lies_in_memory_pixel_by_pixel(digits: ImageData, model: Any) -> None:
    training, _ = prepared(digits, model=model)
    for weight in training.model.parameters():
        if weight.ndim == 4:
            assert weight.is_contiguous(memory_format=torch.channels_last)


def test_the_card_describes_the_network(digits: ImageData) -> None:
    training, card = prepared(digits, model=FAST, views="shift")
    assert (card.name, card.arguments["width"], card.views) == ("fast", 4, "shift")
    assert card.classes == digits.classes
    assert card.parameters == sum(weight.numel() for weight in training.model.parameters())
    rebuilt = card.build().state_dict()
    state = training.model.state_dict()
    assert {key: value.shape for key, value in rebuilt.items()} == {
        key: value.shape for key, value in state.items()
    }


def test_preparing_counts_as_training(digits: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*args: Any, **keywords: Any) -> nn.Sequential:
        time.sleep(0.1)
        return build(*args, **keywords)

    quick, _ = prepared(digits)
    monkeypatch.setattr(prepare, "build", slowly)
    training, _ = prepared(digits)
    assert quick.seconds > 0
    assert 0.1 <= training.seconds < 5


# Averages.


def test_weights_are_averaged_where_a_decay_is_given(digits: ImageData) -> None:
    plain, _ = prepared(digits, model=FAST)
    assert plain.average is None
    assert plain.judged is plain.model
    training, _ = prepared(digits, model=FAST, ema=0.9)
    assert training.average is not None
    assert training.judged is training.average.module
    judged, model = training.judged.state_dict(), training.model.state_dict()
    assert list(judged) == list(model)
    for name, value in judged.items():
        assert torch.equal(value, model[name])
        assert value.data_ptr() != model[name].data_ptr()


# Whitening.


def whitening(training: Training) -> WhiteningConv2d:
    layers = [each for each in training.model.modules() if isinstance(each, WhiteningConv2d)]
    assert len(layers) == 1
    return layers[0]


def normalised(pictures: Any) -> Tensor:
    """(N, H, W, C) to (N, C, H, W) of mean 0 and deviation 1 in each channel, by NumPy."""
    pixels = pictures.astype(np.float64)
    white = (pixels - pixels.mean((0, 1, 2))) / pixels.std((0, 1, 2))
    return torch.from_numpy(white.transpose(0, 3, 1, 2)).float()


@pytest.mark.parametrize("channels", [1, 3])
def test_the_filters_come_from_the_normalised_training_pictures(channels: int) -> None:
    data = arrays(60, 12, channels)
    expected = WhiteningConv2d(channels)
    expected.fit(normalised(data.train.images))
    found = whitening(prepared(data, model=FAST)[0]).weight
    torch.testing.assert_close(found, expected.weight, rtol=1e-3, atol=1e-4)
    expected.fit(torch.from_numpy(data.train.images).permute(0, 3, 1, 2))
    assert (found - expected.weight).abs().max() > 0.01  # control: the pixels as they are


def test_the_filters_of_photos_come_from_their_centres() -> None:
    data = arrays(24, 80)
    assert data.preprocess.stored != data.preprocess.size
    training, _ = prepared(data, model=FAST)
    centres = data.preprocess.centre(data.train.images)
    assert centres.shape[1:3] == data.size
    layer = whitening(training)
    expected = WhiteningConv2d(3, layer.stride[0])
    pictures = torch.from_numpy(np.ascontiguousarray(centres)).permute(0, 3, 1, 2)
    expected.fit(training.model.get_submodule("normalise")(pictures))
    torch.testing.assert_close(layer.weight, expected.weight, rtol=1e-3, atol=1e-4)


def test_of_many_pictures_some_show_how_they_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    data = arrays(120, 8)
    whole = whitening(prepared(data, model=FAST)[0]).weight
    monkeypatch.setattr(prepare, "WHITENED", 31)
    training, _ = prepared(data, model=FAST)
    spread = np.linspace(0, len(data.train) - 1, 31).astype(int)
    pictures = torch.from_numpy(data.train.images[spread]).permute(0, 3, 1, 2)
    expected = WhiteningConv2d(3)
    expected.fit(training.model.get_submodule("normalise")(pictures))
    torch.testing.assert_close(whitening(training).weight, expected.weight)
    assert (whitening(training).weight - whole).abs().max() > 0.01  # control


def test_initial_weights_do_not_depend_on_the_pictures(digits: ImageData) -> None:
    other = load_data("digits", limit_per_class=7)
    one, two = (prepared(data, model=FAST)[0].model.state_dict() for data in (digits, other))
    differing = {name for name in one if not torch.equal(one[name], two[name])}
    assert "network.features.whiten.weight" in differing
    assert {name.partition(".")[0] for name in differing} <= {"normalise", "network"}
    assert not any("block" in name or "head" in name for name in differing)


# The loss.


def uneven(digits: ImageData) -> ImageData:
    """Of three digits there are a third of the pictures."""
    keep = np.flatnonzero((digits.test.labels > 2) | (np.arange(len(digits.test)) % 3 == 0))
    return load_data((digits.test.images[keep], digits.test.labels[keep]))


def test_class_weights_are_scikit_learn_s_balanced_ones(digits: ImageData) -> None:
    data = uneven(digits)
    training, _ = prepared(data, class_weights="balanced")
    labels = data.train.labels
    expected = compute_class_weight("balanced", classes=np.arange(10), y=labels)
    assert training.loss.weight is not None
    assert training.loss.weight.tolist() == pytest.approx(expected.tolist(), rel=1e-6)
    assert max(expected) > 2 * min(expected)


def test_without_class_weights_all_count_alike(digits: ImageData) -> None:
    assert prepared(digits)[0].loss.weight is None


# Devices.


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta:x"])
def test_a_device_that_is_not_here_is_refused(device: str) -> None:
    with pytest.raises(UsageError, match=f"--device {device}: not on this machine"):
        resolve_device(device)


class Viewing(nn.Module):
    """A network as many students write it: `view` wants its input in torch's own order."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.output = nn.Linear(4 * 64, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.conv(pictures)
        logits: torch.Tensor = self.output(maps.view(maps.size(0), -1))
        return logits


def test_a_network_with_view_can_be_trained(digits: ImageData) -> None:
    given = {"augment": "none", "model": "mine:Viewing"}
    recipe, _ = choose(make_recipe(digits.loaded_with, given), digits)
    training = make_training(recipe, digits, CPU, Viewing()).training
    images, labels = next(training.batches.epoch(0))
    loss = nn.functional.cross_entropy(training.model(images), labels)
    loss.backward()
    network: nn.Module = training.model.get_submodule("network")
    other = images.float().to(memory_format=torch.channels_last)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with pytest.raises(RuntimeError, match="view"):  # the control: the other order fails
        network(other)
