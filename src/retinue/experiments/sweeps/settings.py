"""Each setting of a sweep: what its trainings gave on average, and what it costs."""

from collections.abc import Sequence

from scipy.special import stdtrit

from retinue.experiments.sweeps.cells import Cell, Pooled, pooled
from retinue.experiments.sweeps.effects import plain_mean, share_bounds
from retinue.experiments.sweeps.findings import Setting
from retinue.experiments.sweeps.result import (
    DIVERGED,
    FAILED,
    FINISHED,
    IMPOSSIBLE,
    PRUNED,
    Result,
)
from retinue.experiments.sweeps.tukey import LEVEL


def settings_of(cells: Sequence[Cell], seeds: Pooled) -> tuple[Setting, ...]:
    """All settings; intervals are by the spread between seeds that all of them share."""
    costs = [(_mean(cell, "val"), _mean(cell, "seconds")) for cell in cells]
    return tuple(
        _setting(cell, seeds, _is_efficient(cost, costs))
        for cell, cost in zip(cells, costs, strict=True)
    )


def finished(cell: Cell) -> list[Result]:
    """The trainings that came to their end."""
    return [one for one in cell.results if one.state == FINISHED]


def _setting(cell: Cell, seeds: Pooled, efficient: bool) -> Setting:
    states = [one.state for one in cell.results]
    test = cell.mean if cell.tested else None
    low = high = None
    if test is not None and seeds.deviation is not None:
        half = float(stdtrit(seeds.degrees, 1 - LEVEL / 2)) * seeds.deviation
        low, high = share_bounds(test, half / len(cell.tested) ** 0.5)
    reasons = [one.reason or "there is no such network" for one in cell.results]
    return Setting(
        number=cell.number,
        values=cell.values,
        trainings=states.count(FINISHED),
        diverged=states.count(DIVERGED),
        pruned=states.count(PRUNED),
        failed=states.count(FAILED),
        impossible=reasons[states.index(IMPOSSIBLE)] if IMPOSSIBLE in states else "",
        test=test,
        test_low=low,
        test_high=high,
        val=_mean(cell, "val"),
        train=_mean(cell, "train"),
        val_loss=_mean(cell, "val_loss"),
        spread=pooled([cell]).deviation,
        seconds=_mean(cell, "seconds"),
        multiply_adds=_known(cell, "multiply_adds"),
        parameters=_known(cell, "parameters"),
        efficient=efficient,
    )


def _mean(cell: Cell, name: str) -> float | None:
    return plain_mean([getattr(one, name) for one in finished(cell)])


def _known(cell: Cell, name: str) -> int | None:
    return next((n for one in cell.results if (n := getattr(one, name)) is not None), None)


def _is_efficient(
    cost: tuple[float | None, float | None], all_costs: Sequence[tuple[float | None, float | None]]
) -> bool:
    """Whether none is at least as good in accuracy and time, and better in one of them."""
    val, seconds = cost
    if val is None or seconds is None:
        return False
    return not any(
        other >= val and quicker <= seconds and (other, quicker) != cost
        for other, quicker in all_costs
        if other is not None and quicker is not None
    )
