"""What the last linear layer gets: found in every network, and what the logits are made of."""

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.embedding.penultimate import last_linear, penultimate
from retinue.images import Preprocess
from retinue.models.backbones import CERTIFIED
from retinue.models.catalogue import MODELS, build, build_network, wrap
from retinue.models.heads import head_of
from retinue.prediction.classifier import Classifier
from retinue.prediction.views import VIEWS
from tests.models.test_heads import Everywhere

NAMES = ("ant", "bee", "cat", "dog", "eel")


def classifier_of(model: nn.Module, side: int = 32, views: str = "one") -> Classifier:
    rules = Preprocess((side, side), (side, side), "crop", 3)
    return Classifier(model, NAMES, rules, views=views)


def built(name: str, side: int = 32) -> nn.Sequential:
    torch.manual_seed(0)
    return build(
        name, classes=5, channels=3, size=(side, side), arguments={},
        mean=[120.0] * 3, std=[60.0] * 3,
    )  # fmt: skip


def pixels(count: int, side: int = 32) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def logits_of(layer: nn.Module, features: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return np.asarray(layer(torch.from_numpy(features)).numpy())


@pytest.mark.parametrize("name", MODELS)
def test_of_every_network_of_the_catalogue_the_logits_are_made_of_it(name: str) -> None:
    model = built(name)
    found = penultimate(classifier_of(model), pixels(3))
    assert found.layer == "head.output"
    made = logits_of(model.get_submodule("network.head.output"), found.features)
    np.testing.assert_allclose(made, found.logits, rtol=1e-4, atol=1e-5)
    assert not np.allclose(found.features[0], found.features[1]), "the control: pictures differ"


@pytest.mark.parametrize("name", [*CERTIFIED, "timm/convnext_atto"])
def test_of_others_networks_it_is_the_head_that_transfer_replaces(name: str) -> None:
    size = (299, 299) if name == "inception_v3" else (224, 224)
    with torch.device("meta"):  # shapes are enough here, and cost nothing
        network = build_network(name, 5, 3, size, {}).eval()
    expected = head_of(network, name, 5, 3, size, {})
    layer, linear = last_linear(network, 3, size, 5)
    assert layer == expected.layer
    assert linear is network.get_submodule(layer)


def test_a_network_whose_layers_work_in_place_gives_what_it_computes() -> None:
    model = built("resnet18", 64)
    found = penultimate(classifier_of(model, 64), pixels(2, 64))
    network: Any = model[1]
    with torch.no_grad():
        maps = model[0](torch.from_numpy(pixels(2, 64)).permute(0, 3, 1, 2))
        for part in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"):
            maps = getattr(network, part)(maps)
    np.testing.assert_allclose(found.features, maps.mean((2, 3)).numpy(), rtol=1e-3, atol=1e-5)
    assert network.relu.inplace


@pytest.mark.parametrize("views", VIEWS)
def test_several_views_are_averaged_as_their_logits_are(views: str) -> None:
    model = built("lenet")
    found = penultimate(classifier_of(model, views=views), pixels(3))
    assert found.features.shape == (3, 84)
    made = logits_of(model.get_submodule("network.head.output"), found.features)
    np.testing.assert_allclose(made, found.logits, rtol=1e-4, atol=1e-5)
    if views != "one":
        plain = penultimate(classifier_of(model), pixels(3))
        assert not np.allclose(plain.features, found.features), "the control: views differ"


def test_many_batches_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = penultimate(classifier_of(built("lenet"), views="flip"), pixels(7))
    monkeypatch.setattr("retinue.prediction.classifier.BATCH", 3)
    parts = penultimate(classifier_of(built("lenet"), views="flip"), pixels(7))
    np.testing.assert_allclose(parts.features, whole.features, rtol=1e-4, atol=1e-5)
    assert penultimate(classifier_of(built("lenet")), pixels(0)).features.shape == (0, 84)


# --- a user's own


def own(**layers: nn.Module) -> Classifier:
    network = nn.Sequential(OrderedDict(layers))
    return classifier_of(wrap(network, [0.0] * 3, [1.0] * 3), 8)


def test_of_a_user_s_network_the_last_linear_layer_that_runs_is_taken() -> None:
    found = penultimate(
        own(flat=nn.Flatten(), fc1=nn.Linear(192, 5), act=nn.ReLU(), fc2=nn.Linear(5, 5)),
        pixels(2, 8),
    )
    assert (found.layer, found.features.shape) == ("fc2", (2, 5))
    found = penultimate(own(flat=nn.Flatten(), fc=nn.Linear(192, 5)), pixels(2, 8))
    np.testing.assert_array_equal(found.features, pixels(2, 8).transpose(0, 3, 1, 2).reshape(2, -1))


class Gated(nn.Module):
    """A layer made after the head, and called with its input by name."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.gate = nn.Linear(3, 5), nn.Linear(3, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 5)."""
        means = pictures.mean((2, 3))
        logits: Tensor = self.head(input=means * self.gate(means))
        return logits


def test_what_is_called_by_name_and_made_in_another_order_is_found() -> None:
    found = penultimate(classifier_of(wrap(Gated(), [0.0] * 3, [1.0] * 3), 8), pixels(2, 8))
    assert found.layer == "head"


def test_a_layer_that_gets_more_than_a_vector_a_picture_is_refused() -> None:
    def classifier(times: int) -> Classifier:
        return classifier_of(wrap(Everywhere(times), [0.0] * 3, [1.0] * 3), 8)

    assert penultimate(classifier(1), pixels(2, 8)).layer == "fc"  # control
    for times in (0, 2):
        with pytest.raises(UsageError, match=r"^layer fc gets more than one vector a picture"):
            penultimate(classifier(times), pixels(2, 8))


def test_a_network_without_a_linear_layer_is_refused_and_left_without_hooks() -> None:
    classifier = own(conv=nn.Conv2d(3, 5, 8), flat=nn.Flatten())
    with pytest.raises(UsageError, match="no linear layer with an output for each of its 5 clas"):
        penultimate(classifier, pixels(2, 8))
    assert not any(part._forward_pre_hooks for part in classifier.model.modules())
