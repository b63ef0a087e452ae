"""Training pictures against test pictures: which settings learn by heart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from retinue.plotting.style import GREY, new_figure, percent, styled
from retinue.plotting.sweeps.scale import Scale, colour_of, explain_colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled()
def train_test(dots: Sequence[tuple[float, float, float]], scale: Scale) -> "Figure":
    """Accuracy on test against that on training pictures, a dot a setting.

    Args:
        dots: (train, test, value on the scale) each, at least one.
        scale: the key by which dots are coloured.
    """
    figure = new_figure(6.4, 4.9)
    axes = figure.subplots()
    ends = [accuracy for dot in dots for accuracy in dot[:2]]
    margin = 0.06 * (max(ends) - min(ends)) + 0.005
    low, high = min(ends) - margin, max(ends) + margin
    axes.plot([low, high], [low, high], color=GREY, linestyle="--", linewidth=1)
    axes.annotate(
        "the same on both", (high, high), (0, 4), textcoords="offset points", ha="right",
        fontsize=8, color=GREY,
    )  # fmt: skip
    style: dict[str, Any] = {
        "alpha": 0.85,
        "markersize": 5.5,
        "markeredgecolor": "white",
        "markeredgewidth": 0.5,
    }
    for train, test, value in dots:
        axes.plot(train, test, "o", color=colour_of(scale, value), **style)
    axes.set(xlim=(low, high), ylim=(low, high))
    axes.set_xlabel(f"accuracy on training pictures, as they are (n = {len(dots):,} settings)")
    axes.set_ylabel("accuracy on test")
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(percent)
    explain_colours(figure, axes, scale)
    return figure
