"""All checks together: for every network, on every way, without a trace."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import retinue
from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.models.catalogue import MODELS
from retinue.recipe import Recipe, make_recipe
from retinue.training.fit import train
from retinue.training.sanity.check import Check
from retinue.training.sanity.checking import CHECKS, check_sanity

SMALL = [name for name in MODELS if name not in ("lenet", "keras-lesson", "efficientnet_lite0")]


def failed(checks: list[Check]) -> list[str]:
    return [one.name for one in checks if one.passed is False]


@pytest.mark.parametrize("name", SMALL)
def test_every_small_network_of_the_catalogue_passes(digits: ImageData, name: str) -> None:
    found = check_sanity(make_recipe({"model": name}), digits, device="cpu")
    assert [one.name for one in found] == list(CHECKS)
    assert [one.passed for one in found] == [True] * len(CHECKS), found


@pytest.mark.parametrize("name", ["lenet", "keras-lesson"])
def test_those_that_need_more_pixels_too(name: str) -> None:
    recipe = make_recipe({"data": "shapes", "data_options": {"count": 300}, "model": name})
    assert failed(check_sanity(recipe, device="cpu")) == []


@pytest.mark.slow
@pytest.mark.parametrize("way", ["linear", "finetune", "full"])
def test_a_backbone_passes_on_every_way(way: str) -> None:
    random = np.random.default_rng(0)
    means = np.linspace(40, 200, 3).repeat(40)[:, None, None, None]
    noise = random.normal(0, 20, (120, 40, 40, 3))
    images = (means + noise).clip(0, 255).astype(np.uint8)
    data = retinue.load_data((images, np.repeat(np.arange(3), 40)), size=64)
    recipe = make_recipe({"model": f"efficientnet_lite0:{way}"})
    assert failed(check_sanity(recipe, data, device="cpu")) == []


@pytest.mark.parametrize("way", ["linear", "finetune", "full"])
def test_every_way_of_transfer_passes(digits: ImageData, tmp_path: Path, way: str) -> None:
    earlier = train(digits, model="cnn", epochs=1, output=tmp_path / "run", device="cpu")
    recipe = make_recipe({"model": f"cnn:{way}", "pretrained": str(earlier.path)})
    assert failed(check_sanity(recipe, digits, device="cpu")) == []


@pytest.mark.parametrize(
    ("name", "fails"),
    [
        ("Net", []),
        ("Frozen", []),
        ("Detached", ["gradients"]),
        ("Constant", ["gradients", "one-batch", "pixels"]),
        ("Neighbours", ["alone"]),
        ("Random", ["repeatable"]),
        ("Loud", ["first-loss"]),
    ],
)
def test_a_network_of_ones_own(
    digits: ImageData, network: Callable[[str], nn.Module], name: str, fails: list[str]
) -> None:
    torch.manual_seed(0)
    module = network(name)
    before = copy.deepcopy(module.state_dict())
    found = failed(check_sanity(Recipe(), digits, module=module, device="cpu"))
    assert set(fails) <= set(found)
    assert set(found) <= {*fails, "alone"} if name == "Random" else found == fails
    assert all(torch.equal(before[key], one) for key, one in module.state_dict().items())


def test_the_same_again_gives_the_same(digits: ImageData) -> None:
    recipe = make_recipe({"model": "mlp", "seed": 3})
    state = torch.get_rng_state()
    first, second = (check_sanity(recipe, digits, device="cpu") for _ in range(2))
    assert first == second
    assert torch.equal(state, torch.get_rng_state())
    assert first != check_sanity(make_recipe({"model": "mlp", "seed": 4}), digits, device="cpu")


def test_nothing_is_written_and_each_check_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: ImageData
) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[Check] = []
    found = check_sanity(make_recipe({"model": "mlp"}), digits, device="cpu", on_check=told.append)
    assert told == found
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"lr": "auto"},
        {"precision": "bf16"},
        {"class_weights": "balanced", "label_smoothing": 0.1, "mixup": 0.2},
        {"ema": 0.9, "views": "flip-shift", "slice_size": 4},
        {"epochs": 0},
        {"seed": 2**40},
    ],
)
def test_whatever_the_recipe_says(digits: ImageData, settings: dict[str, Any]) -> None:
    recipe = make_recipe({"model": "mlp"}, settings)
    assert failed(check_sanity(recipe, digits, device="cpu")) == []


def test_two_pictures_a_class_and_one_class_too_many(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8), dtype=np.uint8)
    data = retinue.load_data((images, [0, 0, 0, 0, 1, 1, 1, 1, 2]))
    found = check_sanity(make_recipe({"model": "mlp"}), data, device="cpu")
    assert {one.name: one.passed for one in found}["shuffled-labels"] is None


def test_test_pictures_are_not_looked_at(digits: ImageData) -> None:
    blind = replace(digits, test=digits.test.at(np.arange(0)))
    first = check_sanity(make_recipe({"model": "mlp"}), blind, device="cpu")
    assert first == check_sanity(make_recipe({"model": "mlp"}), digits, device="cpu")


class Wrong(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(64, 7)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.output(pictures.flatten(1))  # type: ignore[no-any-return]


def test_a_network_that_gives_no_logits_is_told_at_once(digits: ImageData) -> None:
    with pytest.raises(UsageError, match="a number for each class of the data"):
        check_sanity(Recipe(), digits, module=Wrong(), device="cpu")


def test_it_is_a_verb_of_the_package() -> None:
    assert retinue.check_sanity is check_sanity
