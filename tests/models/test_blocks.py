import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from retinue.models.blocks import ACTIVATIONS, initialise_convolutions, projection
from retinue.models.cnn import cnn
from retinue.models.resnet import resnet_small


def test_a_projection_is_a_strided_1x1_convolution() -> None:
    shortcut = projection(3, 8, (2, 1), batch_norm=False)
    conv = shortcut.get_submodule("conv")
    assert isinstance(conv, nn.Conv2d)
    maps = torch.randn(2, 3, 7, 6)
    torch.testing.assert_close(
        shortcut(maps), F.conv2d(maps, conv.weight, conv.bias, stride=(2, 1))
    )


def test_a_shortcut_without_change_is_nothing_at_all() -> None:
    assert isinstance(projection(8, 8, (1, 1)), nn.Identity)


STRIDED: list[dict[str, Any]] = [
    {"residual": True, "depth": 1},
    {"kernel_size": 1, "depth": 1},
    {"kernel_size": 1, "padding": 1, "stride": (2, 3), "depth": 2},
    {"residual": True, "stride": 2, "width": 4, "depth": 4},
]


@pytest.mark.parametrize("settings", STRIDED)
def test_channels_last_trains_strided_1x1_convolutions_soundly(settings: dict[str, Any]) -> None:
    # oneDNN 3.12 corrupts memory where nn.Conv2d(3, 32, 1, stride=2) is trained like this.
    torch.manual_seed(0)
    network = cnn(3, 3, (128, 128), **settings)
    twin: nn.Module = copy.deepcopy(network)
    twin.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures = torch.randn(4, 3, 128, 128)
    network(pictures).square().mean().backward()
    twin(pictures.contiguous(memory_format=torch.channels_last)).square().mean().backward()
    for one, other in zip(network.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "network",
    [*(cnn(3, 3, (128, 128), **settings) for settings in STRIDED), resnet_small(3, 3, (32, 32))],
)
def test_no_1x1_convolution_has_a_stride(network: nn.Module) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
            assert layer.stride == (1, 1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_initial_weights_are_kaimings(activation: Any) -> None:
    layer = nn.Conv2d(64, 64, 3)
    initialise_convolutions(layer, activation)
    gain = {"tanh": 5 / 3, "leaky_relu": (2 / 1.0001) ** 0.5}.get(activation, 2**0.5)
    assert layer.weight.std().item() == pytest.approx(gain / (64 * 9) ** 0.5, rel=0.02)
    assert layer.bias is not None
    assert not layer.bias.any()
