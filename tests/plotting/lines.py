"""Where the points of a drawn line lie, and whether all that is drawn lies in its figure."""

from collections.abc import Callable

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from retinue.plotting.style import styled
from tests.plotting.edges import edges_are_white

ROUNDING = 0.04  # inches; letters are not quite as wide at every resolution


def xs(line: Line2D) -> list[float]:
    """From left to right as they are given, in data coordinates."""
    return [float(x) for x in np.asarray(line.get_xdata())]


def ys(line: Line2D) -> list[float]:
    """In the order of `xs`."""
    return [float(y) for y in np.asarray(line.get_ydata())]


def beyond(figure: Figure) -> float:
    """By how many inches something of a figure, that was drawn already, lies outside of it."""
    with styled():
        box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    width, height = figure.get_size_inches()
    return float(max(-box.x0, -box.y0, box.x1 - width, box.y1 - height))


def fits(figure: Figure, draw: Callable[[Figure], NDArray[np.uint8]]) -> bool:
    """Whether nothing reaches an edge of the figure as it is saved, or lies beyond."""
    return edges_are_white(draw(figure)) and beyond(figure) < ROUNDING
