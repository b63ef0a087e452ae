import copy
import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from retinue.errors import ImpossibleNetworkError, UsageError
from retinue.models.blocks import named
from retinue.models.catalogue import MODELS
from retinue.models.describe import LayerRow, describe, kind


def test_the_rows_of_a_small_network() -> None:
    network = named(
        conv=nn.Conv2d(1, 4, 3, 2, bias=False), flatten=nn.Flatten(), out=nn.Linear(36, 5)
    )
    described = describe(network, 1, (8, 8))
    assert described.rows == [
        LayerRow("conv", "Conv2d 3x3, 4, stride 2", (4, 3, 3), 36, 36 * 9, (3, 3)),
        LayerRow("flatten", "Flatten", (36,), 0, 0, None),
        LayerRow("out", "Linear 5", (5,), 185, 180, None),
    ]
    assert described.input == (1, 8, 8)
    assert (described.parameters, described.multiply_adds) == (221, 36 * 9 + 180)
    assert described.bytes == 221 * 4


@pytest.mark.parametrize("name", MODELS)
def test_multiply_adds_are_half_of_what_torch_counts(name: str) -> None:
    network = MODELS[name].factory(10, 3, (32, 32)).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, 32, 32))
    described = describe(network, 3, (32, 32))
    assert described.multiply_adds == counter.get_total_flops() / 2
    assert sum(row.parameters for row in described.rows) == described.parameters


def test_grouped_convolutions_and_linear_layers_on_maps() -> None:
    network = nn.Sequential(nn.Conv2d(4, 8, 3, groups=4), nn.Linear(6, 5))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 4, 8, 8))
    assert describe(network, 4, (8, 8)).multiply_adds == counter.get_total_flops() / 2


def test_frozen_parameters_are_not_trainable_and_buffers_are_bytes() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    network[0].requires_grad_(False)
    described = describe(network, 1, (4, 4))
    assert (described.parameters, described.trainable_parameters) == (20 + 4, 4)
    assert described.bytes == (20 + 4 + 4) * 4 + 8  # the count of batches is an int64


def test_nothing_is_changed() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.ReLU())
    network[1].eval()
    before, random = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    describe(network, 1, (6, 6))
    assert [part.training for part in network] == [True, False, True, True]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    hooks = [(*part._forward_hooks, *part._forward_pre_hooks) for part in network.modules()]
    assert not any(hooks)


def test_a_layer_used_twice_has_two_rows_and_its_parameters_once() -> None:
    layer = nn.Conv2d(1, 1, 3, padding=1)
    described = describe(nn.Sequential(layer, nn.ReLU(), layer), 1, (4, 4))
    assert [row.parameters for row in described.rows] == [10, 0, 0]
    assert [row.multiply_adds for row in described.rows] == [144, 0, 144]
    assert described.parameters == 10


class WithToken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(3))
        self.act = nn.ReLU()

    def forward(self, pictures: Tensor) -> Tensor:
        result: Tensor = self.act(pictures + self.token[0])
        return result


def test_parameters_outside_of_layers_are_in_the_total() -> None:
    described = describe(WithToken(), 1, (4, 4))
    assert described.parameters == 3
    assert [row.parameters for row in described.rows] == [0]


def test_a_single_layer_and_one_without_weights() -> None:
    assert [row.kind for row in describe(nn.Conv2d(1, 2, 3), 1, (4, 4)).rows] == ["Conv2d 3x3, 2"]
    assert describe(nn.ReLU(), 1, (4, 4)).bytes == 0


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(1, 8, (3, 5), (1, 2)), "Conv2d 3x5, 8, stride 1x2"),
        (nn.MaxPool2d(2), "MaxPool2d 2x2"),
        (nn.AvgPool2d(3, 2), "AvgPool2d 3x3, stride 2"),
        (nn.BatchNorm2d(8), "BatchNorm2d 8"),
        (nn.Dropout(0.25), "Dropout 0.25"),
        (nn.GELU(), "GELU"),
    ],
)
def test_kinds(layer: nn.Module, text: str) -> None:
    assert kind(layer) == text


def test_as_dict_is_json() -> None:
    described = describe(nn.Conv2d(1, 2, 3), 1, (4, 4))
    value: dict[str, Any] = described.as_dict()
    assert json.loads(json.dumps(value)) == value
    assert value["rows"][0]["receptive_field"] == [3, 3]


def test_a_layer_that_runs_out_of_pixels_is_named() -> None:
    network = named(conv=nn.Conv2d(1, 1, 3), pool=nn.MaxPool2d(4))
    network.train()
    with pytest.raises(ImpossibleNetworkError, match=r"layer pool \(kernel 4x4, .* input is 2x2"):
        describe(network, 1, (4, 4))
    assert network.training


def test_pictures_that_do_not_suit_are_refused() -> None:
    with pytest.raises(UsageError, match="does not take pictures of 3x4x4"):
        describe(nn.Conv2d(1, 1, 3), 3, (4, 4))
