"""Which settings were trained, laid out by the levels of each key, and what they are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.cells import Cell, pooled
from retinue.experiments.sweeps.error import SETTINGS, Error, by_seeds
from retinue.experiments.sweeps.grouping import levels_of
from retinue.experiments.sweeps.model import Fit, Floats, Ints, Term, averaged, columns_of, fit
from retinue.experiments.sweeps.result import Value

LEAST_SEED_DEGREES, LEAST_DEGREES = 2, 3
PICTURES = 10_000  # on test, where nobody says how many


@dataclass(frozen=True)
class Design:
    """The settings with a finished training.

    `levels` are each key's, `everywhere` the places of all settings' levels among them, trained or
    not, (all settings, keys); `places` of those with a finished training, with their `means` on
    test and the `weights` of these. `factorial` is whether settings are a grid with at most half of
    it missing.
    """

    axes: tuple[Axis, ...]
    levels: tuple[tuple[Value, ...], ...]
    cells: tuple[Cell, ...]
    everywhere: Ints
    trained: tuple[Cell, ...]
    places: Ints
    means: Floats
    factorial: bool
    by_seeds: bool

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many levels each key has."""
        return tuple(len(levels) for levels in self.levels)

    @property
    def singles(self) -> tuple[Term, ...]:
        """The model in which every key does its own, whatever the others are."""
        return ((), *((key,) for key in range(len(self.axes))))

    @property
    def weights(self) -> Floats:
        """How many trainings each mean is of; 1 where settings are what varies."""
        sums = [sum(cell.weights) for cell in self.trained]
        if self.by_seeds:
            return np.array(sums)
        return np.array([s / len(cell.weights) for s, cell in zip(sums, self.trained, strict=True)])

    def besides(self, own: Term) -> tuple[Term, ...]:
        """The model that a key, or two keys together, are judged in: all terms without them.

        These are all single keys and, judged by seeds, all pairs but `own` and those with a part of
        it (type II). Missing settings then make no pair's working together look like another's.
        """
        if not self.by_seeds:
            return self.singles
        pairs = combinations(range(len(self.axes)), 2)
        own_pairs = (pair for pair in pairs if not set(own) <= set(pair))
        return (*self.singles, *own_pairs)

    def fit(self, terms: Sequence[Term], weights: Floats | None = None) -> Fit:
        """The model of these terms, fitted to the means."""
        columns = columns_of(self.places, self.sizes, terms)
        return fit(columns, self.weights if weights is None else weights, self.means)

    def averaged(self, terms: Sequence[Term], held: dict[int, int]) -> Floats:
        """The mean with these keys held at these levels, as a combination of parameters."""
        return averaged(self.places, self.sizes, terms, held)


def lay_out(axes: Sequence[Axis], cells: Sequence[Cell], adaptive: bool = False) -> Design:
    """Lay out the settings of a sweep.

    Raises:
        ValueError: a setting has a value that its key does not have.
    """
    levels, columns = [], []
    for axis in axes:
        own, places = levels_of(axis, [cell.values[axis.key] for cell in cells])
        levels.append(own)
        columns.append(places)
    everywhere = np.array(columns, dtype=np.int64).reshape(len(axes), len(cells)).T
    has = [bool(cell.tested) for cell in cells]
    trained = tuple(cell for cell, finished in zip(cells, has, strict=True) if finished)
    drawn = any(axis.range is not None for axis in axes)
    size = prod(len(own) for own in levels)
    factorial = not adaptive and not drawn and 2 * len(np.unique(everywhere, axis=0)) > size
    seeds = factorial and pooled(trained).degrees >= LEAST_SEED_DEGREES
    means = np.array([cell.mean for cell in trained])
    return Design(
        tuple(axes), tuple(levels), tuple(cells), everywhere, trained, everywhere[has], means,
        factorial, seeds,
    )  # fmt: skip


def judge(design: Design, adaptive: bool, pruned: bool, pictures: int | None) -> Error | str:
    """What differences are judged by, or a sentence why nothing is.

    Accuracies go in steps of a picture, so that seeds may all reach the same. The error is never
    below one picture's step, as a standard deviation, of `pictures` on test.
    """
    went = "the search went where earlier trainings were good, so settings are not compared evenly"
    stopped = "trainings that began badly were stopped, so settings are not compared evenly"
    if adaptive or pruned:
        return went if adaptive else stopped
    if len(design.trained) < 2:
        return "fewer than two settings have a finished training"
    floor = 1 / (pictures or PICTURES) ** 2
    if design.by_seeds:
        return by_seeds(design.trained, floor)
    plain = design.fit(design.singles)
    degrees = float(design.weights.sum()) - plain.rank
    if degrees < LEAST_DEGREES:
        return (
            "too few trainings were repeated with another seed to tell a difference from chance; "
            "with three seeds a setting it could be tested"
        )
    return Error(SETTINGS, max(plain.squares / degrees, floor), degrees, floor)
