"""A key as a scale, along an axis or in colours."""

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    shorten,
    shorten_all,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

NAMED = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, INK)
LISTED = 12  # levels up to which a legend names each
LIGHTEST = 0.9  # of viridis; what is lighter is hard to see on white


@dataclass(frozen=True)
class Scale:
    """A key with levels by name, or one with all numbers from `low` to `high`.

    A value on it is the number of a level, counted from 0, or one of those numbers. `ordered`
    levels are numbers that rise; others are names. `log` is for numbers above 0.
    """

    title: str
    levels: tuple[str, ...] = ()
    ordered: bool = False
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies, from 0 at the lowest to 1 at the highest; 0.5 where all are one."""
        low, high = (0.0, len(self.levels) - 1.0) if self.levels else (self.low, self.high)
        if self.log and not self.levels:
            low, high, value = log10(low), log10(high), log10(value)
        return (value - low) / (high - low) if high > low else 0.5


def lightness() -> "Colormap":
    """Colours from dark to light, even for colour-blind eyes, all of them visible on white."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["viridis"](np.linspace(0, LIGHTEST, 256)))


def colour_of(scale: Scale, value: float) -> str:
    """The colour of a value, as `#rrggbb`: its own for a name, from dark to light for numbers."""
    from matplotlib.colors import to_hex

    if scale.levels and not scale.ordered and len(scale.levels) <= len(NAMED):
        return NAMED[int(value)]
    return to_hex(lightness()(float(np.clip(scale.share(value), 0, 1))))


def explain_colours(figure: "Figure", axes: "Axes", scale: Scale) -> None:
    """Say at the right what the colours mean: a legend for few levels, else a bar."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.lines import Line2D

    title = shorten(scale.title, 24)
    if scale.levels and len(scale.levels) <= LISTED:
        handles = [
            Line2D([], [], color=colour_of(scale, number), label=name, marker="o", markersize=5)
            for number, name in enumerate(shorten_all(scale.levels, 24))
        ]
        legend = figure.legend(handles=handles, loc="outside right upper", title=title)
        legend.set_alignment("left")
        return
    last = len(scale.levels) - 1
    low, high = (0.0, float(last)) if scale.levels else (scale.low, scale.high)
    norm = LogNorm(low, high) if scale.log and not scale.levels else Normalize(low, high)
    bar = figure.colorbar(ScalarMappable(norm, lightness()), ax=axes, shrink=0.8)
    bar.outline.set_visible(False)
    bar.ax.set_title(title, fontsize=8)
    if scale.levels:
        ticks = np.arange(0, last + 1, -(-(last + 1) // LISTED))
        bar.set_ticks(ticks.tolist(), labels=[shorten(scale.levels[one], 16) for one in ticks])
    else:
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
