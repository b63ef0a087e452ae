"""What all native charts share: letters, axes, legends, workbooks."""

from typing import Any

from pptx.chart.chart import Chart
from pptx.enum.chart import XL_LEGEND_POSITION
from pptx.slide import Slide
from pptx.util import Inches, Pt

from retinue.plotting.style import INK
from retinue.reporting.slides.marking import describe
from retinue.reporting.slides.pages import Box
from retinue.reporting.slides.template import RULE, SLATE
from retinue.reporting.slides.words import colour_of
from retinue.reporting.slides.workbook import plain_workbook

SIZE = 11  # of a chart's letters
SHARE = "0\\ %"


def new_chart(slide: Slide, box: Box, kind: Any, data: Any, title: str, alt: str) -> Chart:
    """A chart in our letters, whose workbook holds names as text whatever they look like."""
    frame: Any = slide.shapes.add_chart(
        kind, Inches(box.x), Inches(box.y), Inches(box.width), Inches(box.height), data
    )
    describe(frame, title, f"{title}: {alt}")
    chart: Chart = frame.chart
    part: Any = chart.part
    part.chart_workbook.update_from_xlsx_blob(plain_workbook(chart))
    chart.has_title = False
    chart.font.size = Pt(SIZE)
    chart.font.color.rgb = colour_of(INK)
    return chart


def set_legend(chart: Chart, count: int) -> None:
    """A legend below, where there is more than one thing to tell apart."""
    chart.has_legend = count > 1
    if chart.has_legend and chart.legend is not None:
        chart.legend.position = XL_LEGEND_POSITION.BOTTOM
        chart.legend.include_in_layout = False
        chart.legend.font.size = Pt(SIZE)


def style_axis(axis: Any, title: str, form: str) -> None:
    """Thin lines, and ticks in a format of Excel."""
    axis.has_title = bool(title)
    if title:
        frame = axis.axis_title.text_frame
        frame.text = title
        font = frame.paragraphs[0].runs[0].font
        font.size, font.bold = Pt(SIZE), False
        font.color.rgb = colour_of(SLATE)
    axis.has_major_gridlines = True
    axis.major_gridlines.format.line.color.rgb = colour_of(RULE)
    axis.major_gridlines.format.line.width = Pt(0.5)
    axis.format.line.color.rgb = colour_of(RULE)
    axis.tick_labels.font.size = Pt(SIZE)
    axis.tick_labels.number_format = form
    axis.tick_labels.number_format_is_linked = False


def fill(part: Any, colour: str) -> None:
    """Fill a bar or a marker."""
    part.solid()
    part.fore_color.rgb = colour_of(colour)
