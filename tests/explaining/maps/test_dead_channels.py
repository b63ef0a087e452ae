import json

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from retinue.data.imagedata import Split
from retinue.errors import UsageError
from retinue.explaining.maps.dead_channels import dead_channels
from retinue.images import Preprocess
from retinue.models.blocks import named
from retinue.models.catalogue import wrap
from retinue.prediction.classifier import Classifier
from tests.explaining.map_cases import all_edges_are_white, built, classifier_of, in_one, state_of


def planted() -> nn.Module:
    """Channels: always dead, active where a picture is bright somewhere, always active."""
    conv = nn.Conv2d(1, 3, 1)
    conv.weight.data = torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1, 1)
    conv.bias.data = torch.tensor([-1.0, -1.0, 1.0])  # type: ignore[union-attr]
    return named(conv=conv, act=nn.ReLU(), flat=nn.Flatten(), out=nn.Linear(3 * 16, 10))


def pictures() -> NDArray[np.uint8]:
    """Five pictures of 4x4, of which the first two have one bright pixel."""
    images = np.full((5, 4, 4, 1), 120, np.uint8)
    images[0, 0, 0], images[1, 3, 2] = 255, 255
    return images


def test_planted_channels_are_found() -> None:
    classifier = classifier_of(planted(), channels=1, size=(4, 4))
    before = state_of(classifier.model)
    found = dead_channels(classifier, pictures(), "act")
    assert found.dead.tolist() == [0]
    assert found.active.tolist() == [0, 0.4, 1]
    np.testing.assert_allclose(found.zeros, [1, 1 - 2 / 80, 0])
    assert found.pictures == 5
    assert state_of(classifier.model) == before
    text = in_one(found.figure())
    assert "1 of 3 channels is zero everywhere: 0." in text
    assert "dead: 1" in text


def test_one_picture_would_call_more_of_them_dead() -> None:
    classifier = classifier_of(planted(), channels=1, size=(4, 4))
    assert dead_channels(classifier, pictures()[2:3], "act").dead.tolist() == [0, 1]


def test_before_the_activation_nothing_is_dead() -> None:
    found = dead_channels(classifier_of(planted(), channels=1, size=(4, 4)), pictures(), "conv")
    assert not len(found.dead)


def test_batches_and_kinds_of_pictures_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier, images = built("cnn", size=(16, 16)), noise(9, 16)
    whole = dead_channels(classifier, images, "features.act2")
    split = Split(images, np.arange(9), np.zeros(9, np.int64), [""] * 9, [""] * 9, [""] * 9)
    monkeypatch.setattr("retinue.prediction.classifier.batch_of", lambda size: 4)
    for given in (images, split):
        again = dead_channels(classifier, given, "features.act2")
        np.testing.assert_allclose(again.active, whole.active)
        np.testing.assert_allclose(again.zeros, whole.zeros, atol=1e-4)
    assert 0 < whole.zeros.mean() < 1


def noise(number: int, side: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (number, side, side, 3), dtype=np.uint8)


def test_stored_pictures_are_brought_to_the_size_of_the_network() -> None:
    network = wrap(planted(), [120.0], [60.0])
    rules = Preprocess((4, 4), (6, 6), "crop", 1)
    larger = np.full((5, 6, 6, 1), 255, np.uint8)  # bright only where it is cut off
    larger[:, 1:5, 1:5] = pictures()
    found = dead_channels(Classifier(network, ["a"] * 10, rules), larger, "act")
    assert found.active.tolist() == [0, 0.4, 1]


def test_a_layer_without_zeros_says_so_and_units_can_be_dead_too() -> None:
    network = named(flat=nn.Flatten(), hidden=nn.Linear(48, 4), act=nn.ReLU())
    network.hidden.bias.data = torch.tensor([0.0, -1e6, 0.0, 1e6])  # type: ignore[union-attr]
    classifier = classifier_of(network, size=(4, 4), classes=4)
    found = dead_channels(classifier, noise(6, 4), "act")
    assert found.dead.tolist() == [1]
    smooth = dead_channels(classifier, noise(6, 4), "hidden")
    assert not len(smooth.dead)
    assert "nothing in this layer switches channels off" in in_one(smooth.figure())


def test_numbers_are_json_and_nothing_is_cut_off() -> None:
    classifier = built("fast")
    found = dead_channels(classifier, noise(3, 32), "features.block2.act1")
    told = found.as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["channels"], told["pictures"]) == (128, 3)
    assert all_edges_are_white(found.figure())
    assert found._repr_html_().startswith("<img")


def test_without_pictures_there_is_nothing_to_say() -> None:
    classifier = classifier_of(planted(), channels=1, size=(4, 4))
    with pytest.raises(UsageError, match="there are none"):
        dead_channels(classifier, pictures()[:0], "act")
    with pytest.raises(UsageError, match="no such layer"):
        dead_channels(classifier, pictures(), "nothing")
