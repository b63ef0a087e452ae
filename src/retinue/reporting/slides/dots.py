"""Drawing native charts of dots: shares against costs."""

from collections.abc import Sequence
from typing import Any

from pptx.chart.data import XyChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE
from pptx.slide import Slide
from pptx.util import Pt

from retinue.plotting.style import BLUE, GREY, VERMILION
from retinue.reporting.slides.chart_parts import SHARE, SIZE, fill, new_chart, style_axis
from retinue.reporting.slides.labels import Mark, positions
from retinue.reporting.slides.pages import Box, Dot, Dots
from retinue.reporting.slides.spans import Span, span_of_costs, span_of_shares
from retinue.reporting.slides.text import short, short_all, width_of
from retinue.reporting.slides.words import colour_of, headed
from retinue.reporting.slides.xml import error_bars, inner_layout, logarithmic
from retinue.wording import percent

MOST_NAMED = 12  # dots up to which each has its name beside it
INNER = (0.09, 0.03, 0.87, 0.8)  # where the plot is in its chart: left, top, width, height
FRONT = "beaten by nobody in both"
SIDES = {
    "r": XL_LABEL_POSITION.RIGHT, "l": XL_LABEL_POSITION.LEFT,
    "t": XL_LABEL_POSITION.ABOVE, "b": XL_LABEL_POSITION.BELOW,
}  # fmt: skip


def draw_dots(slide: Slide, box: Box, dots: Dots) -> None:
    """Named dots with their intervals, and the line that joins those that nobody beats in both."""
    box = headed(slide, box, dots.title)
    names = short_all([dot.name for dot in dots.dots], 24)
    front = _front(dots.dots)
    data = _data(dots.dots, names, front)
    alt = ", ".join(f"{short(dot.name, 40)} {percent(dot.y)} at {dot.x:.3g}" for dot in dots.dots)
    chart = new_chart(slide, box, XL_CHART_TYPE.XY_SCATTER, data, dots.title, alt)
    chart.has_legend = False
    inner_layout(chart, INNER)
    across = span_of_costs([dot.x for dot in dots.dots])
    up = span_of_shares([dot.low for dot in dots.dots], [dot.high for dot in dots.dots])
    _axes(chart, dots.across, across, up)
    named = _named(dots, front)
    places = _places(dots.dots, [name if dot.name in named else "" for dot, name in
                                 zip(dots.dots, names, strict=True)], box, across, up)  # fmt: skip
    series = list(chart.plots[0].series)
    line, drawn_dots = series[: -len(dots.dots)], series[-len(dots.dots) :]
    for drawn in line:
        _style_front(drawn)
    for drawn, dot, place in zip(drawn_dots, dots.dots, places, strict=True):
        _style(drawn, dot, VERMILION if dot.name == dots.mark else BLUE)
        if dot.name in named:
            _name(drawn, place)


def _data(dots: Sequence[Dot], names: Sequence[str], front: Sequence[Dot]) -> XyChartData:
    """The line of the front, then a series a dot: LibreOffice loses what a longer one follows."""
    data = XyChartData()
    if len(front) > 1:
        line = data.add_series(FRONT)
        for x, y in _stairs(front):
            line.add_data_point(x, y)
    for dot, name in zip(dots, names, strict=True):
        data.add_series(name).add_data_point(dot.x, dot.y)
    return data


def _front(dots: Sequence[Dot]) -> list[Dot]:
    """Those that no other beats in both, by rising cost."""
    front: list[Dot] = []
    for dot in sorted(dots, key=lambda dot: (dot.x, -dot.y)):
        if not front or dot.y > front[-1].y:
            front.append(dot)
    return front


def _stairs(front: Sequence[Dot]) -> list[tuple[float, float]]:
    """From each to the next: first what more it costs, then what it gains."""
    corners = [(front[0].x, front[0].y)]
    for dot in front[1:]:
        corners += [(dot.x, corners[-1][1]), (dot.x, dot.y)]
    return corners


def _named(dots: Dots, front: Sequence[Dot]) -> set[str]:
    """Whose names are written: of many those of the front, and the marked one."""
    if len(dots.dots) <= MOST_NAMED:
        return {dot.name for dot in dots.dots}
    return {*(dot.name for dot in front[-MOST_NAMED:]), *([dots.mark] if dots.mark else [])}


def _axes(chart: Any, title: str, across: Span, up: Span) -> None:
    style_axis(chart.category_axis, title, "General")
    style_axis(chart.value_axis, "", SHARE)
    for axis, span in ((chart.category_axis, across), (chart.value_axis, up)):
        axis.minimum_scale, axis.maximum_scale, axis.major_unit = span.low, span.high, span.step
    if across.is_logarithmic:
        logarithmic(chart.category_axis)


def _places(
    dots: Sequence[Dot], names: Sequence[str], box: Box, across: Span, up: Span
) -> list[str]:
    """On which side of each dot its name stands."""
    width, height = box.width * 72 * INNER[2], box.height * 72 * INNER[3]
    marks = [
        Mark(
            width_of(name, SIZE),
            width * across.share(dot.x),
            height * up.share(dot.y),
            height * up.share(dot.low),
            height * up.share(dot.high),
        )
        for dot, name in zip(dots, names, strict=True)
    ]
    return positions(marks, (width, height), SIZE * 1.3)


def _style(series: Any, dot: Dot, colour: str) -> None:
    series.format.line.fill.background()
    series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 10
    fill(series.marker.format.fill, colour)
    series.marker.format.line.fill.background()
    error_bars(series, [max(0.0, dot.y - dot.low)], [max(0.0, dot.high - dot.y)], colour, "y")


def _style_front(series: Any) -> None:
    series.marker.style = XL_MARKER_STYLE.NONE
    series.smooth = False
    series.format.line.color.rgb = colour_of(GREY)
    series.format.line.width = Pt(1)
    series.format.line.dash_style = MSO_LINE.DASH


def _name(series: Any, place: str) -> None:
    """The name of the series beside its dot, on one line."""
    labels = series.points[0].data_label
    labels.has_text_frame = False
    labels.position = SIDES[place]
    labels.font.size = Pt(SIZE)
    label = series._element.find("{*}dLbls").find("{*}dLbl")
    label.find("{*}txPr").find("{*}bodyPr").set("wrap", "none")
    shown = {"showLegendKey": "0", "showVal": "0", "showCatName": "0", "showSerName": "1"}
    for name, value in shown.items():
        label.find(f"{{*}}{name}").set("val", value)
