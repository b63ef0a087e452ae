"""The network `fast`: shapes, widths, where its weights begin, and the whitening by NumPy."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import ImpossibleNetworkError
from retinue.models.blocks import ACTIVATIONS, Residual
from retinue.models.describe import describe
from retinue.models.fast import WHITENING_EPSILON, WhiteningConv2d, block_widths, fast
from retinue.prediction.classifier import Classifier
from retinue.recipe import make_recipe
from retinue.training.fit import fit
from retinue.training.listener import Listener

SHAPES = [(1, 8, 8), (1, 28, 28), (1, 28, 20), (3, 32, 32), (3, 24, 40), (3, 64, 64), (3, 128, 128)]


def made(shape: tuple[int, int, int] = (3, 32, 32), **settings: Any) -> nn.Module:
    channels, *size = shape
    torch.manual_seed(0)
    return fast(10, channels, (size[0], size[1]), **{"width": 8, **settings})


def whitening(network: nn.Module) -> WhiteningConv2d:
    layer = network.get_submodule("features.whiten")
    assert isinstance(layer, WhiteningConv2d)
    return layer


def convolutions(network: nn.Module) -> dict[str, nn.Conv2d]:
    """Those of the blocks, by name."""
    return {
        name: layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d) and not isinstance(layer, WhiteningConv2d)
    }


def noise(count: int, channels: int, height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(count, channels, height, width, generator=generator)


def photos(count: int = 60, channels: int = 3, side: int = 20) -> Tensor:
    """Normalised pictures in which neighbouring pixels and the channels are alike, as in photos."""
    smooth = nn.functional.avg_pool2d(noise(count, channels, side + 2, side + 2), 3, 1)
    rough = 0.3 * noise(count, channels, side, side)
    alike = smooth + smooth.mean(1, keepdim=True) + rough
    mean, std = alike.mean((0, 2, 3), keepdim=True), alike.std((0, 2, 3), keepdim=True)
    return (alike - mean) / std


# Shapes.


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_pictures_of_every_size_give_logits(shape: tuple[int, int, int], depth: int) -> None:
    network = made(shape, depth=depth).train()
    logits = network(noise(2, *shape))
    assert logits.shape == (2, 10)
    assert logits.isfinite().all()
    blocks = [name for name, _ in network.get_submodule("features").named_children()][2:]
    assert len(convolutions(network)) == depth * len(blocks)


def test_blocks_halve_the_map_down_to_three_or_more_pixels() -> None:
    for shape in SHAPES:
        rows = describe(made(shape), shape[0], shape[1:]).rows
        heights = [min(row.output[1:]) for row in rows if row.kind.startswith("MaxPool2d")]
        first = min(rows[0].output[1:])
        assert heights == [first // 2**number for number in range(1, len(heights) + 1)]
        assert heights[-1] >= 3
        assert heights[-1] // 2 < 3, "one more block would have fitted"


@pytest.mark.parametrize(("side", "stride"), [(64, 1), (65, 2), (128, 2)])
def test_pictures_of_more_than_64_pixels_are_halved_at_once(side: int, stride: int) -> None:
    assert whitening(made((3, side, side))).stride == (stride, stride)
    assert whitening(made((3, side, 400))).stride == (stride, stride)  # the shorter side counts


# By hand: how often the map can be halved, and wide blocks where it is small.
WIDTHS = {
    3: [32], 6: [32], 11: [32], 12: [8, 32], 23: [8, 32], 24: [8, 32, 32], 26: [8, 32, 32],
    31: [8, 32, 32], 47: [8, 32, 32], 48: [8, 16, 32, 32], 63: [8, 16, 32, 32],
    95: [8, 16, 32, 32], 96: [8, 8, 16, 32, 32], 191: [8, 8, 16, 32, 32],
}  # fmt: skip


@pytest.mark.parametrize("pixels", WIDTHS)
def test_the_widths_of_the_blocks(pixels: int) -> None:
    assert block_widths(pixels, 8) == WIDTHS[pixels]
    assert block_widths(pixels, 16) == [2 * width for width in WIDTHS[pixels]]


@pytest.mark.parametrize("size", [(20, 20), (24, 24), (40, 40), (24, 36)])
def test_other_sizes_than_its_own_are_taken_too(size: tuple[int, int]) -> None:
    network = made((3, 32, 32)).eval()
    with torch.no_grad():
        assert network(noise(2, 3, *size)).shape == (2, 10)


def test_pictures_that_are_too_small_name_the_layer() -> None:
    with pytest.raises(ImpossibleNetworkError, match=r"layer features\.whiten \(kernel 3x3"):
        made((1, 2, 8))
    with pytest.raises(ImpossibleNetworkError, match=r"layer features\.block1\.pool"):
        made((1, 3, 8))


def test_parameters_by_closed_form() -> None:
    for depth in (1, 2, 3):
        network = made((3, 32, 32), depth=depth)
        expected = sum(weight.numel() for weight in whitening(network).parameters())
        inputs = whitening(network).out_channels
        for width in (8, 32, 32):
            expected += 9 * width * (inputs + (depth - 1) * width)  # 3x3, without bias
            expected += depth * 2 * width  # normalisation: scale and shift
            inputs = width
        expected += 32 * 10  # the last layer, without bias
        described = describe(network, 3, (32, 32))
        assert described.parameters == expected
        fixed = whitening(network).weight.numel() + depth * (8 + 32 + 32)  # filters and scales
        assert described.trainable_parameters == expected - fixed


def test_the_filters_and_the_scales_are_fixed_and_all_else_gets_a_gradient() -> None:
    network = made(depth=3).train()
    nn.functional.cross_entropy(network(photos(8, side=32)), torch.arange(8)).backward()
    without = {name for name, weight in network.named_parameters() if weight.grad is None}
    scales = {
        f"{name}.weight"
        for name, layer in network.named_modules()
        if isinstance(layer, nn.BatchNorm2d)
    }
    assert without == {"features.whiten.weight"} | scales
    for weight in network.parameters():
        if weight.grad is not None:
            assert weight.grad.abs().max() > 0


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation: Any) -> None:
    network = made(activation=activation)
    kinds = [type(layer) for layer in network.modules()]
    assert kinds.count(type(ACTIVATIONS[activation]())) == 1 + 2 * 3
    assert network(photos(4, side=32)).isfinite().all()


# Where the weights begin.


@pytest.mark.parametrize("width", [8, 20])
def test_a_convolution_begins_by_passing_its_input_on(width: int) -> None:
    for layer in convolutions(made(width=width)).values():
        maps = noise(2, layer.in_channels, 6, 6)
        kept = min(layer.in_channels, layer.out_channels)
        with torch.no_grad():
            out = layer(maps)
        assert torch.equal(out[:, :kept], maps[:, :kept])
        if layer.out_channels > kept:
            assert (out[:, kept:] - maps[:, :1]).abs().min(0).values.max() > 0.1  # control


def test_logits_are_small_at_first() -> None:
    network = made(width=32)
    with torch.no_grad():
        maps = network.get_submodule("features")(noise(50, 3, 32, 32))
    head = network.get_submodule("head")
    peaks = maps.amax((2, 3))
    # The weights of the last layer have deviation 1 / channels.
    expected = float(peaks.square().sum(1).mean().sqrt()) / 128
    logits = head(maps)
    assert logits.std().item() == pytest.approx(expected, rel=0.3)
    loss = nn.functional.cross_entropy(logits, torch.arange(50) % 10)
    assert loss.item() == pytest.approx(math.log(10), abs=0.2)
    assert nn.Linear(128, 10)(peaks).std() > 2 * logits.std()  # control: torch's own start


def test_a_residual_block_adds_what_the_first_convolution_gave() -> None:
    network = made(depth=3).eval()
    block = network.get_submodule("features.block2")
    residual = block.get_submodule("residual")
    assert isinstance(residual, Residual)
    maps = noise(2, 32, 7, 7)
    expected = residual.activation(residual.body(maps) + maps)
    torch.testing.assert_close(residual(maps), expected)
    plain = [layer for layer in made(depth=2).modules() if isinstance(layer, Residual)]
    assert plain == []


# Whitening, against NumPy.


def patches_of(pictures: Tensor, side: int) -> NDArray[np.float64]:
    """Every patch of every picture as a row, in the order of a filter's weights."""
    pixels = pictures.numpy().astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (side, side), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, pixels.shape[1] * side * side)


def responses(layer: WhiteningConv2d, pictures: Tensor) -> NDArray[np.float64]:
    """What the filters make of every patch, (patches, filters)."""
    filters = layer.weight.numpy().astype(np.float64).reshape(layer.out_channels, -1)
    return patches_of(pictures, layer.kernel_size[0]) @ filters.T


def farthest_from_white(values: NDArray[np.float64]) -> float:
    """How far the covariance of columns is from that of white noise, at most."""
    covariance = np.cov(values, rowvar=False)
    return float(np.abs(covariance - np.eye(len(covariance))).max())


@pytest.mark.parametrize(("channels", "stride"), [(3, 1), (3, 2), (1, 1), (1, 2)])
def test_what_the_filters_give_is_white(channels: int, stride: int) -> None:
    pictures = photos(channels=channels)
    torch.manual_seed(0)
    layer = WhiteningConv2d(channels, stride)
    half = layer.out_channels // 2
    before = farthest_from_white(responses(layer, pictures)[:, :half])
    layer.fit(pictures)
    after = responses(layer, pictures)
    assert farthest_from_white(after[:, :half]) < 0.02
    assert before > 0.5  # control: the random filters that were there
    assert np.array_equal(after[:, half:], -after[:, :half])


def test_the_layer_computes_what_its_filters_say() -> None:
    pictures = photos()
    layer = WhiteningConv2d(3)
    layer.fit(pictures)
    out = layer(pictures).detach().permute(0, 2, 3, 1).reshape(-1, layer.out_channels)
    np.testing.assert_allclose(out.numpy(), responses(layer, pictures), atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_filters_are_the_directions_in_which_patches_vary_most(channels: int) -> None:
    pictures = photos(channels=channels)
    layer = WhiteningConv2d(channels)
    layer.fit(pictures)
    half = layer.out_channels // 2
    rows = patches_of(pictures, layer.kernel_size[0])
    variances, directions = np.linalg.eigh(rows.T @ rows / len(rows))
    filters = layer.weight[:half].reshape(half, -1).numpy().astype(np.float64)
    lengths = np.linalg.norm(filters, axis=1)
    most = variances[::-1][:half]
    np.testing.assert_allclose(lengths, 1 / np.sqrt(most + WHITENING_EPSILON), rtol=1e-3)
    along = np.abs((filters / lengths[:, None]) @ directions[:, ::-1][:, :half])
    np.testing.assert_allclose(along, np.eye(half), atol=0.02)


def test_directions_that_hardly_vary_are_not_blown_up() -> None:
    flat = noise(40, 3, 1, 1).expand(-1, -1, 12, 12)  # each picture of one colour
    layer = WhiteningConv2d(3)
    layer.fit(flat)
    assert layer.weight.isfinite().all()
    half = layer.out_channels // 2
    lengths = layer.weight[:half].flatten(1).norm(dim=1)
    assert lengths.max() < 1.001 / WHITENING_EPSILON**0.5
    assert lengths[3:].min() > 10  # control: beyond the three that vary there is next to nothing


def test_the_signs_of_the_filters_do_not_depend_on_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures = photos()
    layer, other = WhiteningConv2d(3), WhiteningConv2d(3)
    layer.fit(pictures)
    solve = torch.linalg.eigh

    def another_library(matrix: Tensor) -> tuple[Tensor, Tensor]:
        values, vectors = solve(matrix)
        signs = torch.ones(len(values), dtype=vectors.dtype)
        signs[::2] = -1
        return values, vectors * signs

    monkeypatch.setattr(torch.linalg, "eigh", another_library)
    other.fit(pictures)
    assert torch.equal(layer.weight, other.weight)
    half = layer.out_channels // 2
    largest = layer.weight[:half].flatten(1)
    assert (largest.gather(1, largest.abs().argmax(1, keepdim=True)) > 0).all()


# In a training.


def training_pictures(data: ImageData) -> Tensor:
    return torch.from_numpy(data.train.images).permute(0, 3, 1, 2)


def test_training_keeps_the_filters_of_the_pictures_and_a_loaded_network_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    data = load_data("digits", limit_per_class=6)
    network = {"name": "fast", "width": 4}
    given = {"model": network, "epochs": 1, "precision": "fp32", "views": "one"}
    trained: list[nn.Module] = []
    filters: list[Tensor] = []
    first: list[Tensor] = []

    def note(_: object, training: Any) -> None:
        trained.append(training.model)
        layer = whitening(training.model.get_submodule("network"))
        filters.append(layer.weight.detach().clone())
        first.append(convolutions(training.model)["network.features.block1.conv1"].weight.clone())

    recipe = make_recipe(data.loaded_with, given)
    run = fit(recipe, data=data, output=tmp_path / "run", listener=Listener(on_step=note))
    assert len(filters) > 1
    assert all(torch.equal(each, filters[0]) for each in filters)
    assert not torch.equal(first[0], first[-1])  # control: the others move

    found = Classifier.load(run)
    pictures = torch.from_numpy(data.test.images).permute(0, 3, 1, 2)
    with torch.no_grad():
        expected = trained[-1].eval()(pictures)
    np.testing.assert_allclose(found.logits(data.test.images), expected.numpy(), atol=1e-6)
    loaded = whitening(found.model.get_submodule("network"))
    assert torch.equal(loaded.weight, filters[0])
    drawn = WhiteningConv2d(1)
    drawn.fit(trained[-1].get_submodule("normalise")(training_pictures(data)))
    torch.testing.assert_close(loaded.weight.detach(), drawn.weight.detach())
