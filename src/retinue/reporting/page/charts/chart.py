"""What every chart of the page is: a picture, words for it, and values that can be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from retinue.reporting.page.charts import svg
from retinue.reporting.page.charts.scale import Scale

# In units of the picture. On a phone a unit is a little less than a pixel.
WIDTH, HEIGHT = 460.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 50.0, 14.0, 12.0, 44.0
LETTER = 6.6  # the width of a letter, on average


@dataclass(frozen=True)
class Stop:
    """A place where a chart can be read: (y, kind) of its dots, and what they say."""

    x: float
    dots: tuple[tuple[float, str], ...]
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart; `stops` are read with the slider `reads` names, `head` and `rows` are its table."""

    id: str
    title: str
    description: str
    svg: Markup
    reads: str = ""
    stops: tuple[Stop, ...] = ()
    head: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    note: str = ""

    @property
    def data(self) -> list[list[Any]]:
        """The stops as the page's script reads them: x, dots, text."""
        return [
            [round(stop.x, 1), [[round(y, 1), kind] for y, kind in stop.dots], stop.text]
            for stop in self.stops
        ]


def picture(id_: str, title: str, description: str, *parts: str, height: float = HEIGHT) -> Markup:
    """The whole SVG, named and described for those who cannot see it."""
    return svg.element(
        "svg",
        svg.element("title", title, id=f"{id_}-title"),
        svg.element("desc", description, id=f"{id_}-desc"),
        *parts,
        class_="chart",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        aria_labelledby=f"{id_}-title {id_}-desc",
    )


def axes(
    across: Scale,
    up: Scale,
    names: tuple[str, str],
    told: tuple[Callable[[float], str], Callable[[float], str]],
    ticks: tuple[Sequence[float] | None, Sequence[float] | None] = (None, None),
) -> Markup:
    """Grid, ticks with their labels, and what stands along each axis; the second one above it."""
    parts = []
    for value in up.ticks(6) if ticks[1] is None else ticks[1]:
        y = up(value)
        parts.append(svg.line(across.start, y, across.end, y, class_="grid"))
        parts.append(svg.text(told[1](value), across.start - 7, y + 4.5, "end", class_="tick"))
    for value in across.ticks(6) if ticks[0] is None else ticks[0]:
        x = across(value)
        parts.append(svg.line(x, up.start, x, up.start + 4, class_="axis"))
        parts.append(svg.text(told[0](value), x, up.start + 18, "middle", class_="tick"))
    middle = (across.start + across.end) / 2
    parts.append(svg.line(across.start, up.start, across.end, up.start, class_="axis"))
    parts.append(svg.text(names[0], middle, up.start + 37, "middle", class_="name"))
    if names[1]:
        parts.append(svg.text(names[1], 2, 11, class_="name"))
    return svg.group(*parts)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near those wanted, at least `gap` apart and within the ends where there is room."""
    order = sorted(range(len(wanted)), key=lambda position: wanted[position])
    places = [0.0] * len(wanted)
    before = low - gap
    for position in order:
        before = places[position] = max(wanted[position], before + gap)
    after = high + gap
    for position in reversed(order):
        after = places[position] = min(places[position], after - gap)
    return places


def percent_tick(value: float) -> str:
    """The label of a share on an axis."""
    return f"{100 * value:.4g} %"


def number_tick(value: float) -> str:
    """The label of a number on an axis."""
    return f"{value:,.4g}" if abs(value) < 1e5 else f"{value:.0e}"
