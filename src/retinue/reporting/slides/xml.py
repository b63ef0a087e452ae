"""Parts of charts that python-pptx has no functions for, written as XML."""

from collections.abc import Sequence
from typing import Any

from pptx.chart.chart import Chart
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls


def error_bars(
    series: Any, below: Sequence[float], above: Sequence[float], colour: str, kind: str
) -> None:
    """Lines from each value less `below` to it and `above`.

    `kind` is `bar` for a bar chart, `y` for vertical lines in a chart of dots.
    """
    direction = "" if kind == "bar" else '<c:errDir val="y"/>'
    bars = parse_xml(
        f"<c:errBars {nsdecls('c', 'a')}>{direction}"
        '<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>'
        f"<c:plus>{_numbers(above)}</c:plus><c:minus>{_numbers(below)}</c:minus>"
        f'<c:spPr><a:ln w="15875"><a:solidFill><a:srgbClr val="{colour.lstrip("#")}"/>'
        "</a:solidFill></a:ln></c:spPr></c:errBars>"
    )
    series._element.find("{*}cat" if kind == "bar" else "{*}xVal").addprevious(bars)


def _numbers(values: Sequence[float]) -> str:
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{value!r}</c:v></c:pt>' for place, value in enumerate(values)
    )
    return (
        f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>'
        f"{points}</c:numLit>"
    )


def inner_layout(chart: Chart, box: tuple[float, float, float, float]) -> None:
    """Put the plot, without its axes' labels, at x, y, width, height: shares of the chart."""
    names = ("x", "y", "w", "h")
    sides = "".join(f'<c:{name} val="{value}"/>' for name, value in zip(names, box, strict=True))
    layout = parse_xml(
        f'<c:layout {nsdecls("c")}><c:manualLayout><c:layoutTarget val="inner"/>'
        f'<c:xMode val="edge"/><c:yMode val="edge"/>{sides}</c:manualLayout></c:layout>'
    )
    area = chart._chartSpace.chart.plotArea
    old = area.find("{*}layout")
    if old is not None:
        area.remove(old)
    area.insert(0, layout)


def logarithmic(axis: Any) -> None:
    """Give a value axis powers of ten."""
    scaling = axis._element.find("{*}scaling")
    scaling.insert(0, parse_xml(f'<c:logBase {nsdecls("c")} val="10"/>'))
