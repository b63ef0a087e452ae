import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.maps.filters import Filters, filters
from retinue.models.blocks import named
from retinue.plotting.inside.filters import rgb
from tests.explaining.map_cases import all_edges_are_white, built, in_one, state_of, words_of


def conv_of(weights: Any, bias: bool = False, groups: int = 1) -> nn.Conv2d:
    """A convolution with these weights."""
    values = torch.tensor(weights, dtype=torch.float32)
    number, inputs, height, width = values.shape
    conv = nn.Conv2d(inputs * groups, number, (height, width), bias=bias, groups=groups)
    conv.weight.data = values
    return conv


def test_weights_are_those_of_the_layer_and_no_view_of_them() -> None:
    model = built("lenet", channels=1, size=(28, 28)).model
    found = filters(model)
    conv = model.get_submodule("network.features.conv1")
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    assert np.array_equal(found.weights, conv.weight.detach().numpy())
    assert found.bias is not None
    assert np.array_equal(found.bias, conv.bias.detach().numpy())
    assert (found.layer, found.kind) == ("features.conv1", "Conv2d 5x5, 6")
    before = state_of(model)
    found.weights[:] = 0
    assert state_of(model) == before


def test_numberare_sorted_by_their_norm_and_keep_their_numbers() -> None:
    weights = np.zeros((4, 3, 2, 2))
    weights[0, 0, 0, 0], weights[1, :, 0, 0], weights[3] = 1, [2, 2, 1], -1
    found = filters(conv_of(weights), most=3)
    np.testing.assert_allclose(found.norms, [1, 3, 0, np.sqrt(12)])
    assert found.order.tolist() == [3, 1, 0, 2]
    assert found.shown.tolist() == [3, 1, 0]
    assert [row["filter"] for row in found.as_dict()["shown"]] == [3, 1, 0]
    words = words_of(found.figure())
    assert {"filter 3", "filter 1", "filter 0", "norm 3"} <= set(words)
    assert "filter 2" not in words
    assert "3 of 4 filters of 2x2 weights for each of 3 inputs" in " ".join(words)


def test_one_scale_serves_the_layer() -> None:
    weights = np.zeros((2, 3, 1, 1))
    weights[0, :, 0, 0], weights[1, :, 0, 0] = [4, -4, 0], [1, 2, -1]
    found = filters(conv_of(weights))
    assert (found.view, found.limit) == ("rgb", 4)
    pictures = rgb(found.weights, found.limit)
    assert pictures[0, 0, 0].tolist() == [255, 0, 128]
    assert pictures[1, 0, 0].tolist() == [159, 191, 96]
    own = np.stack([rgb(one[None], float(np.abs(one).max()))[0] for one in found.weights])
    assert not np.array_equal(own, pictures), "the check would notice a scale for each filter"
    assert "mid-grey is zero" in in_one(found.figure())


def test_weights_that_are_not_finite_are_grey_and_no_limit() -> None:
    weights = np.ones((2, 3, 2, 2))
    weights[0, 1, 0, 0], weights[1, 0, 0, 0] = np.nan, np.inf
    found = filters(conv_of(weights))
    assert found.limit == 1
    assert rgb(found.weights, found.limit)[0, 0, 0].tolist() == [138] * 3
    assert "2 weights not finite, drawn grey." in words_of(found.figure())
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["shown"][0]["norm"] is None


def test_a_layer_of_zeros_can_be_drawn() -> None:
    found = filters(conv_of(np.zeros((2, 3, 2, 2))))
    assert found.limit == 1
    assert (rgb(found.weights, found.limit) == 128).all()


@pytest.mark.parametrize(
    ("shape", "groups", "view", "text"),
    [
        ((8, 3, 3, 3), 1, "rgb", "8 filters of 3x3 weights for each of 3 inputs"),
        ((8, 1, 5, 5), 1, "channel", "8 filters of 5x5 weights for one input"),
        ((8, 1, 3, 3), 8, "channel", "3x3 weights for one input, in 8 groups"),
        ((8, 20, 3, 2), 1, "norm", "norm of the weights over all 20 inputs"),
        ((8, 20, 1, 1), 1, "channel", "one weight for each of 20 inputs"),
        ((1, 2, 1, 1), 1, "channel", "1 filter of one weight for each of 2 inputs"),
    ],
)
def test_the_usual_view_depends_on_what_a_filter_sees(
    shape: tuple[int, ...], groups: int, view: str, text: str
) -> None:
    weights = np.random.default_rng(0).normal(size=shape)
    found = filters(conv_of(weights, groups=groups))
    assert (found.view, found.groups) == (view, groups)
    figure = found.figure()
    assert text in in_one(figure)
    assert all_edges_are_white(figure)


def test_deep_numberby_input_show_where_they_are_strongest() -> None:
    weights = np.zeros((3, 12, 3, 3))
    weights[1, 7], weights[1, 2], weights[0, 0] = 2, 1, 0.5
    found = filters(conv_of(weights), view="channel", most=16)
    words = words_of(found.figure())
    assert [word for word in words if word.startswith("filter ")][:2] == [
        "filter 1, input 7",
        "filter 1, input 2",
    ]
    assert "2 of 3 filters" in " ".join(words)
    assert "the 8 inputs for which its weights are strongest" in " ".join(words)


def test_the_norm_over_the_inputs_is_as_defined() -> None:
    weights = np.random.default_rng(0).normal(size=(5, 7, 3, 3)).astype(np.float32)
    found = filters(conv_of(weights))
    wanted = torch.linalg.vector_norm(torch.from_numpy(weights), dim=1).numpy()
    np.testing.assert_allclose(found.over_inputs, wanted, rtol=1e-5)
    assert found.limit == pytest.approx(float(wanted.max()))


def test_bias_and_frozen_are_stated() -> None:
    conv = conv_of(np.ones((2, 3, 2, 2)), bias=True)
    conv.bias.data = torch.tensor([-0.5, 2.0])  # type: ignore[union-attr]
    text = in_one(filters(conv).figure())
    assert "Bias from −0.5 to 2." in text
    assert "bias −0.5" in text
    assert "Frozen" not in text
    conv.requires_grad_(False)
    assert "Frozen: training leaves these weights as they are." in in_one(filters(conv).figure())
    white = filters(built("fast").model)
    assert (white.layer, white.frozen, white.bias) == ("features.whiten", True, None)
    assert "No bias." in in_one(white.figure())
    assert not filters(built("fast").model, "features.block1.conv1").frozen


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("cnn", None, (32, 3, 3, 3)),
        ("resnet-small", "features.stage2.block1.shortcut.conv", (32, 16, 1, 1)),
        ("efficientnet_lite0", "features.stage2_block1.body.filter.conv", (96, 1, 3, 3)),
        ("resnet18", None, (64, 3, 7, 7)),
        ("mobilenet_v3_small", "features.1.block.0.0", (16, 1, 3, 3)),
    ],
)
def test_convolutions_of_all_networks_can_be_seen(
    name: str, layer: str | None, shape: tuple[int, ...]
) -> None:
    found = filters(built(name, size=(64, 64)).model, layer)
    assert found.weights.shape == shape
    assert f"Filters of {found.layer}" in in_one(found.figure())


def test_what_has_no_numberis_refused() -> None:
    model = built("cnn").model
    with pytest.raises(UsageError, match=r"--layer features.act1: is ReLU, which has no filters"):
        filters(model, "features.act1")
    with pytest.raises(UsageError, match=r"--layer features.conv99: .*no such layer"):
        filters(model, "features.conv99")
    with pytest.raises(UsageError, match="no two-dimensional convolution"):
        filters(built("mlp").model)
    with pytest.raises(UsageError, match=r"--view rgb: .*32 channels, not 3"):
        filters(model, "features.conv2", view="rgb")
    with pytest.raises(UsageError, match="--view x: is rgb"):
        filters(model, view="x")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--most 0"):
        filters(model, most=0)


def test_a_layer_is_named_as_the_others_are() -> None:
    model = built("cnn").model
    assert filters(model, "network.features.conv2").layer == "features.conv2"


def test_numbers_are_json_and_the_html_carries_the_picture() -> None:
    found = filters(built("cnn").model, most=4)
    told = found.as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["filters"], len(told["shown"]), told["shape"]) == (32, 4, [32, 3, 3, 3])
    assert found._repr_html_().startswith("<img")


@pytest.mark.parametrize("name", ["$x$", "<b>", "שלום", "😀", "l" * 500])
def test_names_of_any_kind_can_be_drawn(name: str) -> None:
    network = named(first=nn.Conv2d(3, 2, 2))
    network.add_module(name, nn.Conv2d(2, 2, 2))
    found: Filters = filters(network, name)
    assert all_edges_are_white(found.figure())
