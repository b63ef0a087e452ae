"""Grad-CAM's layer: the last with maps, in every network of the catalogue and in a user's own."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.attribution.layer import MapLayer, layers_with_maps, map_layer
from retinue.models.catalogue import wrap
from retinue.models.shuffle import ShufflePixels
from tests.explaining.attribution_cases import (
    Stored,
    classifier_of,
    of_catalogue,
    part_of,
    picture_for,
    tensor_of,
)

CATALOGUE: list[tuple[str, int, int, dict[str, Any], str, tuple[int, int, int]]] = [
    ("lenet", 1, 28, {}, "features.act2", (16, 10, 10)),
    ("keras-lesson", 1, 28, {}, "features.act2", (32, 11, 11)),
    ("keras-lesson", 3, 32, {}, "features.act2", (32, 13, 13)),
    ("fast", 1, 8, {}, "features.block1.act2", (128, 3, 3)),
    ("fast", 1, 28, {}, "features.block3.act2", (128, 3, 3)),
    ("fast", 3, 32, {}, "features.block3.act2", (128, 3, 3)),
    ("fast", 3, 32, {"depth": 3}, "features.block3.residual.activation", (128, 3, 3)),
    ("cnn", 3, 32, {}, "features.act6", (128, 4, 4)),
    ("cnn", 1, 28, {"depth": 3}, "features.act3", (128, 7, 7)),
    ("cnn", 3, 32, {"depth": 3, "pooling": "average"}, "features.act3", (128, 8, 8)),
    ("cnn", 3, 32, {"depth": 3, "pooling": "none", "stride": 2}, "features.act3", (128, 4, 4)),
    ("cnn", 3, 32, {"dense": 32, "batch_norm": False}, "features.act6", (128, 4, 4)),
    ("cnn", 3, 32, {"residual": True}, "features.block4.activation", (128, 4, 4)),
    # The last maps have one pixel.
    ("cnn", 1, 28, {"depth": 4, "padding": "valid"}, "features.act3", (128, 3, 3)),
    ("resnet-small", 1, 28, {"depth": 8}, "features.stage3.block1.activation", (64, 7, 7)),
    ("resnet-small", 3, 32, {"depth": 14}, "features.stage3.block2.activation", (64, 8, 8)),
    ("efficientnet_lite0", 3, 64, {}, "features.last_act", (1280, 2, 2)),
]
BACKBONES: list[tuple[str, int, str, tuple[int, int, int]]] = [
    ("resnet18", 64, "layer4.1", (512, 2, 2)),
    ("resnet50", 64, "layer4.2", (2048, 2, 2)),
    ("mobilenet_v3_small", 64, "features.12.2", (576, 2, 2)),
    ("efficientnet_b0", 64, "features.8.2", (1280, 2, 2)),
    ("convnext_tiny", 64, "features.7.2", (768, 2, 2)),
    ("vgg16", 64, "features.29", (512, 4, 4)),
    ("inception_v3", 128, "Mixed_7c", (2048, 2, 2)),
]


def everything_passes(model: nn.Module, pictures: Tensor, layer: nn.Module) -> bool:
    """Whether the answer no longer depends on the picture once the layer gives nothing but zero."""
    hook = layer.register_forward_hook(lambda _, __, output: torch.zeros_like(output))
    with torch.no_grad():
        logits = model(pictures)
    hook.remove()
    return bool((logits == logits[:1]).all())


def two_pictures(channels: int, size: int) -> Tensor:
    generator = torch.Generator().manual_seed(size)
    return torch.randint(0, 256, (2, channels, size, size), generator=generator).float()


@pytest.mark.parametrize(("name", "channels", "size", "arguments", "layer", "shape"), CATALOGUE)
def test_the_last_maps_of_every_network_of_the_catalogue(
    name: str,
    channels: int,
    size: int,
    arguments: dict[str, Any],
    layer: str,
    shape: tuple[int, int, int],
) -> None:
    model = of_catalogue(name, channels, size, **arguments).model
    pictures = two_pictures(channels, size)
    assert map_layer(model, pictures[:1]) == MapLayer(layer, shape)
    assert everything_passes(model, pictures, part_of(model, layer))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size", "layer", "shape"), BACKBONES)
def test_the_last_maps_of_the_backbones(
    name: str, size: int, layer: str, shape: tuple[int, int, int]
) -> None:
    model = of_catalogue(name, 3, size).model
    pictures = two_pictures(3, size)
    assert map_layer(model, pictures[:1]) == MapLayer(layer, shape)
    assert everything_passes(model, pictures, part_of(model, layer))


def test_a_layer_that_the_picture_passes_by_is_noticed() -> None:
    model = of_catalogue("resnet-small", depth=8, zero_init=False).model
    pictures = two_pictures(3, 32)
    assert not everything_passes(model, pictures, part_of(model, "features.stage3.block1.body"))


@pytest.mark.slow
def test_tokens_are_no_maps() -> None:
    model = of_catalogue("vit_b_16", 3, 224).model
    pictures = two_pictures(3, 224)[:1]
    with pytest.raises(UsageError, match=r"tokens.*use integrated-gradients or occlusion") as told:
        map_layer(model, pictures)
    assert "conv_proj" in str(told.value)
    # What the last output of four dimensions would have given: the picture cut into patches.
    assert [one.name for one in layers_with_maps(model, pictures)] == ["conv_proj"]
    assert map_layer(model, pictures, "conv_proj").shape == (768, 14, 14)


@pytest.mark.parametrize("name", ["softmax", "mlp"])
def test_a_network_without_maps_is_refused_with_what_can_be_used_instead(name: str) -> None:
    model = of_catalogue(name, 1, 8).model
    with pytest.raises(UsageError, match="none of more than one pixel; use integrated-gradients"):
        map_layer(model, torch.zeros(1, 1, 8, 8))
    assert layers_with_maps(model, torch.zeros(1, 1, 8, 8)) == []


def test_a_graph_is_refused() -> None:
    with pytest.raises(UsageError, match="stored as a graph"):
        map_layer(Stored(), torch.zeros(1, 3, 8, 8))


class Reused(nn.Module):
    """One activation for two convolutions, in place, as in torchvision's residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.act = nn.ReLU(inplace=True)

    def forward(self, values: Tensor) -> Tensor:
        inner = self.act(self.first(values))
        total: Tensor = self.act(self.second(inner) + inner)
        return total


def test_numbers_are_named_after_what_runs_once() -> None:
    network = nn.Sequential(Reused(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    model = wrap(network, [0.0] * 3, [1.0] * 3).eval()
    found = layers_with_maps(model, torch.ones(1, 3, 8, 8))
    assert [one.name for one in found] == ["0.first", "0.second", "0"]
    assert map_layer(model, torch.ones(1, 3, 8, 8)) == MapLayer("0", (4, 8, 8))
    assert map_layer(model, torch.ones(1, 3, 8, 8), "0.act").name == "0.act"


class ChannelsLast(nn.Module):
    """Convolves, then works with the channels last, as Swin does."""

    def __init__(self, back: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 2, 2)
        self.norm = nn.LayerNorm(6)
        self.widen = nn.Linear(6, 8)
        self.out = nn.Linear(8, 2)
        self.back = nn.Conv2d(8, 8, 1) if back else None

    def forward(self, values: Tensor) -> Tensor:
        last = self.widen(self.norm(self.conv(values).permute(0, 2, 3, 1)))
        if self.back is not None:
            last = self.back(last.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        logits: Tensor = self.out(last.mean((1, 2)))
        return logits


def test_channels_that_stand_last_are_not_taken_for_rows() -> None:
    pictures = torch.ones(1, 3, 8, 8)
    with pytest.raises(UsageError, match=r"\(conv\) this network goes on with tokens"):
        map_layer(ChannelsLast(back=False).eval(), pictures)
    model = ChannelsLast(back=True).eval()
    assert [one.name for one in layers_with_maps(model, pictures)] == ["conv", "back"]
    assert map_layer(model, pictures) == MapLayer("back", (8, 4, 4))
    with pytest.raises(UsageError, match="--layer widen: gives 4x4x8, which are no maps"):
        map_layer(model, pictures, "widen")


def test_what_is_written_over_is_another_tensor() -> None:
    class Adds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Identity())

        def forward(self, values: Tensor) -> Tensor:
            total: Tensor = self.body(values)
            total += values
            return total

    model = nn.Sequential(Adds(), nn.Flatten(), nn.Linear(192, 2)).eval()
    assert map_layer(model, torch.ones(1, 3, 8, 8)).name == "0"
    assert everything_passes(model, two_pictures(3, 8), model[0])
    body = model.get_submodule("0.body")
    assert not everything_passes(model, two_pictures(3, 8), body)


def test_named_layers() -> None:
    classifier = of_catalogue("lenet", 1, 28)
    pixels = tensor_of(picture_for(classifier))
    assert map_layer(classifier.model, pixels, "features.pool2").shape == (16, 5, 5)
    assert map_layer(classifier.model, pixels, "network.features.conv1").name == "features.conv1"
    with pytest.raises(UsageError, match=r"--layer head.dense1: gives 120, which are no maps"):
        map_layer(classifier.model, pixels, "head.dense1")
    with pytest.raises(UsageError, match=r"no such layer; did you mean features.act2\?"):
        map_layer(classifier.model, pixels, "features.act")


def test_a_layer_that_never_runs_is_refused() -> None:
    class Spare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.spare = nn.Conv2d(3, 2, 3), nn.Conv2d(3, 2, 3)

        def forward(self, values: Tensor) -> Tensor:
            return self.conv(values).mean((2, 3))  # type: ignore[no-any-return]

    with pytest.raises(UsageError, match="--layer spare: gives nothing"):
        map_layer(Spare(), torch.ones(1, 3, 8, 8), "spare")


def test_the_network_stays_as_it_was() -> None:
    classifier = classifier_of(Reused())
    map_layer(classifier.model, tensor_of(picture_for(classifier)))
    parts = list(classifier.model.modules())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in parts)
    assert [part.inplace for part in parts if isinstance(part, nn.ReLU)] == [True]


def test_behind_shuffled_pixels_there_is_no_such_layer() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    pictures = torch.zeros(1, 3, 8, 8)
    assert map_layer(wrap(module, [0.0] * 3, [1.0] * 3), pictures).name == "1"
    shuffled = wrap(module, [0.0] * 3, [1.0] * 3, shuffle=ShufflePixels(0, (8, 8)))
    for name in (None, "0"):
        with pytest.raises(UsageError, match=r"gets shuffled pixels .* use integrated-gradients"):
            map_layer(shuffled, pictures, name)
