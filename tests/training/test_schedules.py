"""Learning rates against torch's schedulers and against closed forms."""

import math
from itertools import pairwise

import pytest
import torch

from retinue.training.schedules import SCHEDULES, constant, cosine, linear, onecycle, step


def torch_onecycle(steps: int, warmup: float, peak: float) -> list[float]:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, peak, total_steps=steps, pct_start=warmup, cycle_momentum=False
    )
    rates: list[float] = []
    for _ in range(steps):
        rates.append(float(scheduler.get_last_lr()[0]))
        optimiser.step()
        if len(rates) < steps:
            scheduler.step()
    return rates


@pytest.mark.parametrize(("steps", "warmup"), [(100, 0.25), (40, 0.5), (1000, 0.1)])
def test_onecycle_has_the_learning_rates_of_torch(steps: int, warmup: float) -> None:
    # Torch reaches the peak at step warmup * steps - 1 and the end at step - 1, counted from 0.
    last = steps - 1
    share = (warmup * steps - 1) / last
    ours = [0.3 * onecycle(number / last, share) for number in range(steps)]
    assert ours == pytest.approx(torch_onecycle(steps, warmup, 0.3), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("steps", "warmup"), [(100, 0.25), (1000, 0.1)])
def test_onecycle_as_the_loop_asks_for_it_is_never_a_step_away_from_torch(
    steps: int, warmup: float
) -> None:
    theirs = torch_onecycle(steps, warmup, 1.0)
    largest = max(abs(a - b) for a, b in pairwise(theirs))
    for number, rate in enumerate(theirs):
        assert abs(onecycle(number / steps, warmup) - rate) <= largest * 1.0001


@pytest.mark.parametrize("progress", [0.0, 0.1, 1 / 3, 0.5, 0.99, 1.0])
def test_cosine_is_half_a_cosine(progress: float) -> None:
    closed = math.cos(math.pi * progress / 2) ** 2
    assert cosine(progress, 0.0) == pytest.approx(closed, abs=1e-12)


def test_cosine_after_a_warm_up_spans_what_is_left() -> None:
    assert cosine(0.2, 0.2) == 1.0
    assert cosine(0.6, 0.2) == pytest.approx(0.5)
    assert cosine(1.0, 0.2) == pytest.approx(0.0, abs=1e-12)


def test_step_falls_to_a_tenth_twice() -> None:
    found = [step(progress, 0.0) for progress in (0.0, 0.499, 0.5, 0.749, 0.75, 1.0)]
    assert found == pytest.approx([1.0, 1.0, 0.1, 0.1, 0.01, 0.01])


@pytest.mark.parametrize("steps", [10, 400])
def test_linear_has_the_learning_rates_of_torch(steps: int) -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=steps)
    for number in range(steps):
        assert 0.3 * linear(number / steps, 0.0) == pytest.approx(scheduler.get_last_lr()[0])
        optimiser.step()
        scheduler.step()
    assert linear(1.0, 0.0) == 0.0


def test_linear_after_a_warm_up_spans_what_is_left() -> None:
    found = [linear(progress, 0.2) for progress in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert found == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0])


def test_constant_is_constant() -> None:
    assert {constant(progress / 10, 0.0) for progress in range(11)} == {1.0}


@pytest.mark.parametrize("name", ["constant", "step", "cosine", "linear"])
def test_a_warm_up_is_a_straight_line_to_the_peak(name: str) -> None:
    schedule = SCHEDULES[name]
    found = [schedule(progress, 0.2) for progress in (0.0, 0.05, 0.1, 0.15, 0.2)]
    assert found == pytest.approx([0.04, 0.28, 0.52, 0.76, 1.0])


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("warmup", [0.0, 0.25])
def test_every_schedule_stays_above_zero_and_reaches_its_peak(name: str, warmup: float) -> None:
    rates = [SCHEDULES[name](number / 400, warmup) for number in range(400)]
    assert min(rates) > 0
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) == warmup * 400


def test_a_clock_that_ran_over_does_not_raise_the_rate_again() -> None:
    assert onecycle(1.2, 0.25) == pytest.approx(onecycle(1.0, 0.25))
