"""The learning rate finder: which rates are tried, when it stops, and which one it takes."""

import math
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training import lr_finder
from retinue.training.defaults import choose
from retinue.training.fit import fit
from retinue.training.listener import Listener, Plan
from retinue.training.loop import DivergedError, StepReport, Training, train_epoch, validate
from retinue.training.lr_finder import (
    HIGHEST,
    LOWEST,
    OUT_OF_HAND,
    SMOOTHING,
    STEPS,
    find_lr,
    valley,
)

Make = Callable[..., Training]
SGD = {"opt": "sgd", "schedule": "constant", "batch_size": 32}


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[float], float]], None]:
    """Let every step of the loop give the loss that a function of the rate says."""

    def script(loss_at: Callable[[float], float]) -> None:
        def epoch(training: Training, number: int, report: Callable[[StepReport], None]) -> None:
            for step in range(training.batches.steps(number)):
                lr = training.rate(training.progress(number, step))
                loss = loss_at(lr)
                if not math.isfinite(loss):
                    raise DivergedError("no longer a number")
                report(StepReport(number, step, 32, loss, 0, lr, None))

        monkeypatch.setattr(lr_finder, "train_epoch", epoch)

    return script


# Which rates, which losses.


def test_rates_rise_by_one_factor_from_the_lowest_to_the_highest(
    make: Make, scripted: Callable[..., None]
) -> None:
    scripted(lambda _: 1.0)
    found = find_lr(make(**SGD))
    assert len(found.rates) == len(found.losses) == STEPS
    assert found.rates[0] == pytest.approx(LOWEST)
    factors = [later / earlier for earlier, later in pairwise(found.rates)]
    assert factors == pytest.approx([(HIGHEST / LOWEST) ** (1 / STEPS)] * (STEPS - 1))
    assert found.rates[-1] < HIGHEST <= found.rates[-1] * factors[0] * 1.0001


def test_losses_are_a_moving_average_that_owes_nothing_to_its_beginning(
    make: Make, scripted: Callable[..., None]
) -> None:
    coming = iter([5.0, 3.0, 4.0, 1.0] + [2.0] * STEPS)
    scripted(lambda _: next(coming))
    found = find_lr(make(**SGD))
    raw = [5.0, 3.0, 4.0, 1.0]
    for count in range(1, 5):
        shares = [SMOOTHING ** (count - 1 - place) for place in range(count)]
        mean = sum(s * loss for s, loss in zip(shares, raw, strict=False)) / sum(shares)
        assert found.losses[count - 1] == pytest.approx(mean)
    assert found.losses[-1] == pytest.approx(2.0, abs=1e-3)


def test_it_stops_where_the_loss_gets_out_of_hand(
    make: Make, scripted: Callable[..., None]
) -> None:
    scripted(lambda lr: 1.0 if lr < 0.1 else 1e3)
    found = find_lr(make(**SGD))
    assert found.losses[-1] > OUT_OF_HAND * min(found.losses)
    assert all(loss <= OUT_OF_HAND * min(found.losses) for loss in found.losses[:-1])
    assert 0.1 < found.rates[-1] < 0.2


def test_a_loss_that_is_no_number_ends_it_and_from_the_start_is_told(
    make: Make, scripted: Callable[..., None]
) -> None:
    scripted(lambda lr: 2 - lr if lr < 0.1 else math.nan)
    found = find_lr(make(**SGD))
    assert len(found.rates) > 50
    assert found.lr < 0.1
    scripted(lambda _: math.nan)
    with pytest.raises(DivergedError):
        find_lr(make(**SGD))


# Which rate is taken.


def descent_by_trying_all(losses: list[float]) -> list[tuple[int, ...]]:
    """The longest subsequences whose losses fall, as places."""
    for length in range(len(losses), 0, -1):
        found = [
            places
            for places in combinations(range(len(losses)), length)
            if all(losses[a] > losses[b] for a, b in pairwise(places))
        ]
        if found:
            return found
    return []


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9))
@settings(max_examples=150, deadline=None)
def test_the_rate_lies_two_thirds_down_a_longest_descent(losses: list[int]) -> None:
    values = [float(loss) for loss in losses]
    taken = valley([float(place) for place in range(len(values))], values)
    ends = [(places[0], places[-1]) for places in descent_by_trying_all(values)]
    assert taken in [start + (end - start) * 2 // 3 for start, end in ends]


@pytest.mark.parametrize(
    ("losses", "place"),
    [
        ([7, 6, 5, 4, 3, 2, 1, 8, 9], 4),  # from 0 to 6
        ([1, 9, 8, 6, 5, 4, 3, 9, 9, 8], 4),  # from 1 to 6: what comes before it does not count
        ([5, 6, 4, 6, 3, 6, 2, 6, 1, 6], 5),  # what rises in between is skipped
        ([1, 2, 3, 4], 0),  # nowhere down
        ([1], 0),
    ],
)
def test_valleys_by_hand(losses: list[float], place: int) -> None:
    assert valley([10.0**number for number in range(len(losses))], losses) == 10.0**place


# A real training.


def test_the_rate_found_trains_well_and_the_ends_do_not(make: Make, digits: ImageData) -> None:
    def loss_after(lr: float) -> float:
        training = make(**SGD, lr=lr, epochs=4)
        try:
            for epoch in range(4):
                train_epoch(training, epoch, lambda _: None)
        except DivergedError:
            return math.inf
        return validate(training, digits.val)[0]

    found = find_lr(make(**SGD, lr=LOWEST))
    assert LOWEST < found.lr < HIGHEST
    assert loss_after(found.lr) < 0.7 * min(loss_after(LOWEST), loss_after(HIGHEST))


def test_the_same_training_finds_the_same_rate(make: Make) -> None:
    first, second = find_lr(make(**SGD)), find_lr(make(**SGD))
    assert first == second
    assert find_lr(make(**SGD, seed=5)).losses != first.losses  # control


def test_neither_the_time_limit_nor_the_epochs_of_the_recipe_cut_it_short(make: Make) -> None:
    whole = find_lr(make(**SGD))
    assert find_lr(make(**SGD, time_limit=1e-9, epochs=1)).rates == whole.rates
    assert len(whole.rates) > 6 * 2, "more steps than an epoch has"


# `lr=auto` in a whole training.


class Own(nn.Module):
    """A user's own network."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(64, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layer(pictures.flatten(1))  # type: ignore[no-any-return]


@pytest.fixture
def trained(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Run, list[Plan]]]:
    """Train on the digits into a fresh folder; also what was planned."""
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    count = 0

    def quickly(module: nn.Module | None = None, **given_: Any) -> tuple[Run, list[Plan]]:
        nonlocal count
        count += 1
        plans: list[Plan] = []
        plain = {"model": "softmax", "epochs": 1, "precision": "fp32", "opt": "sgd"}
        recipe = make_recipe(digits.loaded_with, plain, given_)
        listener = Listener(on_plan=plans.append)
        output = tmp_path / str(count)
        return fit(recipe, data=digits, module=module, output=output, listener=listener), plans

    return quickly


def weights(run: Run) -> bytes:
    return (run.path / "model.safetensors").read_bytes()


@pytest.mark.parametrize("own", [False, True])
def test_auto_trains_exactly_as_if_the_rate_it_found_had_been_given(
    trained: Callable[..., tuple[Run, list[Plan]]], own: bool
) -> None:
    run, plans = trained(Own() if own else None, lr="auto", ema=0.5)
    chosen = {choice.key: choice for choice in plans[0].choices}["lr"]
    assert isinstance(run.recipe.lr, float)
    assert chosen.value == run.recipe.lr
    assert "figures/lr-finder.png" in chosen.why
    assert (run.path / "figures" / "lr-finder.png").read_bytes().startswith(b"\x89PNG")
    again, _ = trained(Own() if own else None, lr=run.recipe.lr, ema=0.5)
    assert weights(again) == weights(run)
    assert not (again.path / "figures" / "lr-finder.png").exists()
    other, _ = trained(Own() if own else None, lr=run.recipe.lr / 2, ema=0.5)
    assert weights(other) != weights(run)  # control


def test_with_muon_all_else_keeps_its_ratio_to_the_rate_that_is_found(
    trained: Callable[..., tuple[Run, list[Plan]]], digits: ImageData
) -> None:
    small = {"model": {"name": "fast", "width": 4}, "opt": "muon"}
    usual, _ = choose(make_recipe(digits.loaded_with, small), digits)
    run, _ = trained(**small, lr="auto")
    found = run.recipe
    assert found.lr != usual.lr
    assert found.rest_lr / float(found.lr) == pytest.approx(usual.rest_lr / float(usual.lr))
    again, _ = trained(**small, lr=found.lr, rest_lr=found.rest_lr)
    assert weights(again) == weights(run)


def test_while_rates_rise_those_of_muon_keep_their_ratio(make: Make) -> None:
    training = make(model={"name": "fast", "width": 4}, opt="muon", lr=0.24, rest_lr=2.4)
    seen: list[float] = []

    def note(optimiser: torch.optim.Optimizer, *_: object) -> None:
        groups = optimiser.param_groups
        seen.append(groups[-1]["lr"] / groups[0]["lr"])

    training.optimiser.register_step_pre_hook(note)
    found = find_lr(training)
    assert len(seen) >= len(found.rates)
    assert seen == pytest.approx([10.0] * len(seen))
