"""From pages to slides: layouts, titles, blocks, notes."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pptx.presentation import Presentation as Deck
from pptx.slide import Slide

from retinue.reporting.slides import pages, template
from retinue.reporting.slides.bars import draw_bars
from retinue.reporting.slides.dots import draw_dots
from retinue.reporting.slides.lines import draw_lines
from retinue.reporting.slides.pages import Box, Page
from retinue.reporting.slides.pictures import draw_pictures
from retinue.reporting.slides.tables import draw_table
from retinue.reporting.slides.text import fit, plain
from retinue.reporting.slides.words import draw_big, draw_words, write

DRAWERS: dict[type, Callable[[Slide, Box, Any], None]] = {
    pages.Words: draw_words,
    pages.Big: draw_big,
    pages.Table: draw_table,
    pages.Bars: draw_bars,
    pages.Lines: draw_lines,
    pages.Dots: draw_dots,
    pages.Pictures: draw_pictures,
}


def draw_page(deck: Deck, page: Page) -> None:
    """Add a slide with all of a page's blocks and its notes."""
    number = (
        template.OPENING if page.subtitle
        else template.INTERPRETED if page.own_words else template.PLAIN
    )  # fmt: skip
    layout = deck.slide_master.slide_layouts[number]
    slide = deck.slides.add_slide(layout)
    _fill_title(slide, page)
    for box, block in page.blocks:
        DRAWERS[type(block)](slide, box, block)
    if not page.subtitle:
        _add_footers(slide, page.footer)
    notes = slide.notes_slide.notes_text_frame
    if notes is not None:
        notes.text = plain_lines(page)


def plain_lines(page: Page) -> str:
    """The notes: what may be said, then where each figure stands."""
    lines = [plain(text) for text in page.told]
    if page.sources:
        lines += ["", "Where the figures stand:"]
        lines += [plain(f"{one.shown}: {one.file}, {one.key}") for one in page.sources]
    return "\n".join(lines).strip()


def _fill_title(slide: Slide, page: Page) -> None:
    """Title, part of the talk, subtitle; letters as large as the layout says, or smaller."""
    places = {shape.placeholder_format.idx: shape for shape in slide.placeholders}
    opening = bool(page.subtitle)
    box = template.OPENING_TITLE if opening else template.TITLE_BOX
    sizes = (40, 36, 32, 28, 24, 20) if opening else (template.TITLE, 24, 22, 20, 18, 16)
    _fitted(places[0], page.title, box, sizes)
    write(places[template.KIND_PLACE].text_frame, [page.kind], None)
    if opening:
        place = places[template.SUBTITLE_PLACE]
        _fitted(place, page.subtitle, template.OPENING_SUBTITLE, (18, 16, 14, 12))


def _fitted(shape: Any, text: str, box: tuple[float, ...], sizes: tuple[int, ...]) -> None:
    texts, size = fit([plain(text)], (box[2] * 72, box[3] * 72), sizes)
    write(shape.text_frame, texts, None if size == sizes[0] else size)


def _add_footers(slide: Slide, footer: str) -> None:
    """Footer and number of the slide, which python-pptx does not take over from the layout."""
    layout: Any = slide.slide_layout
    for shape in layout.placeholders:
        if shape.placeholder_format.idx not in (30, 31):
            continue
        copied = deepcopy(shape._element)
        slide.shapes._spTree.append(copied)
        ids = [int(one) for one in slide.shapes._spTree.xpath("//p:cNvPr/@id")]
        copied.xpath(".//p:cNvPr")[0].set("id", str(max(ids) + 1))
    for shape in slide.placeholders:
        if shape.placeholder_format.idx == 30:
            box = template.FOOTER_BOX
            texts, _ = fit([plain(footer)], (box[2] * 72, box[3] * 72), (template.FOOTER,))
            write(shape.text_frame, texts, None)
