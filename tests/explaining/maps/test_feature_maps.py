import json
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional as F

from retinue.errors import UsageError
from retinue.explaining.maps.feature_maps import FeatureMaps, feature_maps
from retinue.explaining.picture import Picture
from retinue.models.blocks import named
from retinue.models.vision import import_torchvision
from retinue.plotting.style import styled
from retinue.prediction.classifier import Classifier
from tests.explaining.map_cases import (
    all_edges_are_white,
    built,
    classifier_of,
    in_one,
    noise_picture,
    normalised,
    state_of,
    words_of,
)


def maps_by_hand(classifier: Classifier, picture: Picture) -> dict[str, Tensor]:
    """The first layers of LeNet, computed from its weights alone."""
    state = classifier.model.state_dict()
    weight = [state[f"network.features.conv{number}.weight"] for number in (1, 2)]
    bias = [state[f"network.features.conv{number}.bias"] for number in (1, 2)]
    first = F.conv2d(normalised(picture), weight[0], bias[0], padding=2)
    pooled = F.max_pool2d(F.relu(first), 2)
    second = F.conv2d(pooled, weight[1], bias[1])
    return {
        "features.conv1": first,
        "features.act1": F.relu(first),
        "features.pool1": pooled,
        "features.conv2": second,
        "features": F.max_pool2d(F.relu(second), 2),
    }


def test_maps_are_those_of_a_pass_by_hand() -> None:
    classifier = built("lenet", channels=1, size=(28, 28))
    picture = noise_picture(channels=1, size=(28, 28))
    for name, wanted in maps_by_hand(classifier, picture).items():
        found = feature_maps(classifier, picture, name)
        np.testing.assert_allclose(found.maps, wanted[0].numpy(), rtol=1e-4, atol=1e-4)
        assert found.shape == tuple(wanted.shape[1:])
        assert found.form == "maps"


def test_another_picture_or_layer_is_noticed_by_that_check() -> None:
    classifier = built("lenet", channels=1, size=(28, 28))
    picture = noise_picture(channels=1, size=(28, 28))
    wanted = maps_by_hand(classifier, picture)
    other = feature_maps(classifier, noise_picture(channels=1, size=(28, 28), seed=1))
    assert not np.allclose(other.maps, wanted["features.conv1"][0].numpy(), rtol=1e-4, atol=1e-4)
    act = feature_maps(classifier, picture, "features.act1")
    assert not np.allclose(act.maps, wanted["features.conv1"][0].numpy(), rtol=1e-4, atol=1e-4)


def resnet_by_hand(network: nn.Module, picture: Picture) -> dict[str, Tensor]:
    """The first block of torchvision's ResNet-18, whose layers write over one another's maps."""
    state = network.state_dict()

    def convolved(
        maps: Tensor, conv: str, norm: str, padding: int, stride: int = 1
    ) -> tuple[Tensor, Tensor]:
        found = F.conv2d(maps, state[f"{conv}.weight"], None, stride, padding)
        names = ("running_mean", "running_var", "weight", "bias")
        return found, F.batch_norm(found, *(state[f"{norm}.{name}"] for name in names))

    conv, norm = convolved(normalised(picture), "conv1", "bn1", stride=2, padding=3)
    pooled = F.max_pool2d(F.relu(norm), 3, 2, 1)
    inner, inner_norm = convolved(pooled, "layer1.0.conv1", "layer1.0.bn1", padding=1)
    last, last_norm = convolved(F.relu(inner_norm), "layer1.0.conv2", "layer1.0.bn2", padding=1)
    return {
        "conv1": conv,
        "bn1": norm,
        "relu": F.relu(norm),
        "layer1.0.conv1": inner,
        "layer1.0.bn1": inner_norm,
        "layer1.0.relu": F.relu(inner_norm),
        "layer1.0.conv2": last,
        "layer1.0.bn2": last_norm,
        "layer1.0.relu:2": F.relu(last_norm + pooled),
        "layer1.0": F.relu(last_norm + pooled),
    }


def test_layers_that_write_over_one_another_show_their_own_maps() -> None:
    classifier, picture = built("resnet18", size=(64, 64)), noise_picture(size=(64, 64))
    before = state_of(classifier.model)
    network = classifier.model.get_submodule("network")
    for name, wanted in resnet_by_hand(network, picture).items():
        found = feature_maps(classifier, picture, name)
        np.testing.assert_allclose(found.maps, wanted[0].numpy(), rtol=1e-3, atol=1e-3)
        assert found.runs == (2 if "layer1.0.relu" in name else 1)
    assert state_of(classifier.model) == before


@pytest.mark.parametrize("name", ["bn1", "layer1.0.bn2"])
def test_plain_hooks_would_show_wrong_maps_there(name: str) -> None:
    classifier, picture = built("resnet18", size=(64, 64)), noise_picture(size=(64, 64))
    network = classifier.model.get_submodule("network")
    kept: list[Tensor] = []
    hook = network.get_submodule(name).register_forward_hook(lambda _, __, out: kept.append(out))
    with torch.no_grad():
        classifier.model(picture.batch)
    hook.remove()
    wanted = resnet_by_hand(network, picture)[name]
    assert not torch.allclose(kept[0], wanted, rtol=1e-3, atol=1e-3)


def planted() -> nn.Module:
    """Four channels: red, nothing after the ReLU, minus red, and red less 1.5."""
    conv = nn.Conv2d(3, 4, 1)
    nn.init.zeros_(conv.weight)
    conv.weight.data[0, 0] = conv.weight.data[3, 0] = 1
    conv.weight.data[2, 0] = -1
    conv.bias.data = torch.tensor([0.0, -1.0, 0.0, -1.5])  # type: ignore[union-attr]
    return named(conv=conv, act=nn.ReLU(), flat=nn.Flatten(), out=nn.Linear(4 * 16, 10))


def half_red(size: int = 4) -> Picture:
    """Red is 240, normalised 2, on the left half and 120, normalised 0, on the right."""
    pixels = np.full((size, size, 3), 120, np.uint8)
    pixels[:, : size // 2, 0] = 240
    return Picture("half red", pixels)


def test_statistics_of_planted_channels() -> None:
    classifier = classifier_of(planted(), size=(4, 4))
    conv = feature_maps(classifier, half_red(), "conv")
    assert conv.signed
    np.testing.assert_allclose(conv.means, [1, -1, -1, -0.5])
    np.testing.assert_allclose(conv.least, [0, -1, -2, -1.5])
    np.testing.assert_allclose(conv.largest, [2, -1, 0, 0.5])
    np.testing.assert_allclose(conv.zeros, [0.5, 0, 0.5, 0])
    assert not conv.dead.any()
    act = feature_maps(classifier, half_red(), "act")
    assert not act.signed
    assert act.dead.tolist() == [False, True, True, False]
    np.testing.assert_allclose(act.zeros, [0.5, 1, 1, 0.5])
    assert act.by_strength.tolist() == [0, 3, 1, 2]
    assert act.as_dict()["dead_on_this_picture"] == [1, 2]
    text = in_one(act.figure())
    assert "2 of 4 channels are zero everywhere on this picture: 1, 2." in text
    assert "1: dead" in text
    assert "0: mean 1" in text
    assert "dead" not in in_one(conv.figure())


def test_one_scale_for_the_layer_or_one_for_each_channel() -> None:
    classifier = classifier_of(planted(), size=(4, 4))
    layer = feature_maps(classifier, half_red(), "act")
    assert layer.limits.tolist() == [2, 2, 2, 2]
    each = feature_maps(classifier, half_red(), "act", scale="channel")
    assert each.limits.tolist() == [2, 1, 1, 0.5]
    assert "of each map's own largest magnitude" in words_of(each.figure())
    assert "value of a map; one scale for all of this layer" in words_of(layer.figure())


def test_maps_are_enlarged_as_torch_enlarges_them() -> None:
    found = feature_maps(built("fast"), noise_picture(), "features.block1.pool")
    enlarged = found.enlarged(3)
    values = torch.from_numpy(found.maps[3][None, None])
    wanted = F.interpolate(values, (32, 32), mode="bilinear", align_corners=False)[0, 0]
    assert np.array_equal(enlarged, wanted.numpy())
    corners = F.interpolate(values, (32, 32), mode="bilinear", align_corners=True)[0, 0]
    assert not np.allclose(enlarged, corners.numpy())


def test_many_channels_are_chosen_by_strength_and_shown_in_order() -> None:
    found = feature_maps(built("fast"), noise_picture(), "features.block2", most=5)
    strength = (found.maps.astype(np.float64) ** 2).mean(axis=(1, 2))
    assert found.shown.tolist() == sorted(np.argsort(-strength)[:5].tolist())
    assert len(found.as_dict()["shown"]) == 5
    text = in_one(found.figure())
    assert "Shown: 5 of 128 channels, the strongest by the mean square of their values." in text
    assert "Sequential of 7 layers" in text
    whole = feature_maps(built("fast"), noise_picture(), "features.whiten")
    assert whole.shown.tolist() == list(range(16))
    assert "Shown" not in in_one(whole.figure())


def test_the_answer_is_shown_as_bars_with_the_names_of_the_classes() -> None:
    classifier, picture = built("lenet", channels=1, size=(28, 28)), noise_picture(1, (28, 28))
    answer = feature_maps(classifier, picture, "head.output")
    assert answer.form == "units"
    logits = classifier.logits(picture.pixels[None])[0]
    np.testing.assert_allclose(answer.maps[:, 0, 0], logits, rtol=1e-4, atol=1e-5)
    assert answer.labels == classifier.classes
    assert set(classifier.classes) <= set(words_of(answer.figure()))
    dense = feature_maps(classifier, picture, "head.dense1")
    assert (dense.labels, dense.shape) == ((), (120,))
    text = in_one(dense.figure())
    assert "Shown: 24 of 120 units" in text
    with pytest.raises(UsageError, match="no place on the picture"):
        dense.overlay(0)


def test_as_many_hidden_units_as_classes_are_no_classes() -> None:
    network = named(flat=nn.Flatten(), hidden=nn.Linear(3 * 64, 10), out=nn.Linear(10, 10))
    classifier, picture = classifier_of(network), noise_picture(size=(8, 8))
    assert feature_maps(classifier, picture, "hidden").labels == ()
    assert feature_maps(classifier, picture, "out").labels == classifier.classes


class Tokens(nn.Module):
    """Patches of 4x4 as tokens after a class token, as a vision transformer has them."""

    def __init__(self, extra: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 6, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, extra, 6))
        self.block = nn.Linear(6, 6)
        self.head = nn.Linear(6, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        tokens = self.patches(pictures).flatten(2).transpose(1, 2)
        whole = torch.cat([self.token.expand(len(tokens), -1, -1), tokens], dim=1)
        found: Tensor = self.head(self.block(whole).mean(dim=1))
        return found


def test_tokens_are_maps_without_the_class_token() -> None:
    torch.manual_seed(0)
    network, picture = Tokens(extra=1), noise_picture(size=(16, 16))
    found = feature_maps(classifier_of(network, size=(16, 16)), picture, "block")
    maps = F.conv2d(normalised(picture), network.patches.weight, network.patches.bias, 4)
    wanted = F.linear(maps.permute(0, 2, 3, 1), network.block.weight, network.block.bias)
    np.testing.assert_allclose(
        found.maps, wanted[0].permute(2, 0, 1).detach().numpy(), rtol=1e-4, atol=1e-5
    )
    assert (found.form, found.shape, found.class_token) == ("tokens", (17, 6), True)
    text = in_one(found.figure())
    assert "6 maps of 4x4 from 16 tokens" in text
    assert "class token has no place on the picture and is left out" in text


def test_tokens_that_fill_no_grid_are_refused() -> None:
    classifier = classifier_of(Tokens(extra=4), size=(16, 16))
    with pytest.raises(UsageError, match=r"--layer block: .*\(1, 20, 6\), is neither maps"):
        feature_maps(classifier, noise_picture(size=(16, 16)), "block")


def test_a_vision_transformer_of_torchvision_shows_its_patches() -> None:
    vision = import_torchvision()
    torch.manual_seed(0)
    network = vision.VisionTransformer(
        image_size=64, patch_size=16, num_layers=1, num_heads=2, hidden_dim=24, mlp_dim=32
    )
    classifier, picture = classifier_of(network, size=(64, 64)), noise_picture(size=(64, 64))
    found = feature_maps(classifier, picture, "encoder.layers.encoder_layer_0.mlp")
    assert (found.shape, found.maps.shape, found.form) == ((17, 24), (24, 4, 4), "tokens")
    assert feature_maps(classifier, picture).layer == "conv_proj"
    with pytest.raises(UsageError, match="shows nothing"):
        feature_maps(classifier, picture, "encoder.layers.encoder_layer_0.self_attention")


def test_convnext_of_torchvision_has_channels_first_wherever_they_are() -> None:
    import_torchvision()
    made = import_module("torchvision.models.convnext")
    network = made.ConvNeXt([made.CNBlockConfig(96, None, 2)])
    classifier, picture = classifier_of(network, size=(64, 64)), noise_picture(size=(64, 64))
    for name, shape in {
        "features.0.0": (96, 16, 16),
        "features.1.0.block.1": (96, 16, 16),
        "features.1.0.block.2": (96, 16, 16),
        "features.1.0.block.4": (384, 16, 16),
        "features.1.0": (96, 16, 16),
    }.items():
        assert feature_maps(classifier, picture, name).maps.shape == shape


def test_what_cannot_be_shown_is_refused() -> None:
    classifier, picture = built("lenet", channels=1, size=(28, 28)), noise_picture(1, (28, 28))
    with pytest.raises(UsageError, match="--most 0"):
        feature_maps(classifier, picture, most=0)
    with pytest.raises(UsageError, match="--scale x: is layer or channel"):
        feature_maps(classifier, picture, scale="x")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"--layer features.conv9: .*features.conv1"):
        feature_maps(classifier, picture, "features.conv9")
    found = feature_maps(classifier, picture)
    for channel in (-1, 6):
        with pytest.raises(UsageError, match="has channels 0 to 5"):
            found.overlay(channel)


def test_numbers_are_json_even_where_they_are_not_finite() -> None:
    classifier, picture = built("lenet", channels=1, size=(28, 28)), noise_picture(1, (28, 28))
    found = feature_maps(classifier, picture)
    told = found.as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["layer"], told["shape"]) == ("features.conv1", [6, 28, 28])
    assert told["shown"][2]["mean"] == pytest.approx(float(found.maps[2].mean()), rel=1e-5)
    broken = found.maps.copy()
    broken[2] = np.nan
    broken[3, 0, 0] = np.inf
    ill = FeatureMaps(picture, "x", "Conv2d", "maps", (6, 28, 28), broken)
    assert json.loads(json.dumps(ill.as_dict(), allow_nan=False))["shown"][2]["mean"] is None
    assert "785 values not finite, drawn grey." in words_of(ill.figure())


HOSTILE = ["<b>$x$</b>", "l" * 500, "שלום", "\u202egnp", "😀", "two\nlines\x1b[31m"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("layer", ["act", "out"])
def test_names_of_any_kind_can_be_drawn(name: str, layer: str) -> None:
    classifier = classifier_of(planted(), size=(4, 4))
    classifier.classes = tuple(f"{name}{number}" for number in range(10))
    found = feature_maps(classifier, Picture(name, half_red().pixels), layer)
    assert "<img" in found._repr_html_()
    if layer == "act":
        with styled():
            found.overlay(0).draw_without_rendering()


@pytest.mark.parametrize(
    "draw",
    [
        lambda found: found.figure(),
        lambda found: found.overlay(0),
    ],
)
def test_nothing_is_cut_off(draw: Callable[[FeatureMaps], Figure]) -> None:
    found = feature_maps(built("fast"), noise_picture())
    assert all_edges_are_white(draw(found))
