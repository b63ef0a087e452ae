"""How often the channels of a layer are active."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.inside.colours import Numbers
from retinue.plotting.style import INK, SKY, VERMILION, new_figure, percent, shorten, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

APART = 128  # bars that still have room between them


@styled()
def dead_channels(active: Numbers, *, title: str, notes: Sequence[str]) -> "Figure":
    """Bars of the share of pictures (C,), sorted, on which each channel is active.

    Dead ones, whose bar has no height, are marked below the axis.
    """
    figure = new_figure(7.5, 3.4)
    axes = figure.subplots()
    places = np.arange(len(active))
    width = 0.8 if len(active) <= APART else 1.0
    axes.bar(places + 0.5, active, width, color=SKY)
    dead = int((active == 0).sum())
    if dead:
        axes.axvspan(0, dead, color=VERMILION, alpha=0.35, linewidth=0, label=f"dead: {dead}")
        axes.legend(loc="upper left")
    axes.set(
        xlim=(0, len(active)),
        ylim=(0, 1.02),
        xlabel="channels, the least active first",
        ylabel="pictures on which it is active",
    )
    axes.yaxis.set_major_formatter(percent)
    words = "\n".join([shorten(title, 95), *(line for note in notes for line in wrap(note, 105))])
    figure.suptitle(words, x=0.01, ha="left", fontsize=9, color=INK)
    return figure
