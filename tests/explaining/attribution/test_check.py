"""A map beside that of a network without what it learned: the draw, the likeness, the words."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.explaining.attribution.attribution import attribution
from retinue.explaining.attribution.check import Check, randomised, similarity
from retinue.explaining.attribution.methods import grad_cam
from tests.explaining.attribution_cases import (
    Quadrant,
    classifier_of,
    of_catalogue,
    picture_for,
    tensor_of,
)


def likeness(one: list[float], other: list[float]) -> float | None:
    return similarity(np.array(one), np.array(other))


def test_similarity_is_the_correlation_of_ranks() -> None:
    assert likeness([0, 1, 2, 3], [0, 10, 11, 500]) == pytest.approx(1)
    assert likeness([0, 1, 2, 3], [9, 8, 7, 1]) == pytest.approx(-1)
    # 1 - 6 * sum(d * d) / (n * (n * n - 1)) with d = 0, 1, -1, 0
    assert likeness([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(1 - 6 * 2 / (4 * 15))


def test_similarity_is_of_strengths_whatever_the_sign() -> None:
    assert likeness([-1, 2, -3, 4], [1, 2, 3, -4]) == pytest.approx(1)


def test_a_map_that_is_the_same_everywhere_has_no_similarity() -> None:
    assert likeness([2, 2, 2], [1, 2, 3]) is None
    assert likeness([1, 2, 3], [2, -2, 2]) is None


def test_every_weight_is_drawn_anew_around_its_tensor_s_mean() -> None:
    classifier = of_catalogue("lenet", 1, 28)
    model = classifier.model
    drawn = randomised(model, tensor_of(picture_for(classifier)), seed=0)
    both = zip(model.parameters(), drawn.parameters(), strict=True)
    pairs = [(old.detach(), new.detach()) for old, new in both]
    assert pairs
    for old, new in pairs:
        assert not (old == new).any()
    large = [(old, new) for old, new in pairs if old.numel() > 2000]
    for old, new in large:
        assert float(new.mean() - old.mean()) == pytest.approx(0, abs=0.1 * float(old.std()))
        assert float(new.std()) == pytest.approx(float(old.std()), rel=0.1)


def test_batch_norm_measures_anew_what_it_gets() -> None:
    classifier = of_catalogue("resnet-small", depth=8, zero_init=False)
    pixels = tensor_of(picture_for(classifier))
    drawn = randomised(classifier.model, pixels, seed=0)
    by_batch = copy.deepcopy(drawn).train()  # normalises by the batch at hand
    with torch.no_grad():
        assert torch.allclose(drawn(pixels), by_batch(pixels), rtol=1e-4, atol=1e-4)
        stale = copy.deepcopy(drawn)
        for layer in stale.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_running_stats()
        assert not torch.allclose(drawn(pixels), stale(pixels), rtol=1e-2, atol=1e-2)


def test_a_norm_that_gets_one_value_keeps_its_statistics() -> None:
    network = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 4)
    )
    classifier = classifier_of(network)
    drawn = randomised(classifier.model, tensor_of(picture_for(classifier)), seed=0)
    kept = next(layer for layer in drawn.modules() if isinstance(layer, nn.BatchNorm2d))
    assert kept.running_mean is not None
    assert not kept.running_mean.any()


def test_the_draw_follows_from_the_seed_and_leaves_all_else_as_it_was() -> None:
    classifier = of_catalogue("resnet-small", depth=8)
    model, pixels = classifier.model, tensor_of(picture_for(classifier))
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()

    def first(seed: int) -> Tensor:
        return next(randomised(model, pixels, seed).parameters())

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))
    assert not torch.equal(first(1), next(randomised(model, pixels, 1, draw=1).parameters()))
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(part._forward_pre_hooks for part in randomised(model, pixels, 1).modules())


class Edges(nn.Module):
    """Finds edges by a fixed filter, and adds next to nothing that could be learned."""

    edges: Tensor

    def __init__(self) -> None:
        super().__init__()
        kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).expand(1, 3, 3, 3)
        self.register_buffer("edges", kernel)
        self.maps = nn.Identity()
        self.offsets = nn.Parameter(torch.tensor([0.5, 0.25]))

    def forward(self, values: Tensor) -> Tensor:
        found = self.maps(nn.functional.conv2d(values, self.edges, padding=1).relu())
        logits: Tensor = found.mean((1, 2, 3))[:, None] + self.offsets
        return logits


@pytest.mark.parametrize("method", ["grad-cam", "integrated-gradients", "occlusion"])
def test_a_map_that_needs_no_weights_is_found_out(method: str) -> None:
    classifier = classifier_of(Edges(), classes=2)
    layer = "maps" if method == "grad-cam" else None
    seen = attribution(classifier, picture_for(classifier), method, layer=layer)
    assert seen.check is not None
    assert seen.check.similarity is not None
    assert seen.check.similarity > 0.99
    assert "stays nearly the same" in seen.check.sentence()


def test_a_draw_without_a_map_is_followed_by_another() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 1, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 8)
    )
    classifier = classifier_of(network, classes=8)
    picture = picture_for(classifier)
    first = randomised(classifier.model, tensor_of(picture), seed=0)
    layer = first.get_submodule("network.1")
    draws = []
    for target in range(8):
        check = attribution(classifier, picture, target=target).check
        assert check is not None
        assert check.heat.any()
        heat = grad_cam(first, tensor_of(picture), target, layer)
        assert bool(heat.any()) == (check.draw == 0)
        draws.append(check.draw)
    assert min(draws) == 0 < max(draws)


def test_a_map_that_needs_its_weights_changes() -> None:
    network = Quadrant(0)
    network.keep.fill_(1)
    with torch.no_grad():  # sees red alone
        network.conv.weight.zero_()
        network.conv.weight[:, 0, 1, 1] = 1
    classifier = classifier_of(network, classes=2)
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8, :, 0], pixels[8:, :, 1], pixels[:, 8:, 2] = 255, 255, 255
    picture = picture_for(classifier)
    picture = type(picture)("colours.png", pixels)
    likenesses = []
    for seed in range(5):
        check = attribution(classifier, picture, "integrated-gradients", target=0, seed=seed).check
        assert check is not None
        assert check.similarity is not None
        likenesses.append(check.similarity)
    assert np.mean(likenesses) < 0.7


@pytest.mark.parametrize(
    ("likeness", "words"),
    [
        (0.95, "stays nearly the same (rank correlation 0.95)"),
        (0.5, "part of the map stays (rank correlation 0.50)"),
        (-0.6, "is another one (rank correlation -0.60)"),
        (None, "the same everywhere: no similarity can be stated"),
    ],
)
def test_what_the_comparison_means_is_said(likeness: float | None, words: str) -> None:
    check = Check(np.zeros((4, 4)), likeness, 100, 0)
    assert words in check.sentence()
    assert "chance alone" not in check.sentence()
    assert check.told() in check.sentence()
    assert check.as_dict() == {"similarity": likeness, "places": 100, "seed": 0, "draw": 0}


def test_few_places_are_said_to_be_few() -> None:
    assert "With 9 places, chance alone" in Check(np.zeros((4, 4)), 0.3, 9, 0).sentence()
