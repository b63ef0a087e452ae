"""How the settings learnt: accuracy on val by epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.style import new_figure, percent, styled
from retinue.plotting.sweeps.panels import caption
from retinue.plotting.sweeps.scale import Scale, colour_of, explain_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Line = tuple[float, Sequence[float]]  # a value on the scale, accuracies by epoch


@styled()
def curves(settings: Sequence[Line], means: Sequence[Line], scale: Scale) -> "Figure":
    """Accuracy on val by epoch: settings as thin lines, means of many as thick ones.

    Args:
        settings: a value on the scale each, and the accuracies after epoch 1, 2 and so on; at least
            one.
        means: the same of all settings of a level.
        scale: the key by which lines are coloured.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(7.6, 4.2)
    axes = figure.subplots()
    faint = float(np.clip(12 / len(settings), 0.15, 0.5))
    for line in settings:
        _draw(axes, line, scale, 0.8, faint)
    for line in means:
        _draw(axes, line, scale, 4.2, 1, "white")  # a rim, so that it stands out from thin ones
        _draw(axes, line, scale, 2.6, 1)
    longest = max(len(accuracies) for _, accuracies in settings)
    axes.set_xlim(0.5, longest + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(percent)
    axes.set(xlabel="epoch", ylabel="accuracy on val")
    explain_colours(figure, axes, scale)
    caption(
        figure,
        f"Thin: settings, each the mean of its seeds (n = {len(settings):,}). Thick: the mean of "
        "all settings of a level, as far as all of them were trained.",
    )
    return figure


def _draw(
    axes: "Axes", line: Line, scale: Scale, width: float, alpha: float, rim: str | None = None
) -> None:
    value, accuracies = line
    axes.plot(
        range(1, len(accuracies) + 1), accuracies, color=rim or colour_of(scale, value),
        linewidth=width, alpha=alpha, marker="o" if len(accuracies) == 1 else "",
        markersize=3 + width,
    )  # fmt: skip
