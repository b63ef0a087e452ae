"""How much of the variance each key explains."""

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from retinue.experiments.sweeps import importance
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.cells import gather, pooled
from retinue.experiments.sweeps.design import lay_out
from retinue.experiments.sweeps.findings import Setting
from retinue.experiments.sweeps.importance import forest_shares, shares_of
from retinue.experiments.sweeps.model import Term
from retinue.experiments.sweeps.result import FINISHED, Result, Values
from retinue.experiments.sweeps.settings import settings_of
from tests.experiments.sweeps.sweep_cases import axes_of, grid


def _shares(sizes: Sequence[int], results: Sequence[Result]) -> dict[Term, float]:
    return shares_of(lay_out(axes_of(sizes), gather(results)))


def test_shares_of_a_grid_are_the_classical_ones_and_sum_to_1() -> None:
    results = grid((3, 4), lambda a, b: 0.02 * a + 0.01 * b + 0.01 * a * b)
    shares = _shares((3, 4), results)
    means = np.array([cell.mean for cell in gather(results)]).reshape(3, 4)
    assert shares[(0,)] == pytest.approx(means.mean(axis=1).var() / means.var())
    assert shares[(1,)] == pytest.approx(means.mean(axis=0).var() / means.var())
    assert sum(shares.values()) == pytest.approx(1)


def test_with_three_keys_the_rest_is_what_all_do_together() -> None:
    shares = _shares((2, 3, 2), grid((2, 3, 2), lambda a, b, c: 0.02 * a * b * c))
    means = np.array(
        [cell.mean for cell in gather(grid((2, 3, 2), lambda a, b, c: 0.02 * a * b * c))]
    )
    cube = means.reshape(2, 3, 2)
    rest = cube - cube.mean(axis=0) - cube.mean(axis=1, keepdims=True) - cube.mean(2, keepdims=True)
    for axes in ((0, 1), (0, 2), (1, 2)):
        rest = rest + cube.mean(axis=axes, keepdims=True)
    rest = rest - cube.mean()
    assert 1 - sum(shares.values()) == pytest.approx((rest**2).mean() / cube.var())


def test_equal_settings_have_no_shares() -> None:
    assert _shares((2, 2), grid((2, 2), spread=0.0)) == {}
    assert _shares((2, 2), []) == {}


AXES = (
    Axis("lr", range=Range(1e-4, 1.0, log=True)),
    Axis("width", range=Range(8, 64, whole=True)),
    Axis("network", variants={"one": {"a": 1}, "two": {"a": 2}}),
)


def _drawn(count: int = 40) -> tuple[Setting, ...]:
    random = np.random.default_rng(0)
    results = []
    for number in range(1, count + 1):
        lr, width = float(10 ** random.uniform(-4, 0)), int(random.integers(8, 65))
        values: Values = {"lr": lr, "width": width, "network": str(random.choice(["one", "two"]))}
        val = 0.8 - 0.1 * abs(np.log10(lr) + 2) + 0.0002 * width
        results.append(Result(number, 0, values, FINISHED, test=0.5, val=float(val)))
    cells = gather(results)
    return settings_of(cells, pooled(cells))


def test_a_forest_finds_what_mattered() -> None:
    pytest.importorskip("optuna")
    shares = forest_shares(AXES, _drawn())
    assert shares[(0,)] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
    assert shares == forest_shares(AXES, _drawn())
    swapped = [
        replace(one, values={**one.values, "lr": other.values["lr"]})
        for one, other in zip(_drawn(), _drawn()[::-1], strict=True)
    ]
    assert forest_shares(AXES, swapped)[(0,)] < shares[(0,)]


def test_few_settings_grow_no_forest() -> None:
    assert forest_shares(AXES, _drawn(9)) == {}
    assert forest_shares(AXES, [replace(one, val=0.5) for one in _drawn()]) == {}


def test_without_optuna_there_is_no_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert forest_shares(AXES, _drawn()) == {}
