"""The static picture of the convolution explorer: input, kernel, output, and what follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.inside.cells import Places, Scale, draw_cells, hatch, outline, scale_of
from retinue.plotting.style import interpolation, new_figure, shorten, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Maps = NDArray[np.float64]  # (C, H, W)

SIDE, KERNEL = 3.0, 1.9  # inches of a map and of a kernel
LINE = 0.16  # inches from line to line of the text


@dataclass(frozen=True)
class Stage:
    """Maps (C, H, W) on the way, C of 3 being red, green and blue, with a window framed.

    `rows` and `columns` are those under the window; `outside` (H, W) says which cells are padding,
    and `unreached` how many rows and columns at the end are under no window.
    """

    title: str
    maps: Maps
    scale: Scale
    rows: Places
    columns: Places
    outside: NDArray[np.bool_] | None = None
    unreached: tuple[int, int] = (0, 0)


@styled()
def explorer_stages(
    stages: Sequence[Stage], kernel: Maps, names: Sequence[str], lines: Sequence[str], title: str
) -> "Figure":
    """The input, the kernel and the output side by side, and below them what ReLU and pooling make.

    Args:
        stages: input and output, and up to two more.
        kernel: (S, rows, columns): a slice for all channels, or one for each.
        names: of the slices; an empty one is not written.
        lines: below all: the sum of the framed cell, the formulas of the sizes.
        title: above all.
    """
    count = 1 + (len(stages) > 2)
    figure = new_figure(9.5, count * SIDE + 0.9 + LINE * len(lines))
    grid = figure.add_gridspec(count, 3, width_ratios=(SIDE, KERNEL, SIDE))
    places = [(0, 0), (0, 2), (1, 0), (1, 2)]
    for stage, (row, column) in zip(stages, places, strict=False):
        _draw(figure.add_subplot(grid[row, column]), stage)
    parts = grid[0, 1].subgridspec(len(kernel), 1)
    scale = scale_of(kernel, signed=True)
    for at, (weights, name) in enumerate(zip(kernel, names, strict=True)):
        axes = figure.add_subplot(parts[at])
        draw_cells(axes, weights, scale, KERNEL / len(kernel))
        axes.set_ylabel(name)
        if at == 0:
            axes.set_title(f"kernel {weights.shape[0]} x {weights.shape[1]}")
    figure.suptitle(shorten(title, 100), x=0.01, ha="left", fontsize=10.5)
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8)
    return figure


def _draw(axes: "Axes", stage: Stage) -> None:
    shape = stage.maps.shape[1:]
    if len(stage.maps) == 1:
        written = draw_cells(axes, stage.maps[0], stage.scale, SIDE, stage.outside)
        if not written and stage.scale.signed:
            bar = axes.figure.colorbar(axes.images[0], ax=axes, shrink=0.6)
            bar.outline.set_visible(False)
    else:
        _draw_colours(axes, stage)
    hatch(axes, (shape[0], shape[1]), stage.unreached)
    outline(axes, stage.rows, stage.columns, (shape[0], shape[1]))
    axes.set_title(stage.title)


def _draw_colours(axes: "Axes", stage: Stage) -> None:
    """Red, green and blue, each from the scale's low to its high end."""
    share = (stage.maps - stage.scale.low) / (stage.scale.high - stage.scale.low)
    colours = np.clip(np.moveaxis(share, 0, 2), 0, 1)
    if stage.outside is not None:
        colours[stage.outside] = (1 + colours[stage.outside]) / 2  # padding is pale
    height, width = colours.shape[:2]
    axes.imshow(colours, interpolation=interpolation(colours))
    axes.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.grid(visible=False)
