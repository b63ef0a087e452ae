"""Drawing text: paragraphs, headings and one large number."""

from collections.abc import Sequence
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Inches, Pt

from retinue.plotting.style import BLUE, INK
from retinue.reporting.slides.pages import Big, Box, Words
from retinue.reporting.slides.template import NAVY, SLATE
from retinue.reporting.slides.text import LINE, fit, plain

GAP = 0.5  # between paragraphs, in sizes of the letters
HEADING = 13
BIG = 72


def colour_of(text: str) -> RGBColor:
    """A colour as python-pptx takes it, from `#0072B2`."""
    return RGBColor(*(int(text[place : place + 2], 16) for place in (1, 3, 5)))


def points(box: Box) -> tuple[float, float]:
    """Width and height of a box in points."""
    return box.width * 72, box.height * 72


def draw_words(slide: Slide, box: Box, words: Words) -> None:
    """Paragraphs as large as they fit, perhaps under a heading."""
    if not any(words.paragraphs):
        return
    if words.heading:
        box = headed(slide, box, words.heading)
    texts, size = fit([plain(text) for text in words.paragraphs], points(box), words.sizes, GAP)
    write(text_box(slide, box), texts, size, SLATE if words.quiet else INK)


def draw_big(slide: Slide, box: Box, big: Big) -> None:
    """One large number, and below what it is."""
    value, size = fit([plain(big.value)], (box.width * 72, 90), (BIG, 60, 48, 40, 32))
    height = size * LINE / 72
    write(text_box(slide, Box(box.x, box.y, box.width, height)), value, size, BLUE, bold=True)
    under = Box(box.x, box.y + height, box.width, box.height - height)
    draw_words(slide, under, Words((big.under,), (18, 16, 14, 12)))


def headed(slide: Slide, box: Box, heading: str) -> Box:
    """Write a heading at the top of a box; gives what is left of it."""
    height = HEADING * LINE * 1.5 / 72
    texts, size = fit([plain(heading)], (box.width * 72, HEADING * LINE), (HEADING, 11, 10, 9))
    write(text_box(slide, Box(box.x, box.y, box.width, height)), texts, size, NAVY, bold=True)
    return Box(box.x, box.y + height, box.width, box.height - height)


def text_box(slide: Slide, box: Box, anchor: Any = MSO_ANCHOR.TOP) -> TextFrame:
    """An empty text frame of exactly this size, without inner margins."""
    sides = (Inches(side) for side in (box.x, box.y, box.width, box.height))
    frame: TextFrame = slide.shapes.add_textbox(*sides).text_frame
    without_margins(frame, anchor)
    return frame


def without_margins(frame: TextFrame, anchor: Any) -> None:
    """No inner margins; words are broken at the frame's width, whose height stays."""
    frame.word_wrap = True
    frame.vertical_anchor = anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Inches(0)


def write(
    frame: TextFrame,
    texts: Sequence[str],
    size: float | None,
    colour: str | None = None,
    bold: bool | None = None,
    align: Any = None,
) -> None:
    """Write paragraphs into a frame; without a size or colour those of the layout stay."""
    for number, text in enumerate(texts):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment = align
        if number and size:
            paragraph.space_before = Pt(GAP * size)
        run = paragraph.add_run()
        run.text = text
        run.font.size = Pt(size) if size else None
        run.font.bold = bold
        if colour is not None:
            run.font.color.rgb = colour_of(colour)
