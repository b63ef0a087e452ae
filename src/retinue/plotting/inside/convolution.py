"""Figures of a convolution and of a pooling: how its window lies, and one step of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.inside.cells import (
    LARGE,
    Places,
    Scale,
    Values,
    draw_cells,
    hatch,
    number,
    outline,
    scale_of,
)
from retinue.plotting.style import BLUE, GREY, VERMILION, new_figure, shorten_all, styled
from retinue.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Under = tuple[Places, Places]  # rows and columns of the padded picture under a window
SIDE, SMALL = 2.7, 1.6  # inches of a picture, and of a kernel


@styled()
def convolution_step(
    padded: NDArray[np.float64],
    outside: NDArray[np.bool_],
    unreached: tuple[int, int],
    under: Under,
    weights: NDArray[np.float64],
    output: Values,
    cell: tuple[int, int],
    names: Sequence[str],
    lines: Sequence[str],
    title: str,
) -> "Figure":
    """One value of an output: the picture with the window, times the kernel, the products, the sum.

    Args:
        padded: the picture's channels with their padding, (C, H, W), a row of the figure each.
        outside: which of its cells are padding, (H, W): tinted.
        unreached: rows at its bottom and columns at its right under no window: hatched.
        under: the rows and columns of `padded` under the kernel.
        weights: of the kernel, (C, rows, columns).
        output: (H', W').
        cell: row and column of the value in it.
        names: of the channels; an empty one is not written.
        lines: the sum written out.
        title: above all.
    """
    rows, columns = under
    values, inside = padded[:, rows[:, None], columns], outside[rows[:, None], columns]
    products = values * weights
    scales = (scale_of(padded), scale_of(padded), scale_of(weights, True), scale_of(products, True))
    channels, names = len(padded), shorten_all(names, 20)
    side = SIDE if channels == 1 else 2.0
    figure = new_figure(11, channels * side + 0.9 + 0.16 * len(lines))
    grid = figure.add_gridspec(channels, 5, width_ratios=(SIDE, SMALL, SMALL, SMALL, SIDE))
    for at in range(channels):
        panels = [figure.add_subplot(grid[at, column]) for column in range(4)]
        parts = (padded[at], values[at], weights[at], products[at])
        masks = (outside, inside, None, None)
        rooms = (side, SMALL, SMALL, SMALL)
        for drawn in zip(panels, parts, scales, rooms, masks, strict=True):
            draw_cells(*drawn)
        _mark_window(panels[0], outside, unreached, under)
        panels[0].set_ylabel(names[at])
        panels[3].set_xlabel(f"sum {number(float(products[at].sum()))}")
        if at == 0:
            heads = (_size_of(outside), "under the window", "× kernel", "= products")
            for panel, head in zip(panels, heads, strict=True):
                panel.set_title(head)
    _draw_output(figure, figure.add_subplot(grid[:, 4]), output, cell)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    figure.supxlabel("\n".join(lines) + _explained(unreached), x=0.01, ha="left", fontsize=8)
    return figure


@styled()
def pooling_step(
    padded: Values,
    unreached: tuple[int, int],
    under: Under,
    values: Values,
    chosen: tuple[int, int] | None,
    output: Values,
    cell: tuple[int, int],
    text: str,
    title: str,
) -> "Figure":
    """One value of a pooling: the map with the window, what lies under it, and the output.

    Args:
        padded: the map with what lies around it, NaN, (H, W).
        unreached: rows at its bottom and columns at its right under no window.
        under: the rows and columns of `padded` under the window.
        values: of these, (rows, columns), with 0 for padding that counts as that.
        chosen: row and column of `padded` of the largest; None of a mean.
        output: (H', W').
        cell: row and column of the value in it.
        text: how it comes about.
        title: above all.
    """
    figure = new_figure(9, SIDE + 1.35)
    panels = figure.subplots(1, 3, width_ratios=(SIDE, SMALL, SIDE))
    scale, outside = scale_of(padded), np.isnan(padded)
    inside = outside[under[0][:, None], under[1]]
    draw_cells(panels[0], padded, scale, SIDE, outside)
    draw_cells(panels[1], values, scale, SMALL, inside)
    _mark_window(panels[0], outside, unreached, under)
    if chosen is not None:
        at = [np.flatnonzero(under[axis] == chosen[axis]) for axis in (0, 1)]
        outline(panels[1], at[0], at[1], values.shape)
    panels[0].set_title(_size_of(outside, "map"))
    panels[1].set_title("under the window")
    _draw_output(figure, panels[2], output, cell, scale)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    figure.supxlabel(text + _explained(unreached), x=0.01, ha="left", fontsize=8)
    return figure


@styled()
def convolution_layout(
    outside: NDArray[np.bool_],
    unreached: tuple[int, int],
    stride: tuple[int, int],
    windows: tuple[Under, Under],
    output: tuple[int, int],
    text: str,
) -> "Figure":
    """Where the windows lie on a padded picture, and the size that this makes.

    Args:
        outside: which cells of the padded picture are padding, (H, W): tinted.
        unreached: rows at its bottom and columns at its right under no window: hatched.
        stride: from one window to the next; a dot stands in the middle of each.
        windows: rows and columns under the first and the last window.
        output: rows and columns that come out.
        text: how their numbers come about.
    """
    figure = new_figure(8, 4.2)
    wide = float(np.clip(output[1] / outside.shape[1], 0.35, 1))
    panels = figure.subplots(1, 2, width_ratios=(1, wide))
    blank = Scale(0, 1, False)
    draw_cells(panels[0], np.full(outside.shape, np.nan), blank, SIDE, outside)
    draw_cells(panels[1], np.full(output, np.nan), blank, SIDE)
    hatch(panels[0], outside.shape, unreached)
    ends = ((0, 0), (output[0] - 1, output[1] - 1))
    for (rows, columns), (row, column), colour in zip(
        windows, ends, (VERMILION, BLUE), strict=True
    ):
        outline(panels[0], rows, columns, outside.shape, colour)
        outline(panels[1], np.array([row]), np.array([column]), output, colour)
    if max(outside.shape) <= LARGE:
        first = [float(places.mean()) for places in windows[0]]
        down, across = (first[axis] + stride[axis] * np.arange(output[axis]) for axis in (0, 1))
        x, y = np.meshgrid(across, down)
        panels[0].plot(x.ravel(), y.ravel(), ".", color=GREY, markersize=3)
    which = "one" if output == (1, 1) else "first and last"
    panels[0].set_title(f"{_size_of(outside)}; its {which} window")
    panels[1].set_title(f"output {output[0]} x {output[1]}")
    figure.supxlabel(text + _explained(unreached), x=0.01, ha="left", fontsize=8)
    return figure


def _mark_window(
    axes: "Axes", outside: NDArray[np.bool_], unreached: tuple[int, int], under: Under
) -> None:
    hatch(axes, outside.shape, unreached)
    outline(axes, *under, outside.shape)


def _draw_output(
    figure: "Figure",
    axes: "Axes",
    output: Values,
    cell: tuple[int, int],
    scale: Scale | None = None,
) -> None:
    """The output with its cell framed, and a colour bar where no numbers are written."""
    scale = scale or scale_of(output)
    if not draw_cells(axes, output, scale, SIDE):
        figure.colorbar(axes.images[0], ax=axes, shrink=0.6).outline.set_visible(False)
    outline(axes, np.array([cell[0]]), np.array([cell[1]]), output.shape)
    axes.set_title(f"output {output.shape[0]} x {output.shape[1]}")


def _size_of(outside: NDArray[np.bool_], what: str = "picture") -> str:
    """`picture 7 x 7, padding tinted`, from which cells of it are padding."""
    height, width = (int((~outside).any(axis=axis).sum()) for axis in (1, 0))
    return f"{what} {height} x {width}{', padding tinted' if outside.any() else ''}"


def _explained(unreached: tuple[int, int]) -> str:
    """What is hatched, if anything is."""
    parts = zip(unreached, ("row", "column"), strict=True)
    border = " and ".join(count(lines, what) for lines, what in parts if lines)
    return f"\nhatched: {border} that no window reaches" if border else ""
