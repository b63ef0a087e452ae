"""Small multiples: a panel a key, its levels side by side, all on one vertical axis."""

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from retinue.plotting.style import columns_of, new_figure, shorten_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNIT = 0.85  # inches
ACROSS = 12  # units of a row
LETTERS = 13  # letters an inch of a tick's label
ADVANCE = 0.6180339887  # the golden ratio: places that never fall on each other


def key_panels(levels: Sequence[int], height: float) -> "tuple[Figure, list[Axes]]":
    """A figure with a panel for each number of levels, the wider the more there are.

    Args:
        levels: how many there are, for each panel.
        height: of a row, in inches.
    """
    units = [_units(count) for count in levels]
    rows: list[list[int]] = []
    for one in units:
        if not rows or sum(rows[-1]) + one > ACROSS:
            rows.append([])
        rows[-1].append(one)
    across = max(sum(row) for row in rows)
    figure = new_figure(max(5.4, UNIT * across), 0.8 + height * len(rows))
    grid = figure.add_gridspec(len(rows), across)
    panels: list[Axes] = []
    for number, row in enumerate(rows):
        start = 0
        for one in row:
            place = grid[number, start : start + one]
            first = panels[0] if panels else None
            axes = figure.add_subplot(place, sharey=first)
            axes.tick_params(labelleft=start == 0)
            panels.append(axes)
            start += one
    return figure, panels


def name_levels(axes: "Axes", names: Sequence[str]) -> None:
    """Write the levels' names under their places, aslant where they are too long."""
    room = LETTERS * UNIT * _units(len(names)) * 0.85 / len(names)
    short = shorten_all(names, 22)
    if max(columns_of(name) for name in short) < room:
        axes.set_xticks(range(len(names)), short)
    else:
        axes.set_xticks(
            range(len(names)), short, rotation=40, ha="right", rotation_mode="anchor", fontsize=7
        )
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.grid(visible=False, axis="x")


def scattered(place: float, count: int, width: float = 0.28) -> list[float]:
    """Places of dots around one, the same each time, so that few cover each other."""
    return [place + width * (2 * (number * ADVANCE % 1) - 1) for number in range(count)]


def caption(figure: "Figure", text: str) -> None:
    """Write what is to be known below the figure, in as many lines as it takes."""
    width = float(figure.get_figwidth())
    figure.supxlabel(fill(text, int(width * 15)), x=0.01, ha="left", fontsize=8)


def _units(levels: int) -> int:
    return next((units for most, units in ((4, 3), (6, 4), (10, 6)) if levels <= most), ACROSS)
