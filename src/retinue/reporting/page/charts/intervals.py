"""A number with its interval, as a bar in a table or as the scale under the first number."""

from collections.abc import Sequence

from markupsafe import Markup

from retinue.reporting.page.charts import svg
from retinue.reporting.page.charts.chart import WIDTH, percent_tick
from retinue.reporting.page.charts.scale import Scale

SMALL_WIDTH, SMALL_HEIGHT = 160.0, 18.0


def interval_bar(
    low: float,
    value: float,
    high: float,
    ends: tuple[float, float] = (0.0, 1.0),
    kind: str = "main",
    ticks: Sequence[float] = (),
) -> Markup:
    """A dot on its interval; `ticks` are the runs it is a mean of.

    The numbers stand beside it, so it is nothing to those who read by ear.
    """
    scale, middle = Scale(*ends, 4, SMALL_WIDTH - 4), SMALL_HEIGHT / 2
    return svg.element(
        "svg",
        svg.line(scale.start, middle, scale.end, middle, class_="rail"),
        svg.line(scale(low), middle, scale(high), middle, class_=f"span {kind}"),
        *(
            svg.line(scale(one), middle - 7, scale(one), middle + 7, class_=f"one {kind}")
            for one in ticks
        ),
        svg.element("circle", cx=scale(value), cy=middle, r=4.0, class_=f"dot {kind}"),
        class_="bar",
        viewBox=f"0 0 {SMALL_WIDTH:g} {SMALL_HEIGHT:g}",
        aria_hidden="true",
    )


def count_bar(value: float, most: float) -> Markup:
    """A bar as long as a count is large."""
    width = SMALL_WIDTH * value / most if most else 0.0
    return svg.element(
        "svg",
        svg.element("rect", x=0, y=4, width=width, height=SMALL_HEIGHT - 8, class_="count"),
        class_="bar",
        viewBox=f"0 0 {SMALL_WIDTH:g} {SMALL_HEIGHT:g}",
        aria_hidden="true",
    )


def gauge(
    value: float, low: float, high: float, others: Sequence[tuple[float, str]] = ()
) -> Markup:
    """The scale from 0 to 100 % with a number on it, its interval, and others to compare it with.

    The words around it say the same.
    """
    scale, middle = Scale(0, 1, 8, WIDTH - 8), 14.0
    parts = [svg.line(scale.start, middle, scale.end, middle, class_="rail")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        anchor = {0.0: "start", 1.0: "end"}.get(share, "middle")
        x = scale(share) + {0.0: -8, 1.0: 8}.get(share, 0)
        parts.append(svg.line(scale(share), middle - 4, scale(share), middle + 4, class_="axis"))
        parts.append(svg.text(percent_tick(share), x, middle + 22, anchor, class_="tick"))
    parts.append(svg.line(scale(low), middle, scale(high), middle, class_="span main wide"))
    for share, name in others:
        x = scale(share)
        parts.append(svg.line(x, middle - 9, x, middle + 9, class_="other"))
        anchor, shift = ("start", -4) if x < WIDTH / 2 else ("end", 4)
        parts.append(svg.text(name, max(x + shift, 0), middle + 40, anchor, class_="tick strong"))
    parts.append(svg.element("circle", cx=scale(value), cy=middle, r=7.0, class_="dot main"))
    return svg.element(
        "svg",
        *parts,
        class_="gauge",
        viewBox=f"0 0 {WIDTH:g} {60 if others else 42}",
        aria_hidden="true",
    )
