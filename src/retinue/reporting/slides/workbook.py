"""The workbook behind a chart, in which every name is text, also one that begins like a formula."""

import re
from io import BytesIO
from typing import Any

from pptx.chart.chart import Chart
from xlsxwriter import Workbook

_START = re.compile(r"Sheet1!\$([A-Z]+)\$(\d+)")


def plain_workbook(chart: Chart) -> bytes:
    """An .xlsx with the numbers and names that the chart shows, in the cells that it refers to."""
    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    for reference in chart._chartSpace.iter("{*}strRef", "{*}numRef"):
        column, row = _start(reference.find("{*}f").text)
        is_text = reference.tag.endswith("strRef")
        for point in reference.iter("{*}pt"):
            text = point.find("{*}v").text or ""
            place = (row + int(point.get("idx")), column)
            if is_text:  # `write` would take "=1+1" for a formula and "http://..." for a link
                sheet.write_string(*place, text)
            else:
                sheet.write_number(*place, float(text))
    book.close()
    return buffer.getvalue()


def _start(formula: Any) -> tuple[int, int]:
    """Column and row, from 0, of the first cell of a reference."""
    found = _START.match(formula)
    if found is None:
        raise ValueError(f"no reference to cells: {formula}")
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return column - 1, int(found[2]) - 1
