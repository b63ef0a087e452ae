"""Whether probabilities mean what they say, and what leaving out unsure answers brings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from retinue.reporting.facts.trust import Floats
from retinue.reporting.page.charts import svg
from retinue.reporting.page.charts.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    Stop,
    axes,
    percent_tick,
    picture,
)
from retinue.reporting.page.charts.lines import Axis, Line, line_chart, thinned
from retinue.reporting.page.charts.scale import Scale
from retinue.wording import count, percent

LARGEST = 11.0  # radius of the dot of a bin with all pictures
POINTS = 200  # of the curve
TOLD = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5, 0.25)  # coverages of the table


def reliability_chart(id_: str, bins: Sequence[Mapping[str, Any]]) -> Chart | None:
    """How often answers of a confidence were right, by bins; None where all bins are empty."""
    full = [one for one in bins if one["n"]]
    if not full:
        return None
    across = Scale(0, 1, LEFT, WIDTH - RIGHT)
    up = Scale(0, 1, HEIGHT - BOTTOM, TOP + 14)
    total = sum(one["n"] for one in full)
    parts = [
        axes(across, up, ("confidence", "share that was right"), (percent_tick, percent_tick)),
        svg.line(across(0), up(0), across(1), up(1), class_="ideal"),
    ]
    dots = [(across(one["confidence"]), up(one["accuracy"]), one["n"]) for one in full]
    parts += [
        svg.element("circle", cx=x, cy=y, r=2.5 + LARGEST * math.sqrt(n / total), class_="dot main")
        for x, y, n in dots
    ]
    stops = tuple(
        Stop(x, ((y, "main"),), _told(one)) for (x, y, _), one in zip(dots, full, strict=True)
    )
    description = (
        "A dot for each bin of confidence, larger where it has more pictures; dots under the "
        "diagonal are answers that were too sure. " + "; ".join(stop.text for stop in stops) + "."
    )
    title = "Does it know how sure it may be?"
    rows = [
        (
            f"{percent_tick(one['low'])} to {percent_tick(one['high'])}",
            f"{one['n']:,}",
            percent(one["confidence"]),
            percent(one["accuracy"]),
        )
        for one in full
    ]
    drawn = picture(id_, title, description, *parts)
    head = ("bin", "pictures", "mean confidence", "right")
    note = "On the dashed line it is right as often as it says; under it, it is too sure."
    return Chart(id_, title, description, drawn, "confidence", stops, head, rows, note)


def risk_chart(id_: str, coverage: Floats, error: Floats) -> Chart | None:
    """The share of wrong answers against the share answered; None without answers."""
    if not len(coverage):
        return None
    kept = thinned(len(coverage), POINTS)
    xs = [float(coverage[position]) for position in kept]
    line = Line("wrong", [float(error[position]) for position in kept], "main")
    title = "If it answers only where it is surest"
    across = Axis("share of pictures answered", percent_tick, 0.0, 1.0)
    found = line_chart(id_, title, xs, [line], across, Axis("wrong answers", _fine, 0.0, 1.0))
    assert found is not None  # noqa: S101  there are answers
    head = ("answered", "of those wrong")
    rows = [(percent_tick(share), _fine(at(coverage, error, share))) for share in TOLD]
    return replace(found, head=head, rows=rows)


def roc_chart(id_: str, roc: Mapping[str, Any], positive: str) -> Chart | None:
    """For two classes: which share of one is found, and how many of the other it costs."""
    line = Line("found", roc["tpr"], "main")
    return line_chart(
        id_,
        f"How many of {positive} are found, at which price",
        roc["fpr"],
        [line],
        Axis("others taken for it", percent_tick, 0.0, 1.0),
        Axis("share found", percent_tick, 0.0, 1.0),
    )


def at(coverage: Floats, error: Floats, share: float) -> float:
    """The share of wrong answers where at least this share of pictures is answered."""
    reached = int((coverage < share - 1e-12).sum())
    return float(error[min(reached, len(error) - 1)])


def _told(one: Mapping[str, Any]) -> str:
    return (
        f"said {percent(one['confidence'])}, right {percent(one['accuracy'])} "
        f"({count(one['n'], 'picture')})"
    )


def _fine(value: float) -> str:
    return f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.3g} %"
