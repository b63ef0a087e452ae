"""Charts of what probabilities are worth."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_figure,
    percent,
    shorten_all,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values = Sequence[float] | NDArray[np.float64]


@styled()
def risk_coverage(curves: Mapping[str, tuple[Values, Values]]) -> "Figure":
    """How many answers are wrong among the surest, for every share of pictures answered.

    Args:
        curves: for each classifier, by its name, the coverages, rising to 1, and the share of wrong
            answers at each.
    """
    figure = new_figure(5.6, 3.8)
    axes = figure.subplots()
    names = shorten_all(list(curves), 32)
    colours = cycle((BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, INK))
    for name, colour, (coverage, error) in zip(names, colours, curves.values(), strict=False):
        axes.plot(coverage, error, color=colour, label=name)
        if len(coverage):
            axes.plot(coverage[-1], error[-1], "o", color=colour, markersize=4, clip_on=False)
    axes.set(xlabel="share of pictures answered, the surest first", ylabel="wrong among these")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(percent)
    if len(curves) > 1:
        axes.legend()
    return figure
