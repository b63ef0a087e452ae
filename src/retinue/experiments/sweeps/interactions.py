"""Whether what one key does depends on another."""

from collections.abc import Sequence

import numpy as np
from scipy.special import fdtrc

from retinue.experiments.sweeps.design import LEAST_DEGREES, Design
from retinue.experiments.sweeps.error import Error
from retinue.experiments.sweeps.findings import Interaction
from retinue.experiments.sweeps.model import ROUNDING, Fit, Floats, Term

Cells = tuple[tuple[float | None, ...], ...]


def interaction_of(design: Design, pair: tuple[int, int], error: Error | None) -> Interaction:
    """Whether two keys do together what each does by itself, without Holm's p.

    The F test of the extra sum of squares: by the seeds, beside all single keys and all other pairs
    (type II); or by what settings leave unexplained with this pair in the model, where at least
    three degrees of freedom are left for it.

    Args:
        design: the settings.
        pair: the places of the two keys.
        error: what differences are judged by, None where nothing is.
    """
    first, second = pair
    terms = (*design.besides(pair), pair)
    model = design.fit(terms)
    cells = _cells(design, pair, terms, model)
    return Interaction(
        keys=(design.axes[first].key, design.axes[second].key),
        rows=design.levels[first],
        columns=design.levels[second],
        cells=cells,
        size=_departure(cells),
        p=None if error is None else _p(design, design.fit(terms[:-1]), model, error),
        p_holm=None,
        shown=False,
        importance=None,
    )


def _p(design: Design, without: Fit, model: Fit, error: Error) -> float | None:
    extra = model.rank - without.rank
    if extra == 0:
        return None
    gained = without.squares - model.squares
    if design.by_seeds:
        expected, first, second = error.of_squares(model.projection - without.projection)
    else:
        first, second = float(extra), error.degrees - extra
        if second < LEAST_DEGREES:
            return None
        expected = extra * max(model.squares / second, error.floor)
    if gained <= ROUNDING**2 * len(design.trained):
        return 1.0
    return float(fdtrc(first, second, gained / expected))


def _cells(design: Design, pair: tuple[int, int], terms: Sequence[Term], model: Fit) -> Cells:
    """Each pair of levels' mean by the model, or its plain mean where that is not determined."""
    first, second = pair

    def mean(row: int, column: int) -> float | None:
        there = (design.places[:, first] == row) & (design.places[:, second] == column)
        if not there.any():
            return None
        estimate = model.estimate(design.averaged(terms, {first: row, second: column}))
        return estimate[0] if estimate is not None else float(design.means[there].mean())

    return tuple(
        tuple(mean(row, column) for column in range(design.sizes[second]))
        for row in range(design.sizes[first])
    )


def _departure(cells: Cells) -> float | None:
    """The most by which a cell departs from a sum of its row's and its column's part."""
    known = [
        (row, column, value)
        for row, line in enumerate(cells)
        for column, value in enumerate(line)
        if value is not None
    ]
    if not known:
        return None
    rows, columns = (np.array([one[axis] for one in known]) for axis in (0, 1))
    values = np.array([one[2] for one in known])
    parts: list[Floats] = [rows[:, None] == np.unique(rows), columns[:, None] == np.unique(columns)]
    both = np.concatenate(parts, axis=1).astype(np.float64)
    fitted = both @ np.linalg.lstsq(both, values, rcond=None)[0]
    return float(np.abs(values - fitted).max())
