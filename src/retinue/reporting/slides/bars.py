"""Drawing native bar charts."""

from collections.abc import Sequence
from typing import Any

from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION
from pptx.slide import Slide
from pptx.util import Pt

from retinue.plotting.style import BLUE, INK, VERMILION
from retinue.reporting.slides.chart_parts import SHARE, SIZE, fill, new_chart, style_axis
from retinue.reporting.slides.pages import Bar, Bars, Box
from retinue.reporting.slides.text import fitting, short
from retinue.reporting.slides.words import colour_of, headed
from retinue.reporting.slides.xml import error_bars

INSIDE = 0.2  # share of the axis from which a bar's value is written into it
NAMES = 0.32  # share of the width that names may take


def draw_bars(slide: Slide, box: Box, bars: Bars) -> None:
    """Horizontal bars with their values, and lines for their intervals."""
    box = headed(slide, box, bars.title)
    data = CategoryChartData()
    top = 1.0 if bars.shares else max([bar.value for bar in bars.bars], default=1.0) or 1.0
    aside = [_is_aside(bar, top) for bar in bars.bars]
    data.categories = _names(bars.bars, aside, box.width)
    data.add_series(short(bars.axis, 60), [bar.value for bar in bars.bars])
    alt = ", ".join(f"{short(bar.name, 40)} {bar.text}" for bar in bars.bars)
    chart = new_chart(slide, box, XL_CHART_TYPE.BAR_CLUSTERED, data, bars.title, alt)
    chart.has_legend = False
    plot: Any = chart.plots[0]
    plot.gap_width, plot.vary_by_categories = 45, False
    series: Any = plot.series[0]
    fill(series.format.fill, BLUE)
    size = _size(len(bars.bars), box.height - (0.6 if bars.shares else 0.1))
    for place, bar in enumerate(bars.bars):
        if bar.name == bars.mark:
            fill(series.points[place].format.fill, VERMILION)
        if not aside[place]:
            _label(series.points[place], bar.text, bar.value / top, size)
    _intervals(series, bars.bars)
    _axes(chart, bars, size)


def _is_aside(bar: Bar, top: float) -> bool:
    """Beside a short bar its interval would cross the value, which is put to its name instead."""
    return bar.high is not None and bar.value / top <= INSIDE


def _names(bars: Sequence[Bar], aside: Sequence[bool], width: float) -> list[str]:
    names = fitting([bar.name for bar in bars], width * NAMES * 72, SIZE)
    return [
        f"{name}  {bar.text}" if beside else name
        for name, bar, beside in zip(names, bars, aside, strict=True)
    ]


def _size(rows: int, height: float) -> float:
    """Letters no higher than their bar, whose rows share so many inches."""
    return round(min(SIZE, max(7.0, height * 72 / max(1, rows) * 0.62)), 1)


def _label(point: Any, text: str, share: float, size: float) -> None:
    """The value in white within the bar, or beside it where the bar is short."""
    inside = share > INSIDE
    frame = point.data_label.text_frame
    frame.text = text
    font = frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(size), True
    font.color.rgb = colour_of("#FFFFFF" if inside else INK)
    place = XL_LABEL_POSITION.INSIDE_BASE if inside else XL_LABEL_POSITION.OUTSIDE_END
    point.data_label.position = place


def _intervals(series: Any, bars: Sequence[Bar]) -> None:
    """Lines over the bars, where all have intervals."""
    ends = [
        (bar.value - bar.low, bar.high - bar.value)
        for bar in bars
        if bar.low is not None and bar.high is not None
    ]
    if ends and len(ends) == len(bars):
        below, above = zip(*ends, strict=True)
        error_bars(series, below, above, INK, "bar")


def _axes(chart: Chart, bars: Bars, size: float) -> None:
    """Names from the top; an axis of shares, or none where each bar says its value."""
    category: Any = chart.category_axis
    category.reverse_order = True
    category.has_major_gridlines = False
    category.format.line.fill.background()
    category.tick_labels.font.size = Pt(size)
    value: Any = chart.value_axis
    style_axis(value, "", SHARE)
    value.minimum_scale = 0
    if bars.shares:
        value.maximum_scale, value.major_unit = 1.0, 0.2
    else:
        value.visible = value.has_major_gridlines = False
    # The category axis runs from the top, and would take the values' axis with it.
    value._element.find("{*}crosses").set("val", "max")
