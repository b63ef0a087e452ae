"""The optimisers against torch's own, and who decays."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from retinue.recipe import Recipe, make_recipe
from retinue.training.muon import Muon
from retinue.training.optimisers import OPTIMISERS, make_optimiser

Plain = Callable[[list[nn.Parameter]], torch.optim.Optimizer]
PLAIN: dict[str, Plain] = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.8, nesterov=True),
    "adam": lambda weights: torch.optim.Adam(weights, lr=0.1, betas=(0.8, 0.999)),
    "adamw": lambda weights: torch.optim.AdamW(
        weights, lr=0.1, betas=(0.8, 0.999), weight_decay=0.0
    ),
}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.LayerNorm(108), nn.Linear(108, 2)
    )


def moved(model: nn.Module, optimiser: torch.optim.Optimizer, steps: int) -> list[torch.Tensor]:
    torch.manual_seed(1)
    for _ in range(steps):
        optimiser.zero_grad()
        model(torch.randn(4, 1, 8, 8)).square().sum().backward()
        optimiser.step()
    return [weight.detach() for weight in model.parameters()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_steps_are_exactly_those_of_torch(name: str) -> None:
    recipe = Recipe.model_validate({"opt": name, "lr": 0.1, "momentum": 0.8})
    ours, theirs, other = network(), network(), network()
    found = moved(ours, make_optimiser(ours, recipe, "fp32"), 4)
    assert same(found, moved(theirs, PLAIN[name](list(theirs.parameters())), 4))
    control = make_optimiser(other, recipe.model_copy(update={"momentum": 0.5}), "fp32")
    assert not same(found, moved(other, control, 4))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_only_matrices_and_kernels_decay(name: str) -> None:
    model = network()
    recipe = Recipe.model_validate({"opt": name, "weight_decay": 0.3})
    decay = {
        id(weight): group["weight_decay"]
        for group in make_optimiser(model, recipe, "fp32").param_groups
        for weight in group["params"]
    }
    found = {key: decay[id(weight)] for key, weight in model.named_parameters()}
    assert {key for key, value in found.items() if value} == {"0.weight", "4.weight"}
    assert set(found.values()) == {0.3, 0.0}
    assert len(found) == 8


def test_without_a_gradient_adamw_shrinks_what_decays_and_nothing_else() -> None:
    model = network()
    before = {key: weight.detach().clone() for key, weight in model.named_parameters()}
    optimiser = make_optimiser(model, Recipe(opt="adamw", lr=0.5, weight_decay=0.2), "fp32")
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimiser.step()
    for key, weight in model.named_parameters():
        factor = 0.9 if key in ("0.weight", "4.weight") else 1.0
        torch.testing.assert_close(weight.detach(), factor * before[key])


def test_frozen_weights_are_left_out() -> None:
    model = network()
    for weight in model[0].parameters():
        weight.requires_grad = False
    groups = make_optimiser(model, Recipe(opt="sgd"), "fp32").param_groups
    assert sum(len(group["params"]) for group in groups) == 6


def test_sgd_without_momentum_is_plain_gradient_descent() -> None:
    model = nn.Linear(3, 1, bias=False)
    before = model.weight.detach().clone()
    optimiser = make_optimiser(model, Recipe(opt="sgd", lr=0.5, momentum=0.0), "fp32")
    model.weight.grad = torch.full_like(model.weight, 2.0)
    optimiser.step()
    torch.testing.assert_close(model.weight.detach(), before - 1.0)


MUON = {"opt": "muon", "lr": 0.02, "momentum": 0.6, "rest_lr": 1e-4, "rest_momentum": 0.8}


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_muon_gets_its_rates_of_the_recipe_and_computes_as_the_training_does(
    precision: str, dtype: torch.dtype
) -> None:
    ours, theirs, other = network(), network(), network()
    recipe = make_recipe(MUON, {"weight_decay": 0.1})
    by_hand = Muon(
        theirs, lr=0.02, momentum=0.6, rest_lr=1e-4, rest_momentum=0.8, rest_decay=0.1, dtype=dtype
    )
    found = moved(ours, make_optimiser(ours, recipe, precision), 4)
    assert same(found, moved(theirs, by_hand, 4))
    assert all(weight.isfinite().all() for weight in found)
    otherwise = "fp32" if precision == "bf16" else "bf16"
    assert not same(found, moved(other, make_optimiser(other, recipe, otherwise), 4))


@pytest.mark.parametrize(
    "change", [{"rest_lr": 2e-4}, {"rest_momentum": 0.1}, {"weight_decay": 0.5}, {"momentum": 0.1}]
)
def test_every_setting_of_muon_matters(change: dict[str, float]) -> None:
    ours, other = network(), network()
    found = moved(ours, make_optimiser(ours, make_recipe(MUON), "fp32"), 3)
    assert not same(
        found, moved(other, make_optimiser(other, make_recipe(MUON, change), "fp32"), 3)
    )


@pytest.mark.parametrize(("opt", "shares"), [("sgd", [1, 1]), ("muon", [1, 0.005, 0.005])])
def test_at_the_start_every_group_has_its_share_of_the_peak_rate(
    opt: str, shares: list[float]
) -> None:
    groups = make_optimiser(network(), make_recipe(MUON, {"opt": opt}), "fp32").param_groups
    assert [group.get("lr_scale", 1.0) for group in groups] == pytest.approx(shares)
    assert [group["lr"] for group in groups] == pytest.approx([0.02 * share for share in shares])
