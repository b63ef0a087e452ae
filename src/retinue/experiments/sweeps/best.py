"""Which recipe is best: chosen on val, then looked up on test."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from retinue.experiments.sweeps.cells import Cell
from retinue.experiments.sweeps.findings import Best, Setting
from retinue.experiments.sweeps.luck import val_error, vals
from retinue.experiments.sweeps.tukey import LEVEL

ENDLESS = 1e9  # degrees of freedom at which Student's t is the normal distribution


def choosable(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The settings among which is chosen: those with as many finished trainings as any has.

    A setting of which a training diverged, failed or was stopped is no recipe to recommend, and its
    mean is of the seeds that went well.
    """
    most = max((len(vals(cell)) for cell in cells), default=0)
    return tuple(cell for cell in cells if most and len(vals(cell)) == most)


def best_of(
    cells: Sequence[Cell], settings: Sequence[Setting], val_pictures: int | None
) -> Best | None:
    """The setting with the greatest mean accuracy on val; among equals, with the least loss there.

    `ties` are all that could as well be the best: a set that has the truly best one in it in 95 %
    (Gupta 1965, with Bonferroni's bound for the point of Student's t). All others are ties where
    nothing is known of chance.

    Args:
        cells: the settings that can be chosen.
        settings: all settings, with their means.
        val_pictures: how many pictures val has, needed where settings have one seed.
    """
    if not cells:
        return None
    numbers = {cell.number for cell in cells}
    some = [one for one in settings if one.number in numbers]
    chosen = min(some, key=_rank)
    counts = {cell.number: len(vals(cell)) for cell in cells}
    error = val_error(cells, val_pictures)
    ties = []
    for one in some:
        if one is chosen:
            continue
        least = np.inf
        if error is not None:
            tail = LEVEL / (len(some) - 1)
            width = float(stdtrit(min(error.degrees, ENDLESS), 1 - tail))
            apart = error.variance * (1 / counts[one.number] + 1 / counts[chosen.number])
            least = width * apart**0.5
        if (chosen.val or 0.0) - (one.val or 0.0) <= least:
            ties.append(one.number)
    return Best(
        chosen.number,
        chosen.values,
        chosen.val or 0.0,
        chosen.test,
        chosen.test_low,
        chosen.test_high,
        tuple(ties),
    )


def _rank(setting: Setting) -> tuple[float, float, int]:
    loss = np.inf if setting.val_loss is None else setting.val_loss
    return -(setting.val or 0.0), loss, setting.number
