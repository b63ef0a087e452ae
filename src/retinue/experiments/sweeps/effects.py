"""What varying one key did: its levels' means, their differences, and whether these are chance."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf

import numpy as np
from scipy.special import stdtrit

from retinue.experiments.sweeps.cells import Cell, pool, pooled
from retinue.experiments.sweeps.design import Design
from retinue.experiments.sweeps.error import Error
from retinue.experiments.sweeps.findings import Difference, Effect, Level
from retinue.experiments.sweeps.model import ROUNDING, Fit, Floats
from retinue.experiments.sweeps.result import DIVERGED, FINISHED
from retinue.experiments.sweeps.tukey import LEVEL, range_p, range_width


@dataclass(frozen=True)
class _Gap:
    """The difference of two levels, with its standard error where there is one."""

    one: int
    other: int
    value: float
    error: float | None


@dataclass(frozen=True)
class _Gaps:
    """All differences of a key, that many levels, and the degrees of freedom of their errors."""

    pairs: tuple[_Gap, ...]
    levels: int
    degrees: int

    @property
    def p(self) -> float | None:
        """How probable a difference as many standard errors wide is where there is none."""
        wide = [abs(gap.value) / gap.error for gap in self.pairs if gap.error is not None]
        return range_p(max(wide), self.levels, self.degrees) if wide else None


def effect_of(design: Design, key: int, error: Error | None) -> Effect:
    """What a key did, without what only the whole sweep can say: Holm's p, and its importance.

    Means of levels are those that the model predicts for all combinations of the other keys that
    were trained, each counted once. Judged by seeds, the model has all pairs of the other keys
    working together (type II); differences of all pairs of levels have intervals that hold at once
    (Tukey-Kramer), and `p` is of the pair that is farthest apart by its own standard error: below
    5 % where an interval leaves out 0.

    Args:
        design: the settings.
        key: the key's place among the design's.
        error: what differences are judged by, None where nothing is.
    """
    if not design.trained:
        levels = [_level(design, key, place, None) for place in range(design.sizes[key])]
        return Effect(design.axes[key].key, tuple(levels), (), None, None, False, None)
    terms = design.besides((key,))
    model = design.fit(terms)
    rows = [design.averaged(terms, {key: place}) for place in range(design.sizes[key])]
    gaps = _gaps(design, key, model, rows, error)
    differences = [_difference(design, key, gap, gaps) for gap in gaps.pairs]
    means = [_mean(model, row, error) for row in rows]
    return Effect(
        design.axes[key].key,
        tuple(_level(design, key, place, mean) for place, mean in enumerate(means)),
        tuple(sorted(differences, key=lambda one: -one.value)),
        gaps.p,
        None,
        False,
        None,
    )


def _gaps(
    design: Design, key: int, model: Fit, rows: Sequence[Floats], error: Error | None
) -> _Gaps:
    """All pairs of levels whose difference the settings determine.

    The degrees of freedom are the fewest that any has, as a whole number.
    """
    there = sorted(set(design.places[:, key].tolist()))
    found, degrees = [], inf
    for one, other in combinations(there, 2):
        estimate = model.estimate(rows[one] - rows[other])
        if estimate is None:
            continue
        deviation = None
        if error is not None:
            variance, own = error.of_sum(estimate[1])
            deviation, degrees = variance**0.5, min(degrees, own)
        value = estimate[0] if abs(estimate[0]) > ROUNDING else 0.0
        found.append(_Gap(one, other, value, deviation))
    levels = {level for gap in found for level in (gap.one, gap.other)}
    return _Gaps(tuple(found), len(levels), max(1, int(degrees)) if degrees < inf else 0)


def _mean(model: Fit, row: Floats, error: Error | None) -> tuple[float, float | None] | None:
    """A level's mean, and half the width of its interval."""
    estimate = model.estimate(row)
    if estimate is None:
        return None
    if error is None:
        return estimate[0], None
    variance, degrees = error.of_sum(estimate[1])
    return estimate[0], float(stdtrit(degrees, 1 - LEVEL / 2) * variance**0.5)


def _difference(design: Design, key: int, gap: _Gap, gaps: _Gaps) -> Difference:
    better, worse = (gap.one, gap.other) if gap.value >= 0 else (gap.other, gap.one)
    singly = _in_single_settings(design, key, better, worse)
    levels, value = design.levels[key], abs(gap.value)
    low = high = None
    if gap.error is not None:
        half = range_width(gaps.levels, gaps.degrees) * gap.error
        low, high = value - half, value + half
    least, most = (min(singly), max(singly)) if singly else (None, None)
    return Difference(levels[better], levels[worse], value, low, high, least, most)


def _in_single_settings(design: Design, key: int, better: int, worse: int) -> list[float]:
    """The difference wherever all other keys are the same."""
    if any(axis.range is not None for axis in design.axes):
        return []
    by_level: dict[int, dict[tuple[int, ...], float]] = defaultdict(dict)
    for place, mean in zip(design.places.tolist(), design.means.tolist(), strict=True):
        by_level[place[key]][(*place[:key], *place[key + 1 :])] = mean
    upper, lower = by_level[better], by_level[worse]
    return [mean - lower[others] for others, mean in upper.items() if others in lower]


def _level(
    design: Design,
    key: int,
    place: int,
    mean: tuple[float, float | None] | None,
) -> Level:
    cells = [
        cell
        for cell, at in zip(design.cells, design.everywhere[:, key], strict=True)
        if at == place
    ]
    results = [one for cell in cells for one in cell.results]
    finished = [one for one in results if one.state == FINISHED]
    value, half = mean if mean is not None and finished else (None, None)
    bounds = (None, None) if value is None or half is None else share_bounds(value, half)
    return Level(
        value=design.levels[key][place],
        settings=len(cells),
        trainings=len(finished),
        diverged=sum(one.state == DIVERGED for one in results),
        mean=value,
        low=bounds[0],
        high=bounds[1],
        train=plain_mean([one.train for one in finished]),
        seconds=plain_mean([one.seconds for one in finished]),
        spread=pooled(cells).deviation,
        loss_spread=pool(_losses(cell) for cell in cells).deviation,
    )


def _losses(cell: Cell) -> tuple[list[float], list[float]]:
    """The losses on val of a setting's finished trainings, and the weights of these."""
    pairs = zip(cell.tested, cell.weights, strict=True)
    known = [(one.val_loss, weight) for one, weight in pairs if one.val_loss is not None]
    return [loss for loss, _ in known], [weight for _, weight in known]


def plain_mean(values: Sequence[float | None]) -> float | None:
    """The mean of those that are known, None if none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def share_bounds(value: float, half: float) -> tuple[float, float]:
    """The ends of an interval of a share, which is neither below 0 nor above 1."""
    return max(0.0, value - half), min(1.0, value + half)
