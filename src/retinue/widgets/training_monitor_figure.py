"""The static picture of a monitor: the curves, or in words why there are none yet."""

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING

from retinue import plotting
from retinue.plotting.style import new_figure, shorten, styled
from retinue.widgets.following import WAITING
from retinue.widgets.panel import Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 7.2  # inches
LINE = 0.2  # inches from line to line
LETTERS = 95  # of a line
TITLE_LETTERS = 30
REASON_LETTERS = 3 * LETTERS

NOT_BEGUN = "The training has not begun."
NO_EPOCH = "The training has begun, and no epoch is done yet."
KEEP = "Run this cell again after it, so that its curves are kept here."


def monitor_figure(state: Mapping[str, Value]) -> "Figure":
    """The learning curves so far; before the first epoch what is known, and what to do."""
    if state["history"]:
        return plotting.learning_curves(state["history"], state["best_epoch"])
    title = f"Training of {shorten(state['run'], TITLE_LETTERS)}" if state["run"] else state["name"]
    told = {WAITING: f"{NOT_BEGUN} {KEEP}", "running": f"{NO_EPOCH} {KEEP}"}
    text = told.get(state["stage"]) or shorten(state["said"], REASON_LETTERS)
    return _in_words(title, wrap(text, LETTERS))


@styled()
def _in_words(title: str, lines: list[str]) -> "Figure":
    height = 0.55 + LINE * len(lines)
    figure = new_figure(WIDTH, height)
    left = 0.15 / WIDTH
    figure.text(left, 1 - 0.12 / height, title, va="top", fontsize=12, fontweight="bold")
    for number, line in enumerate(lines):
        figure.text(left, 1 - (0.45 + LINE * number) / height, line, va="top", fontsize=10)
    return figure
