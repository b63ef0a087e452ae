"""What pairs of keys did together: the accuracy of each pair of levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import GREY, INK, new_figure, percent, shorten, shorten_all, styled
from retinue.plotting.sweeps.panels import caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3  # maps in a row
NUMBERED = 12  # levels up to which cells carry numbers
CELL = 0.42  # inches


@dataclass(frozen=True)
class Pair:
    """Mean accuracies by two keys' levels; a cell is None where no training finished.

    `verdict` is a few words on whether what one key does depends on the other.
    """

    row_title: str
    column_title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...]
    verdict: str


@styled()
def interactions(pairs: Sequence[Pair]) -> "Figure":
    """A map of the accuracy on test for each pair of keys, all on one scale of colours.

    Args:
        pairs: at least one of them with a cell that is known. Up to 12 x 12 the cells carry
            percentages.
    """
    across = min(COLUMNS, len(pairs))
    down = -(-len(pairs) // across)
    wide, high = (
        float(np.clip(CELL * max(counts), 1.6, 4.6)) + 1.1
        for counts in ([len(pair.columns) for pair in pairs], [len(pair.rows) for pair in pairs])
    )
    figure = new_figure(max(5.4, across * wide + 1.3), down * (high + 0.5) + 0.7)
    panels = figure.subplots(down, across, squeeze=False)
    maps = [np.array(pair.cells, dtype=np.float64) for pair in pairs]
    bottom = min(float(np.nanmin(one)) for one in maps if np.isfinite(one).any())
    top = max(float(np.nanmax(one)) for one in maps if np.isfinite(one).any())
    for axes, pair, values in zip(panels.flat, pairs, maps, strict=False):
        image = axes.imshow(values, cmap="viridis", vmin=bottom, vmax=top, aspect="auto")
        _name(axes, pair)
        _fill(axes, values, bottom, top)
    for axes in panels.flat[len(pairs) :]:
        axes.set_visible(False)
    bar = figure.colorbar(image, ax=panels, shrink=0.7, aspect=30, format=percent)
    bar.set_label("accuracy on test")
    bar.outline.set_visible(False)
    empty = any(np.isnan(one).any() for one in maps)
    hatched = " Hatched: no training finished." if empty else ""
    caption(
        figure,
        "Cells: mean accuracy on test in percent, over all settings there. Interaction: what one "
        f"key does depends on the other; p is corrected for all that is tested (Holm).{hatched}",
    )
    return figure


def _name(axes: "Axes", pair: Pair) -> None:
    axes.set_xlabel(shorten(pair.column_title, 30))
    axes.set_ylabel(shorten(pair.row_title, 30))
    axes.set_title(pair.verdict, fontsize=9)
    axes.set_yticks(range(len(pair.rows)), shorten_all(pair.rows, 22), fontsize=7)
    names = shorten_all(pair.columns, 22)
    aslant = max(len(name) for name in names) > 6 or len(names) > 6
    style: dict[str, Any] = (
        {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if aslant else {}
    )
    axes.set_xticks(range(len(names)), names, fontsize=7, **style)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _fill(axes: "Axes", values: NDArray[np.float64], bottom: float, top: float) -> None:
    """Write the numbers into the cells, and hatch those without one."""
    from matplotlib.patches import Rectangle

    numbered = max(values.shape) <= NUMBERED
    digits = 1 if top - bottom < 0.2 and values.shape[1] <= 9 else 0
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value):
            corner = column - 0.5, row - 0.5
            axes.add_patch(
                Rectangle(
                    corner, 1, 1, facecolor="white", edgecolor=GREY, hatch="////", linewidth=0
                )
            )
        elif numbered:
            light = value > bottom + 0.55 * (top - bottom)
            axes.text(
                column, row, f"{100 * value:.{digits}f}", ha="center", va="center", fontsize=7,
                color=INK if light else "white",
            )  # fmt: skip
