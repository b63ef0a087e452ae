"""Rules written out against torch's optimisers, in double precision."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from retinue.explaining.step.rule import OneWeight, moves_alone, one_weight, written_out
from retinue.training.muon import Muon

Make = Callable[[nn.Module], torch.optim.Optimizer]
OPTIMISERS: dict[str, Make] = {
    "plain": lambda model: torch.optim.SGD(model.parameters(), lr=0.1),
    "decay": lambda model: torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.3),
    "nesterov": lambda model: torch.optim.SGD(
        model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.3
    ),
    "adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.1, betas=(0.8, 0.99)),
    "adam with decay": lambda model: torch.optim.Adam(model.parameters(), lr=0.1, weight_decay=0.3),
    "adamw": lambda model: torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.3),
    "muon": lambda model: Muon(
        model, lr=0.1, momentum=0.6, rest_lr=0.2, rest_momentum=0.8, rest_decay=0.3
    ),
}


def trained(name: str, steps: int) -> list[tuple[OneWeight, float]]:
    """One weight before each step of a random training, and its value after it."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3)).double()
    optimiser = OPTIMISERS[name](model)
    weight, index = model.get_parameter("2.weight"), (1, 5)
    found = []
    for _ in range(steps):
        optimiser.zero_grad()
        model(torch.randn(5, 1, 4, 4, dtype=torch.float64)).square().sum().backward()
        assert weight.grad is not None
        one = one_weight(optimiser, weight, weight.grad, index)
        optimiser.step()
        found.append((one, float(weight.detach()[index])))
    return found


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_rule_gives_what_the_optimiser_gives(name: str) -> None:
    for one, after in trained(name, 4):
        letters, numbers, expected = written_out(one)
        assert expected == pytest.approx(after, rel=1e-12)
        assert len(letters) == len(numbers)


@pytest.mark.parametrize("name", ["nesterov", "adam", "adam with decay", "adamw", "muon"])
def test_forgetting_what_the_optimiser_remembers_is_noticed(name: str) -> None:
    one, after = trained(name, 3)[-1]
    forgotten = OneWeight(one.value, one.gradient, one.kind, one.group, {})
    assert written_out(forgotten)[2] != pytest.approx(after, rel=1e-4)


def test_the_lines_of_nesterov_and_of_adamw() -> None:
    one, _ = trained("nesterov", 1)[0]
    assert written_out(one)[0] == (
        "d = g + 0.3 · w",
        "v ← 0.9 · v + d",
        "u = d + 0.9 · v",
        "w ← w - lr · u",
    )
    one, _ = trained("adamw", 2)[1]
    assert written_out(one)[0] == (
        "w ← w - lr · 0.3 · w",
        "m ← 0.9 · m + 0.1 · g",
        "m' = m / (1 - 0.9^2)",
        "s ← 0.999 · s + 0.001 · g²",
        "s' = s / (1 - 0.999^2)",
        "w ← w - lr · m' / (√s' + 1e-08)",
    )


def test_negative_numbers_stand_in_brackets_after_a_sign() -> None:
    group = {"lr": 0.5, "momentum": 0.0, "weight_decay": 0.0}
    one = OneWeight(-1.0, -0.25, torch.optim.SGD, group, {})
    assert written_out(one)[1] == ("-1 - 0.5 · (-0.25) = -0.875",)


def test_kernels_under_muon_and_other_optimisers_have_no_rule() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(2, 2))
    muon = OPTIMISERS["muon"](model)
    assert not moves_alone(muon, model.get_parameter("0.weight"))
    assert moves_alone(muon, model.get_parameter("1.weight"))
    other = torch.optim.RMSprop(model.parameters(), lr=0.1, momentum=0.5)
    assert not moves_alone(other, model.get_parameter("1.weight"))
    assert not moves_alone(torch.optim.SGD([model.get_parameter("0.weight")]), other_weight())


def other_weight() -> nn.Parameter:
    """A weight that no optimiser has."""
    return nn.Parameter(torch.zeros(1))
