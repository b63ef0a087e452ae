"""Drawing native charts of lines."""

from typing import Any

from pptx.chart.chart import Chart
from pptx.chart.data import XyChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE
from pptx.slide import Slide
from pptx.util import Pt

from retinue.reporting.slides.chart_parts import SHARE, fill, new_chart, set_legend, style_axis
from retinue.reporting.slides.pages import Box, Line, Lines
from retinue.reporting.slides.spans import step_of
from retinue.reporting.slides.text import short_all
from retinue.reporting.slides.words import colour_of, headed
from retinue.reporting.slides.xml import inner_layout

TOPS = (0.05, 0.1, 0.2, 0.5)  # ends of an axis of small shares


def draw_lines(slide: Slide, box: Box, lines: Lines) -> None:
    """Lines over numbers, with a legend where there are several."""
    box = headed(slide, box, lines.title)
    data = XyChartData()
    # LibreOffice loses series that stand before a longer one.
    ordered = sorted(lines.lines, key=lambda line: -len(line.xs))
    names = short_all([line.name for line in ordered])
    for line, name in zip(ordered, names, strict=True):
        series = data.add_series(name)
        for x, y in zip(line.xs, line.ys, strict=True):
            series.add_data_point(x, y)
    kind, alt = XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, ", ".join(names)
    chart = new_chart(slide, box, kind, data, lines.title, alt)
    for drawn, line in zip(chart.plots[0].series, ordered, strict=True):
        _style(drawn, line)
    inner_layout(chart, (0.08, 0.03, 0.88, 0.72 if len(names) > 1 else 0.8))
    set_legend(chart, len(names))
    _axes(chart, lines)


def _style(series: Any, line: Line) -> None:
    series.smooth = False
    series.format.line.color.rgb = colour_of(line.colour)
    series.format.line.width = Pt(1.25 if line.dashed else 2.25)
    if line.dashed:
        series.format.line.dash_style = MSO_LINE.DASH
    series.marker.style = XL_MARKER_STYLE.NONE
    if len(line.xs) == 1:  # a line of one point would not be seen
        series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 8
        fill(series.marker.format.fill, line.colour)


def _axes(chart: Chart, lines: Lines) -> None:
    """Both from 0; shares to 1, or to where the lines end."""
    across: Any = chart.category_axis
    style_axis(across, lines.across, SHARE if lines.across_shares else "General")
    end = max([x for line in lines.lines for x in line.xs], default=1.0)
    across.minimum_scale, across.maximum_scale = 0, 1.0 if lines.across_shares else end
    across.major_unit = 0.2 if lines.across_shares else max(1.0, step_of(end / 6))
    up: Any = chart.value_axis
    style_axis(up, "", SHARE if lines.shares else "General")
    up.minimum_scale = 0
    if lines.shares:
        highest = max([y for line in lines.lines for y in line.ys], default=1.0)
        top = next((one for one in TOPS if highest <= one * 0.98), 1.0)
        up.maximum_scale, up.major_unit = top, top / 5
