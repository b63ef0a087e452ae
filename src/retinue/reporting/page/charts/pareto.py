"""Accuracy against what it costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from markupsafe import Markup

from retinue.plotting.style import columns_of
from retinue.reporting.page.charts import svg
from retinue.reporting.page.charts.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    LETTER,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    Stop,
    axes,
    percent_tick,
    picture,
)
from retinue.reporting.page.charts.scale import Scale, widened
from retinue.wording import percent

NAME = 20  # letters of a name beside its dot
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Dot:
    """Who reaches which accuracy at which cost."""

    name: str
    cost: float
    value: float
    low: float
    high: float
    kind: str = "side"
    label: str | None = None  # what stands beside it, where that is not its name; empty for nothing

    @property
    def beside(self) -> str:
        """What stands beside it, cut to its room."""
        name = " ".join((self.name if self.label is None else self.label).split())
        return name if len(name) <= NAME else f"{name[: NAME - 1]}…"

    def without_label(self) -> "Dot":
        """The same with nothing beside it."""
        return replace(self, label="")


def pareto_chart(
    id_: str,
    title: str,
    dots: Sequence[Dot],
    cost: str,
    told: Callable[[float], str],
    reads: str = "entrant",
) -> Chart | None:
    """Dots with their intervals, and the line of those that nobody beats in both.

    `reads` is what one dot is. None for fewer than two.
    """
    dots = sorted((dot for dot in dots if dot.cost > 0), key=lambda dot: dot.cost)
    if len(dots) < 2:
        return None
    across = Scale(*widened(dots[0].cost, dots[-1].cost, True), LEFT, WIDTH - RIGHT, log=True)
    low, high = widened(min(dot.low for dot in dots), max(dot.high for dot in dots))
    up = Scale(max(low, 0.0), min(high, 1.0), HEIGHT - BOTTOM, TOP + 14)
    places = [(across(dot.cost), up(dot.value)) for dot in dots]
    parts = [
        axes(across, up, (cost, "accuracy"), (told, percent_tick), (across.ticks(5), None)),
        svg.path(_stairs(unbeaten(dots), across, up), class_="ideal"),
    ]
    # The main one last, and so above the others.
    drawn_in_order = sorted(zip(dots, places, strict=True), key=lambda one: one[0].kind == "main")
    for dot, (x, y) in drawn_in_order:
        parts.append(svg.line(x, up(dot.low), x, up(dot.high), class_=f"span {dot.kind}"))
        parts.append(svg.element("circle", cx=x, cy=y, r=5.0, class_=f"dot {dot.kind}"))
    bars = [
        (x - 2, up(dot.high), x + 2, up(dot.low)) for dot, (x, _) in zip(dots, places, strict=True)
    ]
    parts += _labels(dots, places, bars)
    stops = tuple(
        Stop(x, ((y, dot.kind),), f"{dot.name}: {percent(dot.value)}, {told(dot.cost)}")
        for dot, (x, y) in zip(dots, places, strict=True)
    )
    description = "; ".join(stop.text for dot, stop in zip(dots, stops, strict=True) if dot.beside)
    description += "."
    rows = [
        (dot.name, told(dot.cost), percent(dot.value), f"{percent(dot.low)} to {percent(dot.high)}")
        for dot in dots
    ]
    drawn = picture(id_, title, description, *parts)
    head = ("", cost, "accuracy", "95 % interval")
    return Chart(id_, title, description, drawn, reads, stops, head, rows)


def unbeaten(dots: Sequence[Dot]) -> list[Dot]:
    """Those that nobody beats in both accuracy and cost, the cheapest first."""
    found: list[Dot] = []
    for dot in sorted(dots, key=lambda dot: (dot.cost, -dot.value)):
        if not found or dot.value > found[-1].value:
            found.append(dot)
    return found


def _stairs(best: Sequence[Dot], across: Scale, up: Scale) -> list[tuple[float, float] | None]:
    corners: list[tuple[float, float] | None] = [(across(best[0].cost), up(best[0].value))]
    for one, other in pairwise(best):
        corners += [(across(other.cost), up(one.value)), (across(other.cost), up(other.value))]
    return corners


def _labels(
    dots: Sequence[Dot], places: Sequence[tuple[float, float]], bars: Sequence[Box]
) -> list[Markup]:
    """Each name beside its dot, on the side where it covers least."""
    taken: list[Box] = [*bars, *((x - 7, y - 7, x + 7, y + 7) for x, y in places)]
    labels = []
    for dot, (x, y) in zip(dots, places, strict=True):
        if not dot.beside:
            continue
        width = LETTER * columns_of(dot.beside)
        offers = [
            (left, top, left + width, top + 14)
            for left, top in (
                *((x + 9, y - 7), (x - 9 - width, y - 7)),
                *((x - width / 2, y - 23), (x - width / 2, y + 9)),
                *((x + 7, y - 21), (x + 7, y + 8), (x - 7 - width, y - 21), (x - 7 - width, y + 8)),
            )
        ]
        box = min(offers, key=lambda box: _covered(box, taken))
        taken.append(box)
        labels.append(svg.text(dot.beside, box[0], box[3] - 3, class_=f"label {dot.kind}"))
    return labels


def _covered(box: Box, taken: Sequence[Box]) -> float:
    """How much of other things a box covers, or sticks out of the picture."""
    inside = _common(box, (LEFT, 0.0, WIDTH, HEIGHT - BOTTOM))
    outside = (box[2] - box[0]) * (box[3] - box[1]) - inside
    return 3 * outside + sum(_common(box, other) for other in taken)


def _common(one: Box, two: Box) -> float:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(0.0, width) * max(0.0, height)
