"""captum's three methods against the same computed directly, and against a region that is known."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.attribution.layer import map_layer
from retinue.explaining.attribution.methods import (
    baseline_of,
    grad_cam,
    integrated_gradients,
    occlusion,
)
from retinue.explaining.attribution.way import way_of
from retinue.explaining.layers import out_of_place
from tests.explaining.attribution_cases import (
    MEAN,
    Quadrant,
    classifier_of,
    of_catalogue,
    part_of,
    picture_for,
    tensor_of,
)

NETWORKS: list[tuple[str, int, int, dict[str, Any]]] = [
    ("lenet", 1, 28, {}),
    ("keras-lesson", 3, 32, {}),
    ("fast", 1, 28, {}),
    ("fast", 3, 32, {}),
    ("cnn", 1, 28, {"dense": 16, "padding": "valid", "depth": 3, "batch_norm": False}),
    ("cnn", 3, 32, {"residual": True, "width": 8}),
    ("resnet-small", 3, 32, {"depth": 8, "zero_init": False}),
    ("efficientnet_lite0", 3, 64, {}),
]
FLAT: list[tuple[str, int, int, dict[str, Any]]] = [("softmax", 1, 8, {}), ("mlp", 3, 8, {})]
CLOSE = 1e-5  # of the largest value


def apart(found: Tensor, expected: Tensor) -> float:
    """The largest difference, as a share of the largest value expected."""
    return float((found - expected).abs().max() / expected.abs().max())


def enlarged(maps: NDArray[np.float64], size: tuple[int, int]) -> Tensor:
    """Bilinear, with pixels as areas: their middles lie at (i + 1/2) / n of the side."""
    rows, columns = (_weights(have, want) for have, want in zip(maps.shape, size, strict=True))
    return torch.from_numpy(rows @ maps @ columns.T)


def _weights(have: int, want: int) -> NDArray[np.float64]:
    """(want, have): how much of each old pixel is in each new one, along one side."""
    places = np.clip((np.arange(want) + 0.5) * have / want - 0.5, 0, have - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(places[:, None] - np.arange(have))))


def direct_grad_cam(
    model: nn.Module, pixels: Tensor, target: int, layer: nn.Module, cut: bool = True
) -> Tensor:
    """Selvaraju et al. 2017, equations 1 and 2, by autograd alone."""
    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: kept.append(output))
    logit = model(pixels.clone().requires_grad_())[0, target]
    hook.remove()
    (gradient,) = torch.autograd.grad(logit, kept[-1])
    weights = gradient[0].mean((1, 2))
    total = torch.einsum("c,chw->hw", weights, kept[-1][0]).detach()
    total = total.clamp(min=0) if cut else total
    return enlarged(total.double().numpy(), (pixels.shape[2], pixels.shape[3]))


def direct_integral(
    model: nn.Module, pixels: Tensor, target: int, start: Tensor, steps: int
) -> Tensor:
    """Sundararajan et al. 2017, equation 1, with the places and weights of Gauss and Legendre."""
    places, weights = np.polynomial.legendre.leggauss(steps)
    path = torch.cat([start + float(p + 1) / 2 * (pixels - start) for p in places])
    path.requires_grad_()
    (gradients,) = torch.autograd.grad(model(path)[:, target].sum(), path)
    mean = torch.einsum("n,nchw->chw", torch.tensor(weights / 2), gradients.double())
    return (mean * (pixels - start)[0].double()).sum(0)


def direct_occlusion(
    model: nn.Module,
    pixels: Tensor,
    target: int,
    start: Tensor,
    window: tuple[int, int],
    stride: tuple[int, int],
) -> Tensor:
    """A window at every place, until the last reaches the edge; the mean of those over a pixel."""
    height, width = pixels.shape[2:]
    total, times = torch.zeros(height, width), torch.zeros(height, width)
    with torch.no_grad():
        whole = model(pixels)[0, target]
        for top in range(0, height - window[0] + stride[0], stride[0]):
            for left in range(0, width - window[1] + stride[1], stride[1]):
                place = (slice(top, top + window[0]), slice(left, left + window[1]))
                covered = pixels.clone()
                covered[:, :, place[0], place[1]] = start[:, :, place[0], place[1]]
                total[place] += whole - model(covered)[0, target]
                times[place] += 1
    return total / times


@pytest.mark.parametrize(("name", "channels", "size", "arguments"), NETWORKS)
def test_grad_cam_is_that_of_autograd(
    name: str, channels: int, size: int, arguments: dict[str, Any]
) -> None:
    classifier = of_catalogue(name, channels, size, **arguments)
    pixels = tensor_of(picture_for(classifier))
    layer = part_of(classifier.model, map_layer(classifier.model, pixels).name)
    seen = 0
    for target in range(len(classifier.classes)):
        found = grad_cam(classifier.model, pixels, target, layer)
        expected = direct_grad_cam(classifier.model, pixels, target, layer)
        assert found.min() >= 0
        if expected.any():
            assert apart(found, expected) < CLOSE
            seen += 1
    assert seen


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "convnext_tiny", "vgg16"])
def test_grad_cam_of_backbones_that_work_in_place_is_that_of_autograd(name: str) -> None:
    classifier = of_catalogue(name, 3, 64)
    model, pixels = classifier.model, tensor_of(picture_for(classifier))
    way = way_of(model, pixels, "grad-cam")
    assert way.layer is not None
    seen = 0
    for target in range(10):
        found = way.heat(model, pixels, target)
        with out_of_place(model):
            layer = part_of(model, way.layer.name)
            expected = direct_grad_cam(model, pixels, target, layer)
        if expected.any():
            assert apart(found, expected) < CLOSE
            seen += 1
    assert seen


@pytest.mark.parametrize(("name", "channels", "size", "arguments"), [*NETWORKS, *FLAT])
def test_integrated_gradients_are_those_of_autograd(
    name: str, channels: int, size: int, arguments: dict[str, Any]
) -> None:
    classifier = of_catalogue(name, channels, size, **arguments)
    pixels = tensor_of(picture_for(classifier))
    start = baseline_of(classifier.model, pixels, "mean")
    found = integrated_gradients(classifier.model, pixels, 3, start, 20)
    assert apart(found, direct_integral(classifier.model, pixels, 3, start, 20)) < CLOSE


@pytest.mark.parametrize(
    ("size", "window", "stride"),
    [((12, 12), (4, 4), (2, 2)), ((11, 14), (3, 5), (2, 3)), ((9, 9), (9, 9), (9, 9))],
)
def test_occlusion_is_that_of_a_loop(
    size: tuple[int, int], window: tuple[int, int], stride: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 4)
    )
    classifier = classifier_of(network, size=size)
    pixels = tensor_of(picture_for(classifier))
    for start in (torch.zeros_like(pixels), baseline_of(classifier.model, pixels, "mean")):
        arguments = (classifier.model, pixels, 1, start, window, stride)
        expected = direct_occlusion(*arguments)
        assert apart(occlusion(*arguments), expected) < CLOSE
        other = direct_occlusion(*arguments[:4], window, (max(1, stride[0] - 1), stride[1]))
        assert window == size or apart(other, expected) > 1e-3


def test_deviations_from_grad_cam_are_noticed() -> None:
    classifier = of_catalogue("keras-lesson")
    model, pixels = classifier.model, tensor_of(picture_for(classifier))
    layer = part_of(model, "features.act2")
    uncut = [direct_grad_cam(model, pixels, one, layer, cut=False) for one in range(10)]
    target = max(range(10), key=lambda one: float(min(uncut[one].max(), -uncut[one].min())))
    found = grad_cam(model, pixels, target, layer)
    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: kept.append(output))
    (gradient,) = torch.autograd.grad(model(pixels.clone().requires_grad_())[0, target], kept)
    hook.remove()
    product = (gradient * kept[0]).detach()
    corners = nn.functional.interpolate(
        (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1, keepdim=True).relu(),
        [32, 32], mode="bilinear", align_corners=True,
    )  # fmt: skip
    deviations = {
        "no ReLU": uncut[target],
        "another layer": direct_grad_cam(model, pixels, target, part_of(model, "features.conv2")),
        "another class": direct_grad_cam(model, pixels, (target + 1) % 10, layer),
        "gradients not averaged": enlarged(product[0].sum(0).double().numpy(), (32, 32)),
        "corners aligned": corners.detach()[0, 0],
    }
    for name, one in deviations.items():
        assert apart(one, found) > 1e-3, name


def test_deviations_from_integrated_gradients_are_noticed() -> None:
    classifier = of_catalogue("lenet", 1, 28)
    model, pixels = classifier.model, tensor_of(picture_for(classifier))
    start = baseline_of(model, pixels, "mean")
    found = integrated_gradients(model, pixels, 3, start, 20)
    deviations = {
        "another start": direct_integral(model, pixels, 3, torch.zeros_like(pixels), 20),
        "another class": direct_integral(model, pixels, 4, start, 20),
        "one step": direct_integral(model, pixels, 3, start, 1),
    }
    for name, one in deviations.items():
        assert apart(one, found) > 1e-3, name


def test_many_steps_pass_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = of_catalogue("lenet", 1, 28)
    pixels = tensor_of(picture_for(classifier))
    start = torch.zeros_like(pixels)
    whole = integrated_gradients(classifier.model, pixels, 3, start, 20)
    covered = occlusion(classifier.model, pixels, 3, start, (6, 6), (3, 3))
    monkeypatch.setattr("retinue.explaining.attribution.methods.AT_ONCE", 28 * 28 * 7)
    batches: list[int] = []
    model = classifier.model
    hook = model.register_forward_pre_hook(lambda _, given: batches.append(len(given[0])))
    assert apart(integrated_gradients(classifier.model, pixels, 3, start, 20), whole) < 1e-4
    assert apart(occlusion(classifier.model, pixels, 3, start, (6, 6), (3, 3)), covered) < 1e-4
    hook.remove()
    assert max(batches) == 7


@pytest.mark.parametrize("quadrant", range(4))
def test_all_three_light_up_where_the_network_looks(quadrant: int) -> None:
    classifier = classifier_of(Quadrant(quadrant), classes=2)
    model, pixels = classifier.model, tensor_of(picture_for(classifier, seed=quadrant))
    start = baseline_of(model, pixels, "mean")
    heats = {
        1: grad_cam(model, pixels, 0, part_of(model, "act")),
        0: integrated_gradients(model, pixels, 0, start, 20),
        2: occlusion(model, pixels, 0, start, (3, 3), (1, 1)),
    }
    for reach, heat in heats.items():
        assert share_outside(heat, quadrant, reach) < CLOSE
        assert share_outside(heat, quadrant, 0) < 0.3


def share_outside(heat: Tensor, quadrant: int, reach: int) -> float:
    """How much of the map lies more than `reach` pixels outside of a quadrant.

    The filters reach over the edge by one pixel, the windows by two.
    """
    half = heat.shape[0] // 2
    row, column = (half * part for part in divmod(quadrant, 2))
    left = heat.abs().clone()
    left[
        max(0, row - reach) : row + half + reach, max(0, column - reach) : column + half + reach
    ] = 0
    return float(left.sum() / heat.abs().sum())


def test_a_network_that_looks_elsewhere_too_is_noticed() -> None:
    network = Quadrant(0)
    network.keep.fill_(1)
    classifier = classifier_of(network, classes=2)
    model, pixels = classifier.model, tensor_of(picture_for(classifier))
    start = baseline_of(model, pixels, "mean")
    for heat in (
        grad_cam(model, pixels, 0, part_of(model, "act")),
        integrated_gradients(model, pixels, 0, start, 20),
        occlusion(model, pixels, 0, start, (3, 3), (1, 1)),
    ):
        assert share_outside(heat, 0, 2) > 0.3


class InPlace(nn.Module):
    """Its activation writes over the maps of the convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)
        self.out = nn.Linear(4, 2)

    def forward(self, values: Tensor) -> Tensor:
        logits: Tensor = self.out(self.act(self.conv(values)).mean((2, 3)))
        return logits


def test_a_layer_that_is_written_over_gives_its_own_maps() -> None:
    torch.manual_seed(0)
    model = classifier_of(InPlace(), classes=2).model
    pixels = tensor_of(picture_for(classifier_of(InPlace())))
    layer = part_of(model, "conv")
    with out_of_place(model):
        found = [grad_cam(model, pixels, target, layer) for target in range(2)]
        expected = [direct_grad_cam(model, pixels, target, layer) for target in range(2)]
    naive = [naive_grad_cam(model, pixels, target, layer) for target in range(2)]
    assert max(map(apart, found, expected)) < CLOSE
    assert max(map(apart, naive, expected)) > 1e-3


def naive_grad_cam(model: nn.Module, pixels: Tensor, target: int, layer: nn.Module) -> Tensor:
    """With a hook that keeps what is then written over; the gradient is right."""
    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: kept.append(output.detach()))
    with torch.no_grad():
        model(pixels)
    hook.remove()
    with out_of_place(model):
        asked: list[Tensor] = []
        hook = layer.register_forward_hook(lambda _, __, output: asked.append(output))
        logit = model(pixels.clone().requires_grad_())[0, target]
        hook.remove()
        (gradient,) = torch.autograd.grad(logit, asked[0])
    total = torch.einsum("c,chw->hw", gradient[0].mean((1, 2)), kept[0][0]).clamp(min=0)
    return enlarged(total.double().numpy(), (16, 16))


def test_the_baseline_is_what_normalisation_makes_zero() -> None:
    classifier = of_catalogue("lenet", 1, 28)
    pixels = tensor_of(picture_for(classifier))
    mean = baseline_of(classifier.model, pixels, "mean")
    assert mean.shape == pixels.shape
    assert mean.unique().tolist() == MEAN[:1]
    normalise = dict(classifier.model.named_modules())["normalise"]
    assert not normalise(mean).any()
    assert normalise(baseline_of(classifier.model, pixels, "black")).all()


def test_a_network_that_does_not_know_the_mean_is_told_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"baseline mean.*use baseline black"):
        baseline_of(nn.Conv2d(3, 2, 3), torch.zeros(1, 3, 8, 8), "mean")
