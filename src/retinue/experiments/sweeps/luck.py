"""How good the best of many equally good settings looks, by chance alone."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from retinue.experiments.sweeps.cells import Cell, Pooled, pool
from retinue.experiments.sweeps.findings import Luck
from retinue.experiments.sweeps.settings import finished

DEVIATES = np.linspace(-12.0, 12.0, 4801)


def expected_maximum(count: int) -> float:
    """The expected greatest of `count` independent standard normal numbers (Tippett 1925).

    It is the integral of x times the density of the greatest, n f(x) F(x)^(n - 1).
    """
    density = np.exp(-(DEVIATES**2) / 2) / np.sqrt(2 * np.pi)
    greatest = count * density * ndtr(DEVIATES) ** (count - 1)
    return float((DEVIATES * greatest).sum() * (DEVIATES[1] - DEVIATES[0]))


def vals(cell: Cell) -> list[float]:
    """The accuracies on val of a setting's finished trainings."""
    return [one.val for one in finished(cell) if one.val is not None]


def val_error(cells: Sequence[Cell], val_pictures: int | None) -> Pooled | None:
    """The variance of one training's accuracy on val by chance, with its degrees of freedom.

    It is that between seeds within settings; with one seed each it is the binomial one of so many
    pictures, known without degrees (they are infinite), for networks that err independently. None
    where neither is known.
    """
    groups = [vals(cell) for cell in cells]
    seeds = pool((values, [1.0] * len(values)) for values in groups)
    if seeds.degrees > 0:
        return seeds
    means = [np.mean(values) for values in groups if values]
    if not val_pictures or not means:
        return None
    share = float(np.mean(means))
    return Pooled(share * (1 - share) / val_pictures, float("inf"))


def luck_of(cells: Sequence[Cell], val_pictures: int | None) -> Luck | None:
    """What choosing the best of these settings on val gains by chance; None where unknown.

    Where settings have unlike numbers of seeds, the deviation is the root of their mean variance.

    Args:
        cells: the settings that can be chosen.
        val_pictures: how many pictures val has, needed where settings have one seed.
    """
    error = val_error(cells, val_pictures)
    groups = [values for cell in cells if (values := vals(cell))]
    if error is None or len(groups) < 2:
        return None
    deviation = float(np.sqrt(error.variance * np.mean([1 / len(values) for values in groups])))
    means = [float(np.mean(values)) for values in groups]
    expected = expected_maximum(len(groups)) * deviation
    return Luck(len(groups), deviation, expected, max(means) - float(np.mean(means)))
