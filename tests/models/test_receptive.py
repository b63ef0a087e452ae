import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retinue.models.blocks import named
from retinue.models.cnn import cnn
from retinue.models.describe import describe
from retinue.models.receptive import FollowFields
from retinue.models.resnet import resnet_small


def measured_fields(
    network: nn.Module, channels: int, size: tuple[int, int]
) -> dict[str, tuple[int, int]]:
    """The (height, width) of the pixels with a gradient for the middle value of each layer's map.

    On a copy in which nothing can cancel or be switched off: all weights are positive and average
    poolings stand in for max poolings.
    """
    twin = _positive(copy.deepcopy(network).eval())
    picture = torch.ones(1, channels, *size, requires_grad=True)
    outputs: dict[str, Tensor] = {}
    for name, layer in twin.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda _, __, output, name=name: outputs.update({name: output})
            )
    twin(picture)
    return {
        name: _extent(output, picture)
        for name, output in outputs.items()
        if output.dim() == 4 and output.shape[-1] > 1
    }


def _positive(network: nn.Module) -> nn.Module:
    for parameter in network.parameters():
        nn.init.constant_(parameter, 1 / max(parameter[0].numel(), 1))
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.MaxPool2d):
                pool = nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)
                setattr(parent, name, pool)
    return network


def _extent(output: Tensor, picture: Tensor) -> tuple[int, int]:
    middle = output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum()
    (gradient,) = torch.autograd.grad(middle, picture, retain_graph=True)
    rows, columns = gradient[0].abs().sum(0).nonzero(as_tuple=True)
    return (
        int(rows.max() - rows.min()) + 1,
        int(columns.max() - columns.min()) + 1,
    )


def described_fields(
    network: nn.Module, channels: int, size: tuple[int, int]
) -> dict[str, tuple[int, int]]:
    rows = describe(network, channels, size).rows
    return {row.name: row.receptive_field for row in rows if row.receptive_field}


# Networks made for small pictures, measured on large ones, in whose middle no field is cut off.
@pytest.mark.parametrize(
    ("settings", "made_for"),
    [
        ({}, (32, 32)),
        ({"residual": True}, (32, 32)),
        ({"residual": True, "depth": 4}, (80, 80)),
        ({"kernel_size": 4, "residual": True}, (16, 16)),
        ({"kernel_size": (2, 5), "stride": (1, 2), "activation": "elu"}, (28, 20)),
        ({"pooling": "average", "padding": 0, "depth": 3}, (28, 28)),
    ],
)
def test_cnn_agrees_with_gradients(settings: dict[str, Any], made_for: tuple[int, int]) -> None:
    features = cnn(3, 2, made_for, **{"width": 2, **settings}).get_submodule("features")
    assert described_fields(features, 2, (150, 600)) == measured_fields(features, 2, (150, 600))


@pytest.mark.parametrize("made_for", [(32, 32), (128, 128)])
def test_resnet_agrees_with_gradients(made_for: tuple[int, int]) -> None:
    features = resnet_small(3, 1, made_for, depth=8, width=2).get_submodule("features")
    size = (240, 240) if made_for == (128, 128) else (80, 80)
    assert described_fields(features, 1, size) == measured_fields(features, 1, size)


class Functional(nn.Module):
    """What users write: functions between layers, two branches, a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 5)
        self.conv2 = nn.Conv2d(2, 2, 3, padding=2, dilation=2)
        self.conv3 = nn.Conv2d(4, 2, (1, 3))
        self.end = nn.Identity()

    def forward(self, pictures: Tensor) -> Tensor:
        maps = F.avg_pool2d(F.relu(self.conv1(pictures / 255)), 3, 2)
        both = torch.cat([maps, F.relu(self.conv2(maps))], dim=1)
        result: Tensor = self.end(F.avg_pool2d(self.conv3(F.pad(both, (2, 0))), 2))
        return result


def test_functions_between_layers_are_followed() -> None:
    network = Functional()
    fields = described_fields(network, 1, (64, 64))
    assert fields == measured_fields(network, 1, (64, 64))
    assert list(fields) == ["conv1", "conv2", "conv3", "end"]


class SqueezeAndExcite(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps * maps.mean((2, 3), keepdim=True).sigmoid()


@pytest.mark.parametrize(
    "layer",
    [
        SqueezeAndExcite(),
        nn.AdaptiveAvgPool2d(3),
        nn.BatchNorm2d(1, track_running_stats=False),
        nn.InstanceNorm2d(1),
        nn.ConvTranspose2d(1, 1, 2, 2),
        nn.Upsample(scale_factor=2),
        nn.GroupNorm(1, 1),
        nn.LayerNorm([8, 8]),
    ],
)
def test_what_is_not_followed_is_not_claimed(layer: nn.Module) -> None:
    network = named(before=nn.Conv2d(1, 1, 3, padding=1), layer=layer, after=nn.ReLU())
    rows = describe(network, 1, (8, 8)).rows
    assert [row.receptive_field for row in rows] == [(3, 3), None, None]


def test_a_map_that_is_spread_out_is_not_claimed() -> None:
    picture = torch.zeros(1, 1, 4, 4)
    with FollowFields(picture) as fields:
        small = F.avg_pool2d(picture, 4)
        assert fields.of(small) is not None
        assert fields.of(picture + small) is None


def test_constants_do_not_count_and_in_place_operations_do() -> None:
    picture = torch.zeros(1, 1, 4, 4)
    with FollowFields(picture) as fields:
        result = (picture + torch.ones(4, 4)).relu_()
    field = fields.of(result)
    assert field is not None
    assert field[0].size == 1
    assert fields.of(torch.ones(4, 4)) is None


def test_edges_agree_with_gradients_for_every_unit_of_a_map() -> None:
    network = _positive(copy.deepcopy(Uneven()).eval())
    picture = torch.ones(1, 1, 19, 22, requires_grad=True)
    with torch.no_grad(), FollowFields(picture) as fields:
        found = fields.of(network(picture))
    assert found is not None
    maps = network(picture)
    for row in range(maps.shape[2]):
        for column in range(maps.shape[3]):
            value = maps[0, :, row, column].sum()
            (gradient,) = torch.autograd.grad(value, picture, retain_graph=True)
            rows, columns = gradient[0, 0].nonzero(as_tuple=True)
            assert found.row_reach.span(row) == (int(rows.min()), int(rows.max()) + 1)
            assert found.column_reach.span(column) == (int(columns.min()), int(columns.max()) + 1)


class Uneven(nn.Module):
    """Uneven padding, rows that a stride leaves over, and two branches."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, (4, 2))
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.conv2 = nn.Conv2d(2, 2, 3, stride=2, padding=(1, 2))
        self.conv3 = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.pool(self.conv1(F.pad(pictures, (0, 1, 1, 2))))
        maps = self.conv2(F.pad(maps, (2, 0, -1, 1)))
        result: Tensor = self.conv3(maps) + F.pad(maps, (1, -1))
        return result


def test_channels_that_are_picked_and_joined_are_followed() -> None:
    picture = torch.zeros(1, 3, 8, 8)
    with FollowFields(picture) as fields:
        parts = [picture[:, place].unsqueeze(1) * 2 for place in range(3)]
        joined = torch.cat([*parts, *picture.chunk(3, dim=1)], dim=-3)
        window = F.avg_pool2d(joined[:, 1:], 3)
        assert fields.of(window[:, :, 1:]) is None
        assert fields.of(torch.cat([window, window], dim=-1)) is None
    found = fields.of(window)
    assert found is not None
    assert (found.rows.size, found.columns.size) == (3, 3)


def test_adaptive_pooling_with_one_window_is_followed() -> None:
    picture = torch.zeros(1, 1, 8, 12)
    with FollowFields(picture) as fields:
        found = fields.of(F.adaptive_avg_pool2d(picture, (2, 12)))
        assert fields.of(F.adaptive_avg_pool2d(picture, 1)) is None
    assert found is not None
    assert (found.rows.size, found.rows.jump, found.columns.size) == (4, 4, 1)
