from typing import Any

import pytest
import torch
from torch import nn

from retinue.errors import ImpossibleNetworkError, UsageError
from retinue.models.blocks import ACTIVATIONS, Residual
from retinue.models.cnn import cnn
from retinue.models.describe import describe


def names(network: nn.Module, part: str) -> list[str]:
    return [name for name, _ in network.get_submodule(part).named_children()]


def logits(network: nn.Module, channels: int, size: tuple[int, int]) -> torch.Tensor:
    result: torch.Tensor = network(torch.randn(2, channels, *size))
    return result


def test_layers_are_named_for_reading() -> None:
    network = cnn(10, 1, (28, 28), depth=3, dense=64, dropout=0.2)
    assert names(network, "features") == [
        *("conv1", "norm1", "act1", "pool1"),
        *("conv2", "norm2", "act2", "pool2"),
        *("conv3", "norm3", "act3"),
    ]
    assert names(network, "head") == ["flatten", "dense", "act", "dropout", "output"]
    assert names(cnn(10, 1, (28, 28)), "head") == ["pool", "flatten", "output"]


@pytest.mark.parametrize(
    ("channels", "size", "most"),
    [(1, (8, 8), 3e6), (1, (28, 28), 30e6), (3, (32, 32), 40e6), (3, (128, 128), 60e6)],
)
def test_the_default_stays_moderate(channels: int, size: tuple[int, int], most: float) -> None:
    assert describe(cnn(10, channels, size), channels, size).multiply_adds < most


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {"depth": 1},
        {"depth": 9, "width": 4},
        {"kernel_size": 4},
        {"kernel_size": (2, 5), "stride": (1, 2)},
        {"stride": 2, "kernel_size": 2},
        {"pooling": "none"},
        {"pooling": "average", "batch_norm": False},
        {"dense": 16, "dropout": 0.5},
        {"padding": 1},
        {"kernel_size": (3, 5), "padding": (1, 2)},
    ],
)
def test_settings_give_networks_that_run(settings: dict[str, Any], residual: bool) -> None:
    network = cnn(5, 3, (20, 24), residual=residual, **settings)
    assert logits(network, 3, (20, 24)).shape == (2, 5)
    convolutions = [
        name
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d) and "shortcut" not in name
    ]
    assert len(convolutions) == settings.get("depth", 6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation: Any) -> None:
    network = cnn(5, 1, (8, 8), activation=activation)
    kind = type(ACTIVATIONS[activation]())
    assert sum(isinstance(layer, kind) for layer in network.modules()) == 6
    assert logits(network, 1, (8, 8)).isfinite().all()


def test_same_keeps_the_size_and_valid_does_not() -> None:
    for kernel in (2, 3, 4, 5):
        features = cnn(5, 1, (16, 16), kernel_size=kernel, pooling="none").get_submodule("features")
        assert features(torch.zeros(1, 1, 16, 16)).shape[2:] == (16, 16)
    shrinking = cnn(5, 1, (16, 16), padding="valid", pooling="none").get_submodule("features")
    assert shrinking(torch.zeros(1, 1, 16, 16)).shape[2:] == (4, 4)


def test_settings_that_run_out_of_pixels_name_the_layer() -> None:
    with pytest.raises(ImpossibleNetworkError) as caught:
        cnn(10, 3, (32, 32), kernel_size=7, stride=2, padding=0, pooling="none")
    assert str(caught.value) == (
        "layer features.conv3 (kernel 7x7, stride 2, padding 0) runs out of pixels: "
        "its input is 4x4"
    )
    with pytest.raises(ImpossibleNetworkError, match=r"features\.conv2 .* its input is 1x1"):
        cnn(10, 3, (8, 8), kernel_size=7, stride=2, padding=0, depth=6)


def test_the_first_convolution_can_run_out_too() -> None:
    with pytest.raises(ImpossibleNetworkError, match=r"conv1 \(kernel 3x9, stride 1, padding 0\)"):
        cnn(10, 1, (8, 8), kernel_size=(3, 9), padding="valid")


def test_residual_blocks_stand_around_pairs() -> None:
    network = cnn(10, 3, (32, 32), residual=True)
    assert names(network, "features") == [
        *("block1", "pool1", "block2", "pool2", "block3", "pool3", "block4"),
    ]
    assert names(network, "features.block4.body") == ["conv5", "norm5", "act5", "conv6", "norm6"]
    assert isinstance(network.get_submodule("features.block4.shortcut"), nn.Identity)


def test_a_residual_block_adds_its_input() -> None:
    network = cnn(10, 3, (32, 32), residual=True).eval()
    block = network.get_submodule("features.block4")
    assert isinstance(block, Residual)
    maps = torch.randn(1, 128, 4, 4)
    torch.testing.assert_close(block(maps), (block.body(maps) + maps).relu())


def test_residual_with_shrinking_maps_is_refused() -> None:
    with pytest.raises(UsageError, match=r"residual .* a kernel of 5x5 .* use padding 'same'"):
        cnn(10, 3, (32, 32), residual=True, kernel_size=5, padding=1)


def test_signals_keep_their_size_at_the_start() -> None:
    torch.manual_seed(0)
    network = cnn(10, 3, (32, 32), batch_norm=False, pooling="none")
    maps = network.get_submodule("features")(torch.randn(8, 3, 32, 32))
    assert 0.2 < maps.square().mean().sqrt().item() < 5
