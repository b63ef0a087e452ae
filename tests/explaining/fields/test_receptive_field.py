import copy
import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from retinue.errors import UsageError
from retinue.explaining.fields.box import NOTHING, Box, around
from retinue.explaining.fields.in_words import unit_in_words
from retinue.explaining.fields.linearised import linearised
from retinue.explaining.fields.receptive_field import UnitField, receptive_field
from retinue.explaining.picture import Picture
from retinue.images import Preprocess
from retinue.models.blocks import named
from retinue.models.catalogue import build_network, wrap
from retinue.models.shuffle import ShufflePixels
from retinue.prediction.classifier import Classifier
from tests.explaining.map_cases import noise_picture

Size = tuple[int, int]


def classifier_of(model: nn.Module, size: Size, channels: int, classes: int = 3) -> Classifier:
    names = [f"class {number}" for number in range(classes)]
    return Classifier(model, names, Preprocess(size, size, "crop", channels))


def built(name: str, size: Size, channels: int = 3, **arguments: Any) -> Classifier:
    torch.manual_seed(4)
    network = build_network(name, 3, channels, size, arguments)
    return classifier_of(wrap(network, [100.0] * channels, [50.0] * channels), size, channels)


def own(module: nn.Module, size: Size, channels: int = 1, classes: int = 3) -> Classifier:
    return classifier_of(wrap(module, [0.0] * channels, [1.0] * channels), size, channels, classes)


def picture_for(classifier: Classifier, seed: int = 0) -> Picture:
    rules = classifier.preprocess
    return noise_picture(rules.channels, rules.size, seed)


def found_in(classifier: Classifier, *wanted: Any) -> UnitField:
    return receptive_field(classifier, picture_for(classifier), *wanted)


NETWORKS: list[tuple[str, Size, int, dict[str, Any], str]] = [
    ("lenet", (28, 28), 1, {}, "features.conv1"),
    ("keras-lesson", (32, 32), 3, {}, "features.conv2"),
    ("cnn", (36, 28), 3, {"width": 4, "kernel_size": (2, 5)}, "features.conv2"),
    ("fast", (32, 32), 3, {"width": 4}, "features.block1.conv2"),
    ("resnet-small", (32, 32), 3, {"width": 4, "depth": 8}, "features.stage2.block1"),
    ("efficientnet_lite0", (64, 64), 3, {}, "features.stage2_block1"),
]


@pytest.mark.parametrize(("name", "size", "channels", "arguments", "layer"), NETWORKS)
def test_all_of_the_gradient_lies_in_the_field(
    name: str, size: Size, channels: int, arguments: dict[str, Any], layer: str
) -> None:
    classifier = built(name, size, channels, **arguments)
    found = found_in(classifier)
    assert found.gradient.shape == size
    assert found.inside == 1
    assert found_in(classifier, layer, (0, 1)).inside == 1


def test_a_gradient_outside_of_the_field_is_noticed() -> None:
    """A network with an operation that depends on more than its window, and hides it."""

    class Hidden(nn.Module):
        def forward(self, maps: Tensor) -> Tensor:
            return maps * 1.0 if maps.requires_grad is False else maps + maps.flip(-1)

    classifier = own(named(conv=nn.Conv2d(1, 2, 3, padding=1), act=Hidden()), (9, 9))
    found = found_in(classifier, "act", (4, 1))
    assert found.inside is not None
    assert 0.2 < found.inside < 0.8


def test_the_gradient_is_that_of_torch() -> None:
    classifier = built("lenet", (28, 28), 1)
    picture = picture_for(classifier)
    found = receptive_field(classifier, picture, "features.conv2", (3, 6))
    features = classifier.model.get_submodule("network.features")
    pixels = picture.batch.float().requires_grad_()
    maps = features[:4]((pixels - 100) / 50)  # type: ignore[index]
    maps[0, :, 3, 6].sum().backward()
    assert pixels.grad is not None
    assert np.allclose(found.gradient, pixels.grad[0, 0].abs(), rtol=1e-5, atol=0)
    assert found.seen == Box(4, 10, 14, 14)


def test_units_at_the_edge_have_padding_and_less_to_see() -> None:
    found = found_in(built("lenet", (28, 28), 1), "features.conv1", (27, 0))
    assert found.box == Box(25, -2, 5, 5)
    assert found.seen == found.touched == Box(25, 0, 3, 3)
    assert found.as_dict()["padding"] == [0, 2, 2, 0]
    assert "into the padding, by 2 below, 2 on the left" in found.sentences()[0]


def profile(layers: int) -> NDArray[np.float64]:
    """The gradient along one axis through so many averages of three: a sum of random steps."""
    values = np.ones(1)
    for _ in range(layers):
        values = np.convolve(values, np.full(3, 1 / 3))
    return values


@pytest.mark.parametrize("layers", [1, 4, 10])
def test_a_stack_of_equal_filters_has_the_field_of_the_paper(layers: int) -> None:
    """Luo et al., 2016, section 2.2: the gradient is the distribution of a sum of steps."""
    size = (41, 41)
    stack = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=1) for _ in range(layers)))
    classifier = own(linearised(stack), size)
    found = found_in(classifier, str(layers - 1))
    expected = np.outer(profile(layers), profile(layers))
    assert found.seen == Box(20 - layers, 20 - layers, 2 * layers + 1, 2 * layers + 1)
    assert np.allclose(found.seen.cut(found.gradient), expected, rtol=1e-4)
    assert found.touched == found.seen
    halves = range(layers + 1)
    inner = [profile(layers)[layers - half : layers + half + 1].sum() ** 2 for half in halves]
    half = next(one for one in halves if inner[one] >= 0.95)
    side = 2 * half + 1
    assert found.effective == Box(20 - half, 20 - half, side, side)
    ordered = np.sort(expected.ravel())[::-1].cumsum()
    assert found.effective_pixels == int((ordered < 0.95).sum()) + 1


def test_the_effective_part_of_the_field_shrinks_with_depth() -> None:
    shares = []
    for layers in (2, 6, 18):
        stack = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=1) for _ in range(layers)))
        found = found_in(own(linearised(stack), (61, 61)), str(layers - 1))
        assert found.effective is not None
        assert found.seen is not None
        shares.append(found.effective.pixels / found.seen.pixels)
    assert shares[0] > shares[1] > shares[2]


def test_an_oblong_field_has_an_oblong_effective_part() -> None:
    stack = nn.Sequential(*(nn.Conv2d(1, 1, (3, 7), padding=(1, 3)) for _ in range(5)))
    found = found_in(own(linearised(stack), (61, 61)), "4")
    assert found.box is not None
    assert found.effective is not None
    assert (found.box.height, found.box.width) == (11, 31)
    assert found.effective.width > 2 * found.effective.height
    share = found.effective.cut(found.gradient).sum() / found.gradient.sum()
    assert 0.95 <= share < 1


def test_a_linear_layer_looks_at_the_whole_picture() -> None:
    classifier = built("softmax", (6, 7), 3)
    weight = classifier.model.get_parameter("network.head.output.weight")
    found = found_in(classifier, "head.output", (2,))
    expected = weight[2].abs().reshape(3, 6, 7).sum(dim=0) / 50
    assert np.allclose(found.gradient, expected.detach(), rtol=1e-5)
    assert [found.box, found.seen, found.effective, found.inside] == [None] * 4
    assert found.touched == Box(0, 0, 6, 7)
    assert "whole picture" in found.sentences()[0]
    assert "42 of 42 pixels" in found.sentences()[1]


def test_the_usual_unit_is_the_middle_or_the_answer() -> None:
    classifier = built("lenet", (28, 28), 1)
    picture = picture_for(classifier)
    assert receptive_field(classifier, picture).unit == (2, 2)
    answer = int(classifier.logits(picture.pixels[None])[0].argmax())
    assert receptive_field(classifier, picture, "head.output").unit == (answer,)


class Squeezed(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps * maps.mean((2, 3), keepdim=True).sigmoid()


def test_after_squeeze_and_excitation_only_the_gradient_is_shown() -> None:
    network = named(conv=nn.Conv2d(1, 2, 3, padding=1), squeeze=Squeezed(), act=nn.Identity())
    classifier = own(network, (12, 12))
    assert found_in(classifier, "conv", (5, 5)).touched == Box(4, 4, 3, 3)
    found = found_in(classifier, "act", (5, 5))
    assert found.box is None
    assert found.touched == Box(0, 0, 12, 12)


def test_tokens_are_units_too() -> None:
    network = named(cut=nn.Conv2d(1, 4, 3, 3), flat=nn.Flatten(2), norm=nn.LayerNorm(9))
    found = found_in(own(network, (9, 9)), "norm", (1,))
    assert found.layer.output == (4, 9)
    assert found.unit == (1,)
    assert unit_in_words(found.layer, found.unit) == "token 1 of 4 in norm"


def test_a_unit_that_is_switched_off_is_said_to_be() -> None:
    network = named(conv=nn.Conv2d(1, 2, 3), act=nn.ReLU())
    nn.init.constant_(network.get_parameter("conv.bias"), -1e6)
    found = found_in(own(network, (8, 8)), "act")
    assert not found.gradient.any()
    assert [found.inside, found.effective] == [None, None]
    assert (found.touched, found.touched_pixels, found.effective_pixels) == (NOTHING, 0, 0)
    assert "no pixel of this picture has a gradient" in found.sentences()[1]
    assert found.figure().axes


def test_a_unit_of_padding_is_said_to_be() -> None:
    network = named(pad=nn.ZeroPad2d(2), conv=nn.Conv2d(1, 1, 3))
    found = found_in(own(network, (8, 8)), "pad", (0, 5))
    assert found.seen == NOTHING
    assert "is padding" in found.sentences()[0]
    assert found.figure().axes


class Constant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.ones(1, 1, 6, 6))
        self.end = nn.Identity()
        self.beside = nn.Identity()

    def forward(self, pictures: Tensor) -> Tensor:
        with torch.no_grad():
            still: Tensor = self.beside(self.places * 2)
        result: Tensor = self.end(pictures + still)
        return result


def test_what_does_not_depend_on_the_picture_has_no_gradient() -> None:
    found = found_in(own(Constant(), (6, 6)), "beside", (1, 1))
    assert not found.gradient.any()


class NotANumber(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return (maps - maps).sqrt()


def test_a_gradient_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match="--layer act: its gradient for this picture is no number"):
        found_in(own(named(act=NotANumber(), end=nn.Identity()), (6, 6)), "act", (1, 1))


@pytest.mark.parametrize(
    ("layer", "unit", "text"),
    [
        ("features.conv1", (28, 0), "--unit 28,0: layer features.conv1 has 28 rows and 28 columns"),
        ("features.conv1", (-1, 0), "--unit -1,0"),
        ("features.conv1", (3,), "--unit 3: layer"),
        ("head.output", (3,), "has 3 units, counted from 0"),
        ("features.conf1", None, "did you mean features.conv1"),
    ],
)
def test_what_is_not_there_is_refused(layer: str, unit: tuple[int, ...] | None, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        found_in(built("lenet", (28, 28), 1), layer, unit)


class Functional(nn.Module):
    """What users write: functions between layers, in place, and a layer that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.act = nn.ReLU(inplace=True)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.act(self.conv1(pictures))
        maps = F.max_pool2d(self.norm(self.conv2(maps)), 2)
        again: Tensor = self.conv2(maps)
        again += maps
        result: Tensor = self.act(again).mean((2, 3))
        return result


@pytest.mark.parametrize(
    ("layer", "side"), [("conv1", 3), ("conv2", 5), ("norm", 5), ("conv2:2", 10), ("act:2", 10)]
)
def test_a_network_of_ones_own(layer: str, side: int) -> None:
    classifier = own(Functional(), (24, 30), 3, classes=4)
    found = found_in(classifier, layer)
    assert found.box is not None
    assert (found.box.height, found.box.width) == (side, side)
    assert found.inside in (1, None)


def test_in_place_sums_do_not_count_for_the_layer_before() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.narrow = nn.Conv2d(1, 1, 1)
            self.wide = nn.Conv2d(1, 1, 5, padding=2)

        def forward(self, pictures: Tensor) -> Tensor:
            total: Tensor = self.narrow(pictures)
            total += self.wide(pictures)
            return total

    found = found_in(own(Sum(), (9, 9)), "narrow", (4, 4))
    assert found.touched == found.seen == Box(4, 4, 1, 1)


def test_nothing_is_changed() -> None:
    classifier = own(Functional(), (12, 12), 3, classes=4)
    model = classifier.model.train()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    with torch.no_grad():
        found_in(classifier)
        found_in(classifier, "conv2:2", (0, 0))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert all(part.training for part in model.modules())
    assert all((one.grad == 1).all() and one.requires_grad for one in model.parameters())  # type: ignore[union-attr]
    assert not any((*part._forward_hooks, *part._forward_pre_hooks) for part in model.modules())
    assert model.get_submodule("network.act").inplace


def test_growth_has_the_windows_up_to_the_layer() -> None:
    found = found_in(built("fast", (32, 32), width=4), "features.block2.conv2")
    names = [one.name for one in found.growth]
    assert names == [
        "features.whiten",
        "features.block1.conv1",
        "features.block1.pool",
        "features.block1.conv2",
        "features.block2.conv1",
        "features.block2.pool",
        "features.block2.conv2",
    ]
    assert found.box is not None
    assert found.growth[-1].size == (found.box.height, found.box.width) == (23, 23)


def test_as_dict_is_json_and_says_what_the_properties_say() -> None:
    found = found_in(built("lenet", (28, 28), 1))
    value = found.as_dict()
    assert json.loads(json.dumps(value)) == value
    assert value["unit"] == [2, 2]
    assert value["box"] == {"top": 6, "left": 6, "height": 16, "width": 16}
    assert value["measured"]["inside"] == 1
    assert value["measured"]["box"] == around(found.gradient).as_dict()
    assert found_in(built("mlp", (8, 8))).as_dict()["box"] is None


def test_it_shows_itself_in_a_notebook() -> None:
    html = found_in(built("lenet", (28, 28), 1))._repr_html_()
    assert html.startswith('<img alt="" src="data:image/png;base64,')


def test_behind_shuffled_pixels_a_unit_sees_those_that_the_order_puts_there() -> None:
    size, order = (8, 8), ShufflePixels(3, (8, 8))
    module = named(conv=nn.Conv2d(1, 2, 3), flatten=nn.Flatten(), output=nn.Linear(72, 3))
    model = wrap(module, [0.0], [1.0], shuffle=order)
    found = receptive_field(
        classifier_of(model, size, 1), noise_picture(1, size), "conv", unit=(2, 4)
    )
    window = np.arange(64).reshape(size)[2:5, 4:7].ravel()
    assert set(np.flatnonzero(found.gradient)) == set(order.order.numpy()[window])
    assert found.box is None
    assert found.seen is None
    assert found.sentences()[0].startswith("Its field is no part of the picture: pixels are shuf")
    plain = receptive_field(
        classifier_of(wrap(module, [0.0], [1.0]), size, 1), noise_picture(1, size), "conv",
        unit=(2, 4),
    )  # fmt: skip
    assert plain.box == Box(2, 4, 3, 3)
    assert set(np.flatnonzero(plain.gradient)) == set(window)
