"""Lines over epochs or seconds, each with its name at its end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from retinue.plotting.style import columns_of
from retinue.reporting.page.charts import svg
from retinue.reporting.page.charts.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    LETTER,
    TOP,
    WIDTH,
    Chart,
    Stop,
    axes,
    picture,
    spread,
)
from retinue.reporting.page.charts.scale import Scale, finite, widened

STOPS = 400  # places at which a line can be read; more than pixels would be in vain
ROWS = 40  # of the table under it
NAME = 16  # letters of a line's name at its end
Points = Sequence[tuple[float, float] | None]


@dataclass(frozen=True)
class Line:
    """A value for each x, None where there is none; the `main` one is in the accent colour."""

    name: str
    values: Sequence[float | None]
    kind: str = "side"  # main, side or faint


@dataclass(frozen=True)
class Axis:
    """What is drawn along an axis, how its values are told, and ends that it must have."""

    name: str
    told: Callable[[float], str]
    low: float | None = None
    high: float | None = None


def line_chart(
    id_: str,
    title: str,
    xs: Sequence[float],
    lines: Sequence[Line],
    across: Axis,
    up: Axis,
    mark: tuple[float, str] | None = None,
) -> Chart | None:
    """A chart of lines; `mark` is a place along x with a word. None without a single value."""
    lines = [line for line in lines if finite(line.values)]
    if not lines or not xs:
        return None
    end = WIDTH - 12 - LETTER * max(columns_of(_cut(line.name)) for line in lines)
    x_scale = _across(xs, across, end)
    y_scale = _up(lines, up)
    points: list[Points] = [
        [
            (x_scale(x), y_scale(y)) if y is not None and finite([y]) else None
            for x, y in zip(xs, line.values, strict=True)
        ]
        for line in lines
    ]
    above = "" if up.name == title.lower() else up.name
    parts = [axes(x_scale, y_scale, (across.name, above), (across.told, up.told))]
    if mark is not None:
        parts.append(_mark(x_scale(mark[0]), mark[1], y_scale, points))
    parts += _drawn(lines, points, y_scale, end)
    description = _described(xs, lines, across, up)
    return Chart(
        id_,
        title,
        description,
        picture(id_, title, description, *parts),
        reads=across.name,
        stops=_stops(xs, lines, points, x_scale, across, up),
        head=(across.name, *(line.name for line in lines)),
        rows=_rows(xs, lines, across, up),
    )


def _across(xs: Sequence[float], axis: Axis, end: float) -> Scale:
    low = min(xs) if axis.low is None else axis.low
    high = max(xs) if axis.high is None else axis.high
    return Scale(low, high, LEFT, end) if high > low else Scale(low - 1, low + 1, LEFT, end)


def _up(lines: Sequence[Line], axis: Axis) -> Scale:
    values = [value for line in lines for value in finite(line.values)]
    low, high = widened(min(values), max(values))
    low = low if axis.low is None else axis.low
    high = high if axis.high is None else min(high, axis.high)
    return Scale(low, high, HEIGHT - BOTTOM, TOP + 14)


def _drawn(
    lines: Sequence[Line], points: Sequence[Points], up: Scale, end: float
) -> Iterator[Markup]:
    """The lines, the main one last and so above the others, and their names at their ends."""
    for one in sorted(range(len(lines)), key=lambda one: lines[one].kind == "main"):
        yield svg.path(points[one], class_=f"line {lines[one].kind}")
    last = [next(point for point in reversed(some) if point is not None) for some in points]
    places = spread([y for _, y in last], 15, up.end, up.start)
    for line, point, some, place in zip(lines, last, points, places, strict=True):
        if len(some) == 1:  # nothing to join
            yield svg.element("circle", cx=point[0], cy=point[1], r=4.5, class_=f"dot {line.kind}")
        yield svg.text(_cut(line.name), end + 8, place + 4.5, class_=f"label {line.kind}")


def _mark(x: float, word: str, up: Scale, points: Sequence[Points]) -> Markup:
    """An upright line with a word, above or below, where the lines are not."""
    anchor, shift = ("end", -5) if x > WIDTH / 2 else ("start", 5)
    near = [point[1] for some in points for point in some if point and abs(point[0] - x) < 40]
    is_low = sum(near) > len(near) * (up.start + up.end) / 2
    return svg.group(
        svg.line(x, up.start, x, up.end, class_="mark"),
        svg.text(word, x + shift, up.end + 10 if is_low else up.start - 6, anchor, class_="tick"),
    )


def _stops(
    xs: Sequence[float],
    lines: Sequence[Line],
    points: Sequence[Points],
    scale: Scale,
    across: Axis,
    up: Axis,
) -> tuple[Stop, ...]:
    return tuple(
        Stop(
            scale(xs[position]),
            tuple(
                (point[1], line.kind)
                for some, line in zip(points, lines, strict=True)
                if (point := some[position]) is not None
            ),
            _told(position, xs, lines, across, up),
        )
        for position in thinned(len(xs), STOPS)
    )


def _told(position: int, xs: Sequence[float], lines: Sequence[Line], across: Axis, up: Axis) -> str:
    values = (
        f"{line.name} {up.told(value)}"
        for line in lines
        if (value := line.values[position]) is not None
    )
    return f"{across.name} {across.told(xs[position])}: {', '.join(values)}"


def _rows(
    xs: Sequence[float], lines: Sequence[Line], across: Axis, up: Axis
) -> list[tuple[str, ...]]:
    return [
        (
            across.told(xs[position]),
            *("" if (value := line.values[position]) is None else up.told(value) for line in lines),
        )
        for position in thinned(len(xs), ROWS)
    ]


def _described(xs: Sequence[float], lines: Sequence[Line], across: Axis, up: Axis) -> str:
    ways = []
    for line in lines:
        values = finite(line.values)
        ways.append(f"{line.name} goes from {up.told(values[0])} to {up.told(values[-1])}")
    ends = f"{across.told(xs[0])} to {across.told(xs[-1])}"
    return f"{up.name} over {across.name} {ends}: {'; '.join(ways)}."


def thinned(count: int, most: int) -> list[int]:
    """At most so many of the positions 0 to count - 1, evenly, both ends among them."""
    if count <= most:
        return list(range(count))
    return [round(step * (count - 1) / (most - 1)) for step in range(most)]


def _cut(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"
