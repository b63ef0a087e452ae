"""The settings of a method: those chosen by themselves, and those that cannot be."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.attribution.layer import MapLayer
from retinue.explaining.attribution.way import STEPS, Way, way_of
from tests.explaining.attribution_cases import (
    Stored,
    classifier_of,
    of_catalogue,
    picture_for,
    tensor_of,
)


def lenet() -> tuple[nn.Module, Tensor]:
    classifier = of_catalogue("lenet", 1, 28)
    return classifier.model, tensor_of(picture_for(classifier))


def test_what_is_chosen_by_itself() -> None:
    assert way_of(*lenet(), "grad-cam") == Way("grad-cam", MapLayer("features.act2", (16, 10, 10)))
    assert way_of(*lenet(), "integrated-gradients") == Way(
        "integrated-gradients", baseline="mean", steps=STEPS
    )
    assert way_of(*lenet(), "occlusion") == Way(
        "occlusion", baseline="mean", window=(6, 6), stride=(3, 3)
    )


@pytest.mark.parametrize(
    ("size", "window", "stride"),
    [((8, 8), 2, 1), ((3, 3), 1, 1), ((1, 9), 1, 1), ((32, 32), 6, 3), ((224, 320), 45, 22)],
)
def test_a_window_is_a_fifth_of_the_shorter_side(
    size: tuple[int, int], window: int, stride: int
) -> None:
    way = way_of(nn.Identity(), torch.zeros(1, 3, *size), "occlusion")
    assert (way.window, way.stride) == ((window, window), (stride, stride))


@pytest.mark.parametrize(
    ("method", "settings", "words"),
    [
        ("gradcam", {}, r"method 'gradcam': there is no such; did you mean grad-cam\? Methods are"),
        ("occlusion", {"layer": "x"}, "--layer x: only grad-cam looks at one layer, not occlusion"),
        ("occlusion", {"baseline": "grey"}, "baseline 'grey': is mean or black"),
        ("occlusion", {"window": (29, 2)}, "window 29x2: does not lie in a picture of 28x28"),
        ("occlusion", {"window": (0, 2)}, "window 0x2"),
        ("occlusion", {"window": (4, 4), "stride": (5, 1)}, "stride 5x1: is from 1 to the window"),
        ("occlusion", {"stride": (0, 1)}, "stride 0x1"),
        ("integrated-gradients", {"steps": 0}, "steps 0: is a whole number above 0"),
        ("grad-cam", {"layer": "head.output"}, "--layer head.output: gives 10, which are no maps"),
    ],
)
def test_settings_that_cannot_be(method: str, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        way_of(*lenet(), method, **settings)


def test_a_graph_gives_occlusion_only() -> None:
    pixels = torch.zeros(1, 3, 8, 8)
    assert way_of(Stored(), pixels, "occlusion").baseline == "black"
    with pytest.raises(UsageError, match="stored as a graph, which gives no gradients; use occl"):
        way_of(Stored(), pixels, "integrated-gradients")
    with pytest.raises(UsageError, match="stored as a graph"):
        way_of(Stored(), pixels, "grad-cam")


def test_each_way_says_how_to_read_its_map() -> None:
    told = [way_of(*lenet(), method).sentence() for method in ("grad-cam", "occlusion")]
    assert "features.act2: its 16 maps of 10 x 10" in told[0]
    assert "a window of 6x6 pixels is covered with the network's mean colour" in told[1]
    black = way_of(*lenet(), "integrated-gradients", baseline="black", steps=7).sentence()
    assert "from black to the picture, in 7 steps" in black


def test_only_grad_cam_has_no_sign() -> None:
    assert not way_of(*lenet(), "grad-cam").signed
    assert way_of(*lenet(), "occlusion").signed


def test_modes_are_as_before() -> None:
    classifier = classifier_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout(), nn.Flatten()))
    classifier.model.train()
    pixels = tensor_of(picture_for(classifier))
    way = way_of(classifier.model, pixels, "occlusion")
    way.heat(classifier.model, pixels, 0)
    assert all(part.training for part in classifier.model.modules())
