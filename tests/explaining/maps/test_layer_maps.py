import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.maps.layer_maps import (
    as_maps,
    channels_last,
    default_layer,
    kind_of,
    look,
    split_run,
)
from retinue.models.blocks import named
from tests.explaining.map_cases import built, classifier_of, noise_picture, state_of

NORMED = nn.Sequential(nn.LayerNorm(4))


def test_maps_and_units_are_taken_as_they_are() -> None:
    values = torch.arange(24.0).reshape(1, 2, 3, 4)
    found = as_maps(values, "x", 1, (6, 8))
    assert torch.equal(found.values, values)
    assert (found.form, found.shape) == ("maps", (2, 3, 4))
    units = as_maps(values.flatten(1), "x", 1, (6, 8))
    assert (units.form, units.shape, units.values.shape) == ("units", (24,), (1, 24, 1, 1))
    pooled = as_maps(values[:, :, :1, :1], "x", 1, (6, 8))
    assert (pooled.form, pooled.shape) == ("units", (2, 1, 1))


@pytest.mark.parametrize("with_class_token", [False, True])
def test_tokens_lie_on_their_grid_again(with_class_token: bool) -> None:
    maps = torch.arange(2 * 3 * 6.0).reshape(1, 2, 3, 6)  # two channels of 3 rows, 6 columns
    tokens = maps.flatten(2).transpose(1, 2)
    if with_class_token:
        tokens = torch.cat([torch.full((1, 1, 2), -1.0), tokens], dim=1)
    found = as_maps(tokens, "x", 1, (48, 96))
    assert torch.equal(found.values, maps)
    assert (found.form, found.class_token) == ("tokens", with_class_token)


def test_tokens_of_a_wide_picture_are_not_put_into_a_square() -> None:
    with pytest.raises(UsageError, match="neither maps, nor tokens on a grid"):
        as_maps(torch.zeros(1, 16, 5), "x", 1, (32, 96))
    assert as_maps(torch.zeros(1, 16, 5), "x", 1, (32, 128)).values.shape == (1, 5, 2, 8)


@pytest.mark.parametrize(
    "shape", [(1,), (1, 15, 4), (4, 49, 3), (4, 3, 7, 7), (1, 2, 3, 4, 5), (1, 0)]
)
def test_what_is_no_map_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"--layer x: what it gives for 1 picture, .*neither maps"):
        as_maps(torch.zeros(shape), "x", 1, (32, 32))


@pytest.mark.parametrize(
    ("model", "layer", "shape", "size", "last"),
    [
        (NORMED, nn.GELU(), (8, 8, 96), (32, 32), True),
        (NORMED, nn.GELU(), (96, 8, 8), (32, 32), False),
        (NORMED, nn.GELU(), (8, 8, 8), (32, 32), False),
        (NORMED, nn.GELU(), (8, 16, 96), (32, 64), True),
        (NORMED, nn.GELU(), (32, 32, 64), (32, 64), False),
        (NORMED, nn.Conv2d(1, 8, 1), (8, 8, 96), (32, 32), False),
        (NORMED, nn.Linear(4, 4), (8, 8, 8), (32, 32), True),
        (NORMED, nn.GELU(), (8, 96), (32, 32), False),
        # A network of maps whose strides are unlike, with as many channels as rows.
        (nn.Sequential(nn.ReLU()), nn.ReLU(), (32, 32, 16), (32, 32), False),
    ],
)
def test_where_the_channels_are_told_by_the_proportions(
    model: nn.Module,
    layer: nn.Module,
    shape: tuple[int, ...],
    size: tuple[int, int],
    last: bool,
) -> None:
    assert channels_last(model, layer, shape, size) == last


class ChannelsLast(nn.Module):
    """A convolution, then a linear layer on (rows, columns, channels), as ConvNeXt has it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, padding=1)
        self.norm = nn.LayerNorm(5)
        self.linear = nn.Linear(5, 7)
        self.act = nn.GELU()

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.conv(pictures).permute(0, 2, 3, 1)
        found: Tensor = self.act(self.linear(self.norm(maps)))
        return found.mean(dim=(1, 2))


def test_channels_that_come_last_are_put_first() -> None:
    torch.manual_seed(0)
    network = ChannelsLast()
    classifier, picture = classifier_of(network, classes=7), noise_picture(size=(8, 8))
    conv = look(classifier, picture.batch, "conv").maps.values
    norm = look(classifier, picture.batch, "norm").maps
    assert (norm.shape, norm.values.shape) == ((8, 8, 5), (1, 5, 8, 8))
    centred = conv - conv.mean(dim=1, keepdim=True)
    wanted = centred / (conv.var(dim=1, keepdim=True, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(norm.values, wanted, rtol=1e-4, atol=1e-5)
    assert look(classifier, picture.batch, "act").maps.values.shape == (1, 7, 8, 8)


def test_runs_and_the_answer_are_known() -> None:
    act = nn.ReLU()
    network = named(act=act, conv=nn.Conv2d(3, 3, 1), again=act, flat=nn.Flatten())
    network.add_module("output", nn.Linear(3 * 64, 10))
    classifier, picture = classifier_of(network), noise_picture(size=(8, 8))
    first = look(classifier, picture.batch, "act")
    second = look(classifier, picture.batch, "act:2", before=True)
    assert (first.runs, second.runs, second.layer) == (2, 2, "act:2")
    conv = look(classifier, picture.batch, "conv").maps.values
    assert second.before is not None
    assert torch.equal(second.before.values, conv)
    assert torch.equal(second.maps.values, conv.relu())
    assert not first.answer
    assert look(classifier, picture.batch, "output").answer
    with pytest.raises(UsageError, match="act:3: the layer runs 2 times"):
        look(classifier, picture.batch, "act:3")
    with pytest.raises(UsageError, match="conv:2: the layer runs once"):
        look(classifier, picture.batch, "conv:2")


def test_a_layer_that_shows_nothing_is_refused() -> None:
    network = named(attention=nn.MultiheadAttention(4, 2), out=nn.Flatten())

    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.idle = network
            self.used = nn.Flatten()

        def forward(self, pictures: Tensor) -> Tensor:
            found: Tensor = self.used(pictures)
            return found

    classifier, picture = classifier_of(Idle()), noise_picture(size=(8, 8))
    with pytest.raises(UsageError, match=r"--layer idle.out: shows nothing: it is not run"):
        look(classifier, picture.batch, "idle.out")


class Drawing(nn.Module):
    """Draws random numbers whatever its mode."""

    def forward(self, pictures: Tensor) -> Tensor:
        return nn.functional.dropout(pictures, 0.5, training=True).flatten(1)


def test_nothing_is_changed() -> None:
    network = named(
        conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), act=nn.ReLU(inplace=True), draw=Drawing()
    )
    classifier, picture = classifier_of(network), noise_picture(size=(8, 8))
    network.train()
    network.norm.eval()  # type: ignore[union-attr]
    before, pixels = state_of(classifier.model), picture.pixels.copy()
    for name in ("conv", "norm", "act", "draw"):
        look(classifier, picture.batch, name, before=True)
    assert state_of(classifier.model) == before
    assert np.array_equal(picture.pixels, pixels)


def test_the_default_is_the_first_convolution_or_else_the_first_layer_with_weights() -> None:
    assert default_layer(built("fast").model) == "features.whiten"
    assert default_layer(built("mlp").model) == "head.dense1"
    with pytest.raises(UsageError, match="no layer with weights"):
        default_layer(classifier_of(nn.Flatten()).model)


def test_parts_say_how_many_layers_they_hold() -> None:
    assert kind_of(nn.Conv2d(1, 8, 3)) == "Conv2d 3x3, 8"
    assert kind_of(nn.Sequential(nn.ReLU(), nn.ReLU())) == "Sequential of 2 layers"
    assert kind_of(nn.Sequential(nn.ReLU())) == "Sequential of 1 layer"


@pytest.mark.parametrize(
    ("name", "found"),
    [("a", ("a", 1)), ("a:2", ("a", 2)), ("a:0", ("a", 1)), (":2", (":2", 1)), ("a:b", ("a:b", 1))],
)
def test_the_run_is_a_number_after_the_name(name: str, found: tuple[str, int]) -> None:
    assert split_run(name) == found
