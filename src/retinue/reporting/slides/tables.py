"""Drawing native tables, in rows that are as high as their letters need."""

from typing import Any

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.slide import Slide
from pptx.table import Table as Drawn
from pptx.util import Emu, Inches, Pt

from retinue.plotting.style import BLUE, INK
from retinue.reporting.slides.marking import describe
from retinue.reporting.slides.pages import Box, Table
from retinue.reporting.slides.table_layout import READABLE, SIDE, lay_out
from retinue.reporting.slides.template import NAVY, PALE, RULE, SLATE
from retinue.reporting.slides.words import colour_of, write

NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # neither fill nor lines


def draw_table(slide: Slide, box: Box, table: Table) -> None:
    """A table no larger than the box; names too long for their column are shortened."""
    layout = lay_out(table, box)
    rows, columns = len(layout.heights), len(layout.widths)
    frame = slide.shapes.add_table(
        rows, columns, Inches(box.x), Inches(box.y), Inches(box.width), Inches(sum(layout.heights))
    )
    describe(frame, table.title, table.title)
    drawn = frame.table
    _plain_style(drawn)
    for place, width in enumerate(layout.widths):
        drawn.columns[place].width = Emu(int(Inches(width)))
    for number, line in enumerate(layout.cells):
        drawn.rows[number].height = Emu(int(Inches(layout.heights[number])))
        for place, text in enumerate(line):
            cell, look = drawn.cell(number, place), _look(table, number - 1, place)
            is_name = bool(table.shades) and number == 0 and place >= table.texts
            _fill(cell, text, min(layout.size, READABLE) if is_name else layout.size, look)
            if is_name and layout.turned:
                _turn(cell)


class _Look:
    """How a cell is drawn."""

    def __init__(self, colour: str, fill: str | None, bold: bool, align: Any) -> None:
        self.colour, self.fill, self.bold, self.align = colour, fill, bold, align


def _look(table: Table, row: int, column: int) -> _Look:
    """The look of a cell; row -1 is the head."""
    align = PP_ALIGN.LEFT if column < table.texts else PP_ALIGN.RIGHT
    if table.shades:
        align = PP_ALIGN.LEFT if column == 0 else PP_ALIGN.CENTER
    if row < 0:
        return _Look(SLATE, None, True, align)
    if table.shades and column >= table.texts:
        share = table.shades[row][column - table.texts]
        colour = "#FFFFFF" if share > 0.85 else INK  # whichever is read better
        return _Look(colour, mixed(BLUE, share), False, align)
    marked = row == table.mark
    return _Look(NAVY if marked else INK, PALE if marked else None, marked, align)


def mixed(colour: str, share: float) -> str:
    """A colour on white; nothing of it is white, all of it the colour itself."""
    share = min(1.0, max(0.0, share))
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 + share * (part - 255)):02X}" for part in parts)


def _fill(cell: Any, text: str, size: float, look: _Look) -> None:
    cell.margin_left = cell.margin_right = Inches(SIDE)
    cell.margin_top = cell.margin_bottom = 0
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    write(cell.text_frame, [text], size, look.colour, look.bold, look.align)
    cell.text_frame.paragraphs[0].line_spacing = Pt(size * 1.1)
    if look.fill is not None:
        cell.fill.solid()
        cell.fill.fore_color.rgb = colour_of(look.fill)
    _line_below(cell)


def _turn(cell: Any) -> None:
    """Write upwards, from the bottom of the cell."""
    properties = cell._tc.get_or_add_tcPr()
    properties.set("vert", "vert270")
    cell.margin_top = cell.margin_bottom = Inches(SIDE)
    cell.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT


def _line_below(cell: Any) -> None:
    line = (
        f'<a:lnB {nsdecls("a")} w="6350"><a:solidFill><a:srgbClr val="{RULE.lstrip("#")}"/>'
        "</a:solidFill></a:lnB>"
    )
    cell._tc.get_or_add_tcPr().insert(0, parse_xml(line))


def _plain_style(table: Drawn) -> None:
    """No bands and colours but ours; the first row stays marked as the head for screen readers."""
    properties: Any = table._tbl.tblPr
    properties.find("{*}tableStyleId").text = NO_STYLE
    table.horz_banding = False
    table.first_row = True
