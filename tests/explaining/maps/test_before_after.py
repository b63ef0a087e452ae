import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from retinue.errors import UsageError
from retinue.explaining.maps.before_after import before_and_after
from retinue.models.blocks import named
from tests.explaining.map_cases import (
    all_edges_are_white,
    built,
    classifier_of,
    in_one,
    noise_picture,
    normalised,
    state_of,
)


def network() -> nn.Module:
    """A pooling and a batch norm with statistics of its own; the activations work in place."""
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(4)
    norm.running_mean, norm.running_var = torch.randn(4), torch.rand(4) / 100
    return named(
        conv=nn.Conv2d(3, 4, 3),
        act=nn.ReLU(inplace=True),
        pool=nn.MaxPool2d(2),
        norm=norm,
        last=nn.ReLU(inplace=True),
        flat=nn.Flatten(),
        out=nn.Linear(36, 10),
    )


def test_pooling_and_batch_norm_are_what_torch_makes_of_their_input() -> None:
    net, picture = network(), noise_picture(size=(8, 8))
    classifier = classifier_of(net)
    state = net.state_dict()
    conv = F.conv2d(normalised(picture), state["conv.weight"], state["conv.bias"])
    pooled = F.max_pool2d(F.relu(conv), 2)
    normed = F.batch_norm(pooled, state["norm.running_mean"], state["norm.running_var"])
    steps = {"act": (conv, F.relu(conv)), "pool": (F.relu(conv), pooled), "norm": (pooled, normed)}
    before = state_of(classifier.model)
    for name, (given, made) in steps.items():
        found = before_and_after(classifier, picture, name)
        np.testing.assert_allclose(found.before, given[0].numpy(), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.after, made[0].numpy(), rtol=1e-3, atol=1e-3)
    assert state_of(classifier.model) == before


def test_a_plain_hook_would_show_an_activation_in_place_of_its_input() -> None:
    net, picture = network(), noise_picture(size=(8, 8))
    classifier = classifier_of(net)
    kept: list[torch.Tensor] = []
    act = net.get_submodule("act")
    hook = act.register_forward_hook(lambda _, given, __: kept.append(given[0]))
    with torch.no_grad():
        classifier.model(picture.batch)
    hook.remove()
    assert kept[0].min() == 0 > before_and_after(classifier, picture, "act").before.min()


def test_sizes_means_and_deviations_are_stated() -> None:
    found = before_and_after(classifier_of(network()), noise_picture(size=(8, 8)), "pool")
    told = found.as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["before"]["size"], told["after"]["size"]) == ([6, 6], [3, 3])
    assert told["shown"][1]["after"]["mean"] == pytest.approx(float(found.after[1].mean()), 1e-5)
    assert told["after"]["deviation"] == pytest.approx(float(found.after.std()), 1e-5)
    text = in_one(found.figure())
    assert "before: 6x6, mean" in text
    assert "after: 3x3, mean" in text
    assert "1 before" in text
    assert found._repr_html_().startswith("<img")


def test_one_scale_where_the_sides_are_alike_and_two_where_they_are_not() -> None:
    classifier, picture = classifier_of(network()), noise_picture(size=(8, 8))
    pool = before_and_after(classifier, picture, "pool")
    assert pool.limits[0] == pool.limits[1]
    assert "One scale for both sides." in in_one(pool.figure())
    norm = before_and_after(classifier, picture, "norm")
    assert norm.limits[1] > 2 * norm.limits[0]
    assert "Each side has a scale of its own." in in_one(norm.figure())


def test_few_of_many_channels_are_the_strongest_afterwards() -> None:
    classifier, picture = built("fast"), noise_picture()
    found = before_and_after(classifier, picture, "features.block2.pool", most=6)
    strength = (found.after.astype(np.float64) ** 2).mean(axis=(1, 2))
    assert found.shown.tolist() == sorted(np.argsort(-strength)[:6].tolist())
    figure = found.figure()
    assert "6 of 128 channels" in in_one(figure)
    assert all_edges_are_white(figure)


@pytest.mark.parametrize("layer", ["conv", "out", "flat"])
def test_a_layer_that_does_not_keep_maps_is_refused(layer: str) -> None:
    with pytest.raises(UsageError, match=f"--layer {layer}: is .*take a pooling, a batch norm"):
        before_and_after(classifier_of(network()), noise_picture(size=(8, 8)), layer)


def test_at_least_one_channel_is_shown() -> None:
    with pytest.raises(UsageError, match="--most 0"):
        before_and_after(classifier_of(network()), noise_picture(size=(8, 8)), "pool", most=0)
