"""Sweeps that are simulated instead of trained, for the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.find import find
from retinue.experiments.sweeps.findings import Findings
from retinue.experiments.sweeps.result import (
    DIVERGED,
    FAILED,
    FINISHED,
    IMPOSSIBLE,
    PRUNED,
    Result,
    Value,
    Values,
)

EPOCHS = 12


@dataclass(frozen=True)
class Case:
    """A sweep: what is varied, what each training gave, and what came out."""

    axes: tuple[Axis, ...]
    results: tuple[Result, ...]
    findings: Findings


def case_of(axes: Sequence[Axis], settings: Sequence[Values], seeds: int, odd: bool) -> Case:
    """Trainings whose accuracy depends on all values; `odd` lets some of them go wrong."""
    results: list[Result] = []
    for number, values in enumerate(settings, start=1):
        state = _state(number, values) if odd else FINISHED
        for seed in range(1 if state == IMPOSSIBLE else seeds):
            results.append(_result(axes, number, seed, values, state))
    return Case(tuple(axes), tuple(results), find(axes, results, pictures=1000))


def grid(axes: Sequence[Axis]) -> list[dict[str, Value]]:
    """All combinations of the axes' values."""
    names = [axis.key for axis in axes]
    levels = [axis.values or tuple(axis.variants) for axis in axes]
    return [dict(zip(names, values, strict=True)) for values in product(*levels)]


def one_key() -> Case:
    """One switch, three seeds."""
    axes = (Axis("model.batch_norm", (False, True)),)
    return case_of(axes, grid(axes), 3, odd=False)


def three_by_three(odd: bool = True) -> Case:
    """Three keys of three levels each, three seeds."""
    axes = (
        Axis("lr", (0.001, 0.01, 0.1)),
        Axis("model.depth", (2, 4, 6)),
        Axis("augment", ("none", "basic", "strong")),
    )
    return case_of(axes, grid(axes), 3, odd)


def one_seed() -> Case:
    """5 x 4 x 4 settings with one seed."""
    axes = (
        Axis("lr", (0.0003, 0.001, 0.003, 0.01, 0.1)),
        Axis("model.width", (8, 16, 32, 64)),
        Axis("model.kernel", ("3x3", "5x5", "3x5", "7x7")),
    )
    return case_of(axes, grid(axes), 1, odd=True)


def random_search(trials: int = 200) -> Case:
    """Two ranges, one by the logarithm, and a choice."""
    random = np.random.default_rng(4)
    axes = (
        Axis("lr", range=Range(1e-4, 0.3, log=True)),
        Axis("model.dropout", range=Range(0.0, 0.6)),
        Axis("optimiser", ("sgd", "adamw", "lion")),
    )
    settings: list[dict[str, Value]] = [
        {
            "lr": float(10 ** random.uniform(-4, np.log10(0.3))),
            "model.dropout": float(random.uniform(0, 0.6)),
            "optimiser": str(random.choice(["sgd", "adamw", "lion"])),
        }
        for _ in range(trials)
    ]
    return case_of(axes, settings, 1, odd=True)


def named_variants(names: Sequence[str]) -> Case:
    """Variants by name, two seeds."""
    axes = (Axis("recipe", tuple(names), variants={name: {} for name in names}),)
    return case_of(axes, grid(axes), 2, odd=False)


def one_at_a_time() -> Case:
    """Five keys with long names, each changed by itself."""
    axes = [Axis(f"model.some_rather_long_key_{n}", (1, 2, 3)) for n in range(5)]
    first = {axis.key: axis.values[0] for axis in axes}
    settings = [first | {axis.key: value} for axis in axes for value in axis.values[1:]]
    return case_of(axes, [first, *settings], 2, odd=False)


def _state(number: int, values: Mapping[str, Value]) -> str:
    lr = values.get("lr", 0.0)
    if isinstance(lr, float) and lr > 0.05 and number % 2:
        return DIVERGED
    return {7: IMPOSSIBLE, 11: PRUNED, 13: FAILED}.get(number % 20, FINISHED)


def _result(axes: Sequence[Axis], number: int, seed: int, values: Values, state: str) -> Result:
    random = np.random.default_rng([number, seed])
    found = Result(number, seed, values, state, reason="no such network" * (state == IMPOSSIBLE))
    if state != FINISHED:
        return found
    shares = [_share(axis, values[axis.key]) for axis in axes]
    height = 0.62 + sum(0.25 / (n + 1) * (1 - (2 * s - 1) ** 2) * s for n, s in enumerate(shares))
    height = float(np.clip(height, 0, 0.97)) + 0.03 * shares[0] * shares[-1]
    test, val, train = (
        float(np.clip(height + shift + random.normal(0, 0.012), 0, 1))
        for shift in (0, 0.005, 0.09 * (1 - shares[-1]))
    )
    curve = tuple(val * (1 - 0.7 * np.exp(-0.4 * epoch)) for epoch in range(1, EPOCHS + 1))
    return replace(
        found, test=test, val=val, train=train, val_curve=curve, loss_curve=curve[::-1],
        epochs=EPOCHS, best_epoch=EPOCHS, val_loss=1 - val, train_loss=1 - train,
        seconds=float(np.exp(2 + 2 * shares[-1] + random.normal(0, 0.4))),
        multiply_adds=int(1e6 * np.exp(4 * shares[len(shares) // 2])), parameters=1000 * number,
    )  # fmt: skip


def _share(axis: Axis, value: Value) -> float:
    if axis.range is None:
        levels = axis.values
        return levels.index(value) / max(1, len(levels) - 1)
    low, high, number = axis.range.low, axis.range.high, float(value)
    if axis.range.log:
        low, high, number = np.log(low), np.log(high), np.log(number)
    return float((number - low) / (high - low))
