"""How one pooled value comes about: what lies under the window, and which of it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.explaining.convolution.maps import as_maps, cell_of
from retinue.explaining.convolution.pooling import Pooling, pool
from retinue.explaining.convolution.terms import SHOWN_LETTERS, added, listed, within
from retinue.explaining.convolution.window import Pair
from retinue.explaining.drawn import Drawn
from retinue.plotting.inside.cells import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PoolTrace(Drawn):
    """One value of a pooling's output.

    `values` (rows, columns) of the kernel are what lies under the window, NaN where that is outside
    of the map; `rows` and `columns` are the places. `counts` says which cells take part: for a mean
    with padding also some outside, as zeros. `chosen` is the place of the largest, in the map; None
    of a mean. `divisor` is what a mean is divided by, else 1.

    `map` (H, W) is the whole input channel, `output` (H', W') what becomes of it.
    """

    cell: tuple[int, int, int]  # channel, row, column
    pooling: Pooling
    values: NDArray[np.float64]
    counts: NDArray[np.bool_]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    chosen: Pair | None
    divisor: int
    value: float
    formulas: tuple[str, str]
    map: NDArray[np.float64]
    output: NDArray[np.float64]

    def written(self, letters: int | None = None) -> str:
        """How the value comes about, in a line; of about `letters`, which leaves terms out."""
        taken = np.nan_to_num(self.values[self.counts]).tolist()
        if self.pooling.kind == "max":
            return f"max({listed(taken, letters)}) = {number(self.value)}"
        total = added([within(value) for value in taken], taken, letters)
        if len(taken) > 1:
            total = f"({total})"
        return f"{total} / {self.divisor} = {number(self.value)}"

    def figure(self) -> "Figure":
        """The map with the window, what lies under it, and the output with the cell."""
        from retinue.plotting.inside.convolution import pooling_step

        window, size = self.pooling.window, (self.map.shape[0], self.map.shape[1])
        top, bottom, left, right = window.padding
        # In ceil_mode the last window may reach beyond the padding.
        last = window.places((self.output.shape[0] - 1, self.output.shape[1] - 1))
        over = [max(0, int(last[axis][-1]) + 1 - size[axis]) for axis in (0, 1)]
        sides = ((top, max(bottom, over[0])), (left, max(right, over[1])))
        channel, row, column = self.cell
        return pooling_step(
            np.pad(self.map, sides, constant_values=np.nan),
            window.unreached(size),
            (self.rows + top, self.columns + left),
            np.where(self.counts, np.nan_to_num(self.values), self.values),
            None if self.chosen is None else (self.chosen[0] + top, self.chosen[1] + left),
            self.output,
            (row, column),
            f"{self.written(SHOWN_LETTERS)}\nrows: {self.formulas[0]}\ncolumns: {self.formulas[1]}",
            f"{self.pooling.kind.capitalize()} pooling, channel {channel}, row {row}, column "
            f"{column}: {number(self.value)}",
        )

    def as_dict(self) -> dict[str, Any]:
        """The numbers, as JSON has them; null stands for what lies outside, and for no value."""
        return {
            "cell": list(self.cell),
            "kind": self.pooling.kind,
            "rows": self.rows.tolist(),
            "columns": self.columns.tolist(),
            "values": [[_json(value) for value in row] for row in self.values.tolist()],
            "counts": self.counts.tolist(),
            "chosen": None if self.chosen is None else list(self.chosen),
            "divisor": self.divisor,
            "value": _json(self.value),
            "output": list(self.output.shape),
            "formulas": list(self.formulas),
        }


def trace_pool(maps: Any, pooling: Pooling, cell: Sequence[int] = (0, 0, 0)) -> PoolTrace:
    """Follow a pooled value back to the map.

    Args:
        maps: (C, H, W), such as `relu(convolve(...))`.
        pooling: its settings.
        cell: of the output: channel, row and column, counted from 0.

    Raises:
        UsageError: as `pool`, or there is no such cell.
    """
    values = as_maps(maps)
    output, window = pool(values, pooling), pooling.window
    channel, row, column = cell_of(cell, output.shape)
    size = (values.shape[1], values.shape[2])
    rows, columns = window.places((row, column))
    inside = _below(rows, columns, size)
    under = np.full(window.kernel, np.nan)
    reals = np.argwhere(inside)
    under[inside] = values[channel, rows[reals[:, 0]], columns[reals[:, 1]]]
    counts, chosen, divisor = inside, None, 1
    if pooling.kind == "max":
        value = -np.inf
        if len(reals):
            best = reals[int(np.argmax(under[inside]))]  # the first of equal ones, as torch's
            chosen, value = (int(rows[best[0]]), int(columns[best[1]])), float(under[tuple(best)])
    else:
        if pooling.count_include_pad:
            top, _, left, _ = window.padding
            counts = _below(rows + top, columns + left, window.padded(size))
        divisor = int(counts.sum())
        value = float(under[inside].sum()) / divisor
    return PoolTrace(
        cell=(channel, row, column),
        pooling=pooling,
        values=under,
        counts=counts,
        rows=rows,
        columns=columns,
        chosen=chosen,
        divisor=divisor,
        value=value,
        formulas=window.formulas(size),
        map=values[channel],
        output=output[channel],
    )


def _below(rows: NDArray[np.int64], columns: NDArray[np.int64], size: Pair) -> NDArray[np.bool_]:
    """Which of the cells (rows, columns) lie in a map of that size."""
    tall, wide = (rows >= 0) & (rows < size[0]), (columns >= 0) & (columns < size[1])
    return tall[:, None] & wide


def _json(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
