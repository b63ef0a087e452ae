"""The mean at each level of a key with its interval, and the settings behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from retinue.reporting.page.charts.scale import Scale, finite, widened
from retinue.wording import percent

LEAST = 4  # letters of a level's name under the axis; with room for fewer, some names are left out
MOST = 200  # settings that are drawn at a level


@dataclass(frozen=True)
class Point:
    """A level: its name, its mean with the interval, and the accuracies of its settings."""

    name: str
    mean: float | None
    low: float | None
    high: float | None
    settings: Sequence[float]


def levels_chart(
    id_: str, title: str, points: Sequence[Point], key: str, is_ordered: bool
) -> Chart | None:
    """A dot with its interval for each level, joined where levels have an order.

    None where fewer than two levels have a mean.
    """
    if sum(point.mean is not None for point in points) < 2:
        return None
    values = [one for point in points for one in (point.mean, point.low, point.high)]
    low, high = widened(*_ends([*finite(values), *(s for p in points for s in p.settings)]))
    across = Scale(-0.5, len(points) - 0.5, LEFT, WIDTH - RIGHT)
    up = Scale(max(low, 0.0), min(high, 1.0), HEIGHT - BOTTOM, TOP + 14)
    names = ("", "accuracy on test")
    parts = [axes(across, up, names, (str, percent_tick), ([], None)), _names(points, across, key)]
    for place, point in enumerate(points):
        x = across(place)
        parts += [
            svg.line(x - 5, up(one), x + 5, up(one), class_="one") for one in point.settings[:MOST]
        ]
    means = [(across(place), point) for place, point in enumerate(points)]
    if is_ordered:
        parts += _joined(means, up)
    for x, point in means:
        if point.mean is None:
            continue
        if point.low is not None and point.high is not None:
            parts.append(svg.line(x, up(point.low), x, up(point.high), class_="span main"))
        parts.append(svg.element("circle", cx=x, cy=up(point.mean), r=5.0, class_="dot main"))
    stops = tuple(
        Stop(x, () if p.mean is None else ((up(p.mean), "main"),), _told(p)) for x, p in means
    )
    description = "; ".join(stop.text for stop in stops) + "."
    drawn = picture(id_, title, description, *parts)
    note = "A dot is the mean with its 95 % interval, a thin line a setting."
    return Chart(id_, title, description, drawn, key, stops, note=note)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _names(points: Sequence[Point], across: Scale, key: str) -> Markup:
    """The levels' names under the axis, each cut to its room, and that of the key."""
    room = int((across(1) - across(0)) / LETTER) - 1
    longest = max(columns_of(point.name) for point in points)
    step = 1 if room >= min(LEAST, longest) else -(-LEAST // max(room, 1))
    room = room * step + step - 1
    middle, y = (across.start + across.end) / 2, HEIGHT - BOTTOM
    # Groups of a range, as "0.001 to 0.01", take two lines, and the title alone names their key.
    halves = [
        point.name.partition(" to ") if longest > room else (point.name, "", "") for point in points
    ]
    two = any(rest for *_, rest in halves)
    parts = []
    for place, (name, to, rest) in enumerate(halves):
        if place % step:
            continue
        for line, text in enumerate((f"{name}{to.rstrip()}", rest)):
            shown = _cut(text, room)
            parts.append(
                svg.text(shown, across(place), y + 18 + 16 * line, "middle", class_="tick")
            )
    named = [] if two else [svg.text(_cut(key, 50), middle, y + 37, "middle", class_="name")]
    return svg.group(*parts, *named)


def _joined(means: Sequence[tuple[float, Point]], up: Scale) -> list[Markup]:
    known = [(x, up(point.mean)) for x, point in means if point.mean is not None]
    return [svg.line(*one, *two, class_="ideal") for one, two in pairwise(known)]


def _told(point: Point) -> str:
    if point.mean is None:
        return f"{point.name}: none finished"
    told = f"{point.name}: {percent(point.mean)}"
    if point.low is None or point.high is None:
        return told
    return f"{told} ({percent(point.low)} to {percent(point.high)})"


def _cut(name: str, room: int) -> str:
    name = " ".join(name.split())
    while columns_of(name) > room:
        name = f"{name[:-2]}…" if len(name) > 1 else ""
    return name
