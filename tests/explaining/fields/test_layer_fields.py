"""The receptive field by arithmetic is the measured one, for every layer of every network."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.fields.box import NOTHING, Box, around
from retinue.explaining.fields.in_words import growth_in_words
from retinue.explaining.fields.layer_fields import LayerField, chosen, layer_fields
from retinue.explaining.fields.linearised import linearised
from retinue.models import efficientnet_lite, receptive
from retinue.models.blocks import named
from retinue.models.catalogue import wrap
from retinue.models.receptive import Fields
from retinue.models.shuffle import ShufflePixels
from tests.explaining.map_cases import built

Size = tuple[int, int]
Unit = tuple[int, ...]


def network(name: str, size: Size, channels: int = 3, **arguments: Any) -> nn.Module:
    return built(name, channels, size, classes=3, **arguments).model


def spread(units: Unit) -> set[Unit]:
    """The corners of a map, its middle, and a place beside it."""
    height, width = units
    return {
        (0, 0),
        (0, width - 1),
        (height - 1, 0),
        (height - 1, width - 1),
        (height // 2, width // 2),
        (height // 3, 2 * width // 3),
    }


def middle(units: Unit) -> set[Unit]:
    return {(units[0] // 2, units[1] // 2)}


def corner_and_middle(units: Unit) -> set[Unit]:
    return {(0, 0), *middle(units)}


def outputs_of(model: nn.Module, picture: Tensor) -> dict[str, Tensor]:
    """What each layer gives, by plain hooks; whatever is written over it afterwards."""
    found: dict[str, Tensor] = {}

    def keep(name: str, output: Tensor) -> None:
        run = name
        while run in found:
            run = f"{name}:{int(run.partition(':')[2] or 1) + 1}"
        found[run] = output.clone()

    for path, layer in model.named_modules():
        if not list(layer.children()):
            name = path.removeprefix("network.")
            layer.register_forward_hook(lambda _, __, output, name=name: keep(name, output))
    model(picture)
    return found


def measured(
    model: nn.Module, channels: int, size: Size, places: Callable[[Unit], set[Unit]] = spread
) -> dict[tuple[str, Unit], Box]:
    """The pixels with a gradient, for units of every map that is left of global pooling.

    On a copy of the network in which no path from a pixel is closed or cancelled by another.
    """
    picture = torch.ones(1, channels, *size, dtype=torch.float64, requires_grad=True)
    boxes: dict[tuple[str, Unit], Box] = {}
    for name, output in outputs_of(linearised(model), picture).items():
        if output.dim() == 4 and output.shape[2:] != (1, 1):
            for unit in places(tuple(output.shape[2:])):
                value = output[0].movedim(0, -1)[unit].sum()
                (gradient,) = torch.autograd.grad(value, picture, retain_graph=True)
                boxes[name, unit] = around(gradient[0].sum(dim=0).numpy())
    return boxes


def calculated(
    model: nn.Module, channels: int, size: Size, places: Iterable[tuple[str, Unit]]
) -> dict[tuple[str, Unit], Box | None]:
    known = layer_fields(model, channels, size)
    return {(name, unit): known[name].seen(unit) for name, unit in places}


def assert_equal_everywhere(model: nn.Module, channels: int, size: Size) -> None:
    expected = measured(model, channels, size)
    assert calculated(model, channels, size, expected) == expected


# Each on its own size, where fields reach over the edges, and on a large one, in whose middle they
# do not; and with sides that leave rows over at every stride.
NETWORKS: list[tuple[str, Size, dict[str, Any]]] = [
    ("lenet", (28, 28), {}),
    ("lenet", (61, 70), {"pooling": "average", "activation": "tanh"}),
    ("keras-lesson", (32, 32), {}),
    ("keras-lesson", (45, 59), {}),
    ("cnn", (32, 32), {"width": 2}),
    ("cnn", (28, 28), {"width": 2, "residual": True}),
    ("cnn", (41, 50), {"width": 2, "kernel_size": (2, 5)}),
    ("cnn", (43, 64), {"width": 2, "stride": (1, 2), "depth": 3, "activation": "elu"}),
    ("cnn", (40, 47), {"width": 2, "padding": "valid", "pooling": "average", "depth": 4}),
    ("cnn", (37, 41), {"width": 2, "kernel_size": 4, "residual": True, "batch_norm": False}),
    ("cnn", (33, 35), {"width": 2, "pooling": "none", "dense": 5, "padding": 2, "stride": 2}),
    ("cnn", (80, 93), {"width": 2, "residual": True}),
    ("fast", (32, 32), {"width": 2}),
    ("fast", (61, 53), {"width": 2, "depth": 3}),
    ("fast", (97, 85), {"width": 2}),
    ("resnet-small", (32, 32), {"width": 2, "depth": 8}),
    ("resnet-small", (73, 69), {"width": 2, "depth": 8}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size", "arguments"), NETWORKS)
def test_arithmetic_is_what_is_measured(name: str, size: Size, arguments: dict[str, Any]) -> None:
    assert_equal_everywhere(network(name, size, **arguments), 3, size)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(32, 32), (150, 161)])
def test_resnet_20(size: Size) -> None:
    assert_equal_everywhere(network("resnet-small", size, width=2), 3, size)


@pytest.mark.slow
@pytest.mark.parametrize("made_for", [(64, 64), (151, 139)])
def test_networks_on_other_pictures_than_they_were_made_for(made_for: Size) -> None:
    for name in ("cnn", "fast"):
        assert_equal_everywhere(network(name, made_for, width=2), 3, (143, 170))


def thin_efficientnet(monkeypatch: pytest.MonkeyPatch, size: Size) -> nn.Module:
    """The network with two or three channels: windows, strides and shortcuts are the same."""
    stages = [
        (*stage[:3], min(stage[3], 2), 2 + number % 2)
        for number, stage in enumerate(efficientnet_lite.STAGES)
    ]
    monkeypatch.setattr(efficientnet_lite, "STAGES", stages)
    monkeypatch.setattr(efficientnet_lite, "STEM", 3)
    monkeypatch.setattr(efficientnet_lite, "LAST", 2)
    return network("efficientnet_lite0", size)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(224, 224), (187, 205)])
def test_efficientnet(monkeypatch: pytest.MonkeyPatch, size: Size) -> None:
    assert_equal_everywhere(thin_efficientnet(monkeypatch, size), 3, size)


@pytest.mark.slow
def test_efficientnet_where_no_field_reaches_an_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    size = (960, 960)
    model = thin_efficientnet(monkeypatch, size)
    last = layer_fields(model, 3, size)["features.last_act"]
    assert last.size == (851, 851)
    (centre,) = middle(last.units)
    assert last.box(centre) == last.seen(centre)
    expected = measured(model, 3, size, middle)
    assert len(expected) > 100
    assert calculated(model, 3, size, expected) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"), [("vgg16", (64, 75)), ("resnet18", (103, 137)), ("inception_v3", (107, 99))]
)
def test_backbones_of_torchvision(name: str, size: Size) -> None:
    model = network(name, size)
    expected = measured(model, 3, size, corner_and_middle)
    found = calculated(model, 3, size, expected)
    # A pooling to a fixed size has windows of its own everywhere, unless it divides.
    followed = {key for key, box in found.items() if box is not None}
    assert {layer for layer, _ in found.keys() - followed} <= {"avgpool"}
    assert {key: found[key] for key in followed} == {key: expected[key] for key in followed}


def test_of_networks_that_look_at_the_whole_picture_only_the_beginning_is_claimed() -> None:
    known = layer_fields(network("mobilenet_v3_small", (64, 64)), 3, (64, 64))
    names = list(known)
    first = names.index("features.1.block.1.avgpool")  # of the first squeeze-and-excitation
    assert all(known[name].fields for name in names[:first])
    assert not any(known[name].fields for name in names[first:])


def test_without_average_pooling_and_positive_weights_there_are_holes() -> None:
    model = network("lenet", (28, 28))
    picture = torch.full((1, 3, 28, 28), 90.0, requires_grad=True)
    for copy_or_not, whole in ((model, False), (linearised(model), True)):
        pixels = picture.to(next(copy_or_not.parameters()).dtype)
        value = outputs_of(copy_or_not, pixels)["features.pool2"][0, :, 2, 2].sum()
        (gradient,) = torch.autograd.grad(value, picture)
        field = layer_fields(model, 3, (28, 28))["features.pool2"].seen((2, 2))
        assert field is not None
        touched = int((gradient[0].abs().sum(dim=0) != 0).sum())
        assert (touched == field.pixels) == whole


def test_a_field_wrong_by_one_pixel_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uneven padding, taken for padding on the other side."""
    size, pad = (41, 50), receptive._WINDOWS["constant_pad_nd"]

    def on_the_other_side(
        fields: Fields, result: Tensor, maps: Tensor, sides: list[int], *rest: Any
    ) -> Fields | None:
        left, right, top, bottom = sides
        return pad(fields, result, maps, [right, left, bottom, top], *rest)

    model = network("cnn", size, width=2, kernel_size=(2, 5))
    expected = measured(model, 3, size)
    assert calculated(model, 3, size, expected) == expected
    monkeypatch.setitem(receptive._WINDOWS, "constant_pad_nd", on_the_other_side)
    wrong = calculated(model, 3, size, expected)
    assert {name for name, unit in wrong if wrong[name, unit] != expected[name, unit]} >= {
        "features.pad1",
        "features.conv1",
        "features.conv2",
    }


def test_cutting_the_formula_at_the_edges_is_not_enough() -> None:
    """A pooling leaves a row and a column over, in whose place the next layer has its padding."""
    size = (7, 9)
    model = named(pool=nn.MaxPool2d(2), conv=nn.Conv2d(1, 1, 3, padding=1))
    expected = measured(model, 1, size)
    known = layer_fields(model, 1, size)
    cut = {(name, unit): _box(known[name], unit).inside(size) for name, unit in expected}
    assert {key for key in cut if cut[key] != expected[key]} == {
        ("conv", unit) for unit in spread((3, 4)) if unit[0] == 2 or unit[1] == 3
    }
    assert calculated(model, 1, size, expected) == expected


def _box(field: LayerField, unit: Unit) -> Box:
    box = field.box(unit)
    assert box is not None
    return box


def test_units_of_mere_padding_see_nothing() -> None:
    model = named(pad=nn.ZeroPad2d((2, 0, 1, 0)), conv=nn.Conv2d(1, 1, 2))
    known = layer_fields(model, 1, (4, 4))
    pad, conv = known["pad"], known["conv"]
    assert pad.seen((0, 3)) == pad.seen((2, 1)) == NOTHING
    assert pad.seen((1, 2)) == Box(0, 0, 1, 1)
    assert conv.seen((0, 0)) == NOTHING
    assert conv.seen((0, 1)) == Box(0, 0, 1, 1)
    assert conv.box((0, 0)) == Box(-1, -2, 2, 2)


def test_what_is_known_of_the_layers_of_lenet() -> None:
    known = layer_fields(network("lenet", (28, 28), channels=1), 1, (28, 28))
    row = known["features.conv2"].as_dict()
    assert row == {
        "layer": "features.conv2",
        "kind": "Conv2d 5x5, 16",
        "output": [16, 10, 10],
        "kernel": "5x5",
        "stride": "1",
        "field": [14, 14],
    }
    assert known["features.pool2"].box((2, 2)) == Box(6, 6, 16, 16)
    assert known["features.pool2"].units == (5, 5)
    assert known["head.dense1"].units == (120,)
    assert known["head.dense1"].size is None
    assert next(iter(known)) == "normalise"


def test_dilation_stands_with_the_kernel() -> None:
    field = layer_fields(named(conv=nn.Conv2d(1, 1, 3, dilation=2)), 1, (9, 9))["conv"]
    assert (field.kernel, field.size) == ("3x3, dilation 2", (5, 5))


class Twice(nn.Module):
    """A layer that runs twice, and one that never does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.idle = nn.ReLU()

    def forward(self, pictures: Tensor) -> Tensor:
        result: Tensor = self.conv(self.conv(pictures))
        return result


def test_a_second_run_has_a_field_of_its_own() -> None:
    known = layer_fields(Twice(), 1, (8, 8))
    assert {name: one.size for name, one in known.items()} == {"conv": (3, 3), "conv:2": (5, 5)}
    assert chosen(known, Twice(), "conv:2").size == (5, 5)


@pytest.mark.parametrize(
    ("name", "text"),
    [("idle", "nothing comes out"), ("conv:3", "nothing comes out"), ("conf", "did you mean conv")],
)
def test_a_layer_that_is_not_there_or_does_not_run_is_named(name: str, text: str) -> None:
    model = Twice()
    with pytest.raises(UsageError, match=rf"--layer {name}.*{text}"):
        chosen(layer_fields(model, 1, (8, 8)), model, name)


@pytest.mark.parametrize(
    ("name", "arguments", "layer"),
    [
        ("lenet", {}, "features.pool2"),
        ("cnn", {"width": 2}, "features.act6"),
        ("fast", {"width": 2}, "features.block3.act2"),
        ("resnet-small", {"width": 2, "depth": 8}, "features.stage3.block1.activation"),
        ("mlp", {}, "head.output"),
        ("softmax", {}, "head.output"),
    ],
)
def test_the_usual_layer_is_the_last_with_maps(
    name: str, arguments: dict[str, Any], layer: str
) -> None:
    model = network(name, (32, 32), **arguments)
    known = layer_fields(model, 3, (32, 32))
    assert chosen(known, model, None).name == layer


def test_a_part_with_layers_in_it_can_be_asked_for() -> None:
    model = network("fast", (32, 32), width=2)
    known = layer_fields(model, 3, (32, 32), "network.features.block1")
    assert chosen(known, model, "features.block1").output == (2, 15, 15)
    assert chosen(known, model, "network.features.block1").size == (9, 9)


def test_nothing_is_changed() -> None:
    model = network("resnet-small", (32, 32), width=2, depth=8).train()
    before, random = [value.clone() for value in model.state_dict().values()], torch.get_rng_state()
    layer_fields(model, 3, (32, 32))
    assert all(torch.equal(*pair) for pair in zip(before, model.state_dict().values(), strict=True))
    assert torch.equal(random, torch.get_rng_state())
    assert all(part.training for part in model.modules())
    assert not any((*part._forward_hooks, *part._forward_pre_hooks) for part in model.modules())


def test_behind_shuffled_pixels_no_field_is_told_and_the_growth_says_so() -> None:
    plain = network("cnn", (16, 16), depth=2, width=4)
    shuffled = wrap(
        plain.get_submodule("network"), [0.0] * 3, [1.0] * 3, shuffle=ShufflePixels(0, (16, 16))
    )
    known, unknown = layer_fields(plain, 3, (16, 16)), layer_fields(shuffled, 3, (16, 16))
    assert known["features.conv1"].size == (3, 3)
    assert not any(one.shuffled for one in known.values())
    assert growth_in_words(known["features.conv1"])[3] == "3x3"
    assert unknown["normalise"].size == (1, 1)
    assert not unknown["normalise"].shuffled
    for name in known.keys() - {"normalise"}:
        assert unknown[name].fields is None
        assert unknown[name].shuffled
        assert growth_in_words(unknown[name])[3] == "scattered"
