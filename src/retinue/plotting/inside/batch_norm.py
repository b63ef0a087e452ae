"""Batch norm: values before and after, running statistics, and answers in company."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILION,
    new_figure,
    shorten,
    shorten_all,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
CLASSES = 4
BINS = 60


@styled()
def batch_norm(
    *,
    title: str,
    channels: Sequence[int],
    samples: Numbers,
    running: tuple[Numbers, Numbers] | None,
    batch: tuple[Numbers, Numbers] | None,
    momentum: float | None,
    beside: tuple[Numbers, Numbers],
    classes: Sequence[str],
    notes: Sequence[str],
) -> "Figure":
    """Above, how values of some channels are spread; below, what is remembered, and answers.

    Args:
        title: above all.
        channels: c numbers of channels, at most four.
        samples: (3, c, n) values before the layer, after it in train mode, after it in eval mode.
        running: running mean and variance, (steps + 1, c) each; None where none are kept.
        batch: mean and unbiased variance of the batch, (c,) each; None likewise.
        momentum: of the running statistics; None is the mean over the steps.
        beside: probabilities (G, K) of one picture in G companies, in train and in eval mode.
        classes: K names.
        notes: sentences below.
    """
    figure = new_figure(11.5, 7.6)
    figure.suptitle(shorten(title, 100), x=0.01, ha="left", fontsize=11)
    panels = figure.subplots(2, 3)
    names = ("before the layer", "after it, train mode", "after it, eval mode")
    ends = _ends(samples[0]), _ends(samples[1:]), _ends(samples[1:])
    for axes, name, values, bounds in zip(panels[0], names, samples, ends, strict=True):
        _draw_spread(axes, name, values, bounds, channels)
    how = "mean of all" if momentum is None else f"momentum {momentum:g}"
    for axes, number, name in ((panels[1, 0], 0, "mean"), (panels[1, 1], 1, "variance")):
        axes.set_title(f"running {name} of a new layer ({how})")
        if running is None or batch is None:
            axes.text(0.5, 0.5, "the layer keeps none", ha="center", transform=axes.transAxes)
            axes.set(xticks=[], yticks=[])
        else:
            _draw_running(axes, running[number], batch[number])
    _draw_beside(panels[1, 2], beside, classes)
    lines = [line for note in notes for line in wrap(note, 180)]
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8.5)
    return figure


def _ends(values: Numbers) -> tuple[float, float]:
    """Between which nearly all values lie."""
    low, high = np.percentile(values, [0.3, 99.7])
    room = max(1e-6, 0.05 * (high - low))
    return float(low - room), float(high + room)


def _draw_spread(
    axes: "Axes",
    name: str,
    values: Numbers,
    ends: tuple[float, float],
    channels: Sequence[int],
) -> None:
    """A histogram as a line for each channel, with its mean marked below."""
    edges = np.linspace(*ends, BINS + 1)
    for channel, row, colour in zip(channels, values, COLOURS, strict=False):
        heights, _ = np.histogram(row, edges)
        told = f"channel {channel}: {row.mean():.2g} ± {row.std():.2g}"
        axes.stairs(heights / len(row), edges, color=colour, label=told, linewidth=1.3)
        axes.plot([row.mean()], [0], "^", color=colour, markersize=7, clip_on=False, zorder=3)
    axes.set(title=name, yticks=[], ylim=(0, 1.4 * axes.get_ylim()[1]), xlim=ends)
    axes.legend(loc="upper right", fontsize=7)


def _draw_running(axes: "Axes", steps: Numbers, batch: Numbers) -> None:
    """The running statistic of some channels, and dashed what the batch has."""
    from matplotlib.ticker import MaxNLocator

    for row, level, colour in zip(steps.T, batch, COLOURS, strict=False):
        axes.plot(row, color=colour, marker=".", markersize=4, linewidth=1.2)
        axes.axhline(level, color=colour, linestyle="--", linewidth=0.9)
    axes.set_xlabel("steps; dashed: what the batch has")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_beside(axes: "Axes", beside: tuple[Numbers, Numbers], classes: Sequence[str]) -> None:
    """A dot a company, for the classes that are most probable."""
    most = np.argsort(-np.max([one.mean(axis=0) for one in beside], axis=0), kind="stable")
    shown = most[: min(CLASSES, len(most))]
    for values, shift, colour, name in (
        (beside[0], -0.14, VERMILION, "train mode"),
        (beside[1], 0.14, BLUE, "eval mode"),
    ):
        places = np.repeat(np.arange(len(shown)) + shift, len(values))
        axes.plot(
            values[:, shown].T.ravel(), places, "o",
            color=colour, alpha=0.55, markersize=5, label=name, markeredgewidth=0,
        )  # fmt: skip
    axes.set_yticks(np.arange(len(shown)), shorten_all([classes[at] for at in shown], 20))
    axes.set(xlim=(-0.02, 1.02), ylim=(len(shown) - 0.4, -0.6))
    axes.set_xlabel("probability; a dot for each company it is in")
    axes.set_title("one picture's answer beside different others")
    axes.legend(loc="lower right")
