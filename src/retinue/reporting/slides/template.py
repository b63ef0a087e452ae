"""The look of the slides: a theme, a master and three layouts, in place of those of python-pptx."""

import re
from typing import Any, cast

from lxml import etree
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.presentation import Presentation as Deck
from pptx.util import Inches

from retinue.plotting.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION
from retinue.reporting.slides.pages import BOTTOM, FULL, HEIGHT, MARGIN, STRIP, WIDTH

NAVY, PALE, SLATE, RULE = "#0B3A57", "#F2F6F9", "#5B6770", "#D5DEE5"
FONT = "Arial"  # on every machine, or a font of the same widths
TITLE, KIND, OWN_WORDS, FOOTER = 26, 12, 14, 10  # sizes of letters
OPENING, PLAIN, INTERPRETED = range(3)  # layouts
KIND_PLACE, WORDS_PLACE, SUBTITLE_PLACE = 20, 21, 22  # placeholders by number
TITLE_BOX = (MARGIN, 0.66, FULL, 0.92)
OPENING_WIDTH = 7.35  # of the dark panel
OPENING_TITLE = (MARGIN, 1.7, OPENING_WIDTH - 2 * MARGIN, 2.5)
OPENING_SUBTITLE = (MARGIN, 4.6, OPENING_WIDTH - 2 * MARGIN, 1.7)
FOOTER_BOX = (MARGIN, 7.02, FULL - 1.0, 0.26)
NUMBER_BOX = (WIDTH - MARGIN - 0.8, 7.02, 0.8, 0.26)
PROMPT = "Your own words: what does this show, and why?"

_COLOURS = {
    "dk1": INK, "lt1": "#FFFFFF", "dk2": NAVY, "lt2": PALE, "accent1": BLUE, "accent2": VERMILION,
    "accent3": GREEN, "accent4": ORANGE, "accent5": SKY, "accent6": PURPLE, "hlink": BLUE,
    "folHlink": PURPLE,
}  # fmt: skip
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_EMPTY_TREE = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
    '<p:grpSpPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/>'
    '<a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)


def new_deck() -> Deck:
    """A deck of 16:9 without slides, in the style of the figures."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    deck.part._element.find("{*}sldSz").attrib.pop("type", None)  # it says 4:3
    master = deck.slide_master
    for layout in list(master.slide_layouts)[3:]:
        master.slide_layouts.remove(layout)
    _set_theme(deck)
    _set_tree(master.element, _master())
    _set_styles(master.element)
    looks = {"Opening": _opening(), "Content": _content(False), "Evidence": _content(True)}
    for layout, (name, shapes) in zip(master.slide_layouts, looks.items(), strict=True):
        _set_tree(layout.element, shapes)
        layout.element.cSld.set("name", name)
        layout.element.attrib.pop("type", None)
    layout = master.slide_layouts[OPENING]
    layout.element.set("showMasterSp", "0")
    _drop_what_came_along(deck)
    return deck


def placeholder(
    number: int, name: str, kind: str, box: tuple[float, ...], style: str, text: str = "",
    place: int | None = None,
) -> str:  # fmt: skip
    """The XML of a placeholder of the master or a layout; `text` is its prompt."""
    index = "" if place is None else f' idx="{place}"'
    custom = ' hasCustomPrompt="1"' if place is not None else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name}"/>'
        f'<p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>'
        f'<p:nvPr><p:ph type="{kind}"{index}{custom}/></p:nvPr></p:nvSpPr>'
        f'<p:spPr>{_place(box)}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
        f"<p:txBody>{style}{text or _paragraph(name)}</p:txBody></p:sp>"
    )


def _set_theme(deck: Deck) -> None:
    """Our colours and font, under a name of our own."""
    part = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme = etree.fromstring(part.blob)
    theme.set("name", "Retinue")
    space = {"a": _DRAWING}
    for name, colour in _COLOURS.items():
        (found,) = theme.xpath(f"//a:clrScheme/a:{name}", namespaces=space)
        found.clear()
        etree.SubElement(found, f"{{{_DRAWING}}}srgbClr", val=colour.lstrip("#"))
    for scheme in theme.xpath("//a:clrScheme | //a:fontScheme", namespaces=space):
        scheme.set("name", "Retinue")
    for latin in theme.xpath("//a:fontScheme/*/a:latin", namespaces=space):
        latin.set("typeface", FONT)
    part.blob = etree.tostring(theme, xml_declaration=True, encoding="UTF-8", standalone=True)


def _set_tree(element: Any, shapes: str) -> None:
    """Put shapes in place of all that were there."""
    tree = parse_xml(f"<p:spTree {nsdecls('p', 'a', 'r')}>{_EMPTY_TREE}{shapes}</p:spTree>")
    old = element.cSld.find("{*}spTree")
    old.getparent().replace(old, tree)


def _set_styles(master: Any) -> None:
    """Letters of titles and of text; no bullets, everything from the left."""
    title = _level(f'sz="{TITLE * 100}" b="1" kern="1200"', "tx2")
    body = _level('sz="1600" kern="1200"', "tx1")
    styles = parse_xml(
        f"<p:txStyles {nsdecls('p', 'a')}><p:titleStyle>{title}</p:titleStyle>"
        f"<p:bodyStyle>{body}</p:bodyStyle></p:txStyles>"
    )
    old = master.find("{*}txStyles")
    styles.append(old.find("{*}otherStyle"))
    old.getparent().replace(old, styles)


def _master() -> str:
    return (
        _panel(10, "Edge", (0, 0.72, 0.13, 0.52), "accent1")
        + placeholder(2, "Title", "title", TITLE_BOX, _body("t"))
        + placeholder(3, "Footer", "ftr", FOOTER_BOX, _body("ctr", FOOTER, "slate"), "", 3).replace(
            ' hasCustomPrompt="1"', ""
        )
        + placeholder(4, "Slide Number", "sldNum", NUMBER_BOX,
                      _body("ctr", FOOTER, "slate", "r"), number_field(), 4).replace(
            ' hasCustomPrompt="1"', "")
    )  # fmt: skip


def _content(own_words: bool) -> str:
    """Kind and title above, perhaps room for the presenter's own words below."""
    kind = _body("b", KIND, "accent1", extra='b="1" spc="100" cap="all"')
    shapes = placeholder(
        2, "Kind", "body", (MARGIN, 0.34, FULL, 0.28), kind, _paragraph("Part"), KIND_PLACE
    )
    shapes = placeholder(3, "Title", "title", TITLE_BOX, _body("t")) + shapes
    if own_words:
        y = BOTTOM - STRIP
        shapes += _panel(5, "Room for own words", (MARGIN, y, FULL, STRIP), "bg2")
        shapes += _panel(6, "Edge of own words", (MARGIN, y, 0.06, STRIP), "accent4")
        shapes += _label(7, "Interpretation", (MARGIN + 0.22, y, 1.5, STRIP))
        box = (MARGIN + 1.8, y + 0.06, FULL - 2.0, STRIP - 0.12)
        words = _body("ctr", OWN_WORDS, "tx1", fit="<a:normAutofit/>")
        shapes += placeholder(8, "Interpretation", "body", box, words, _paragraph(PROMPT),
                              WORDS_PLACE)  # fmt: skip
    return shapes + _footers()


def _opening() -> str:
    """A dark panel on the left with title and subtitle; the right is for pictures."""
    kind = _body("b", KIND, "accent5", extra='b="1" spc="100" cap="all"')
    title = _body("b", 40, "bg1", extra='b="1"')
    return (
        _panel(10, "Panel", (0, 0, OPENING_WIDTH, HEIGHT), "tx2")
        + _panel(11, "Edge", (MARGIN, 4.31, 1.1, 0.05), "accent5")
        + placeholder(2, "Title", "title", OPENING_TITLE, title)
        + placeholder(3, "Kind", "body", (MARGIN, 0.6, OPENING_WIDTH - 2 * MARGIN, 0.3), kind,
                      _paragraph("Part"), KIND_PLACE)
        + placeholder(4, "Subtitle", "body", OPENING_SUBTITLE,
                      _body("t", 18, "bg1"), _paragraph("Subtitle"), SUBTITLE_PLACE)
    )  # fmt: skip


def _footers() -> str:
    """Footer and number of a layout; they take their place and letters from the master."""
    parts = (("ftr", "Footer", 30, _paragraph("")), ("sldNum", "Slide Number", 31, number_field()))
    return "".join(
        f'<p:sp><p:nvSpPr><p:cNvPr id="{place}" name="{name}"/><p:cNvSpPr>'
        f'<a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="{kind}" idx="{place}"/></p:nvPr>'
        f"</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:lstStyle/>{text}</p:txBody></p:sp>"
        for kind, name, place, text in parts
    )


def number_field() -> str:
    """A paragraph with the number of its slide."""
    return (
        '<a:p><a:fld id="{C1FF6DA9-008F-8B48-92A6-B652298478BF}" type="slidenum">'
        '<a:rPr lang="en-GB"/><a:t>‹#›</a:t></a:fld></a:p>'
    )


def _panel(number: int, name: str, box: tuple[float, ...], colour: str) -> str:
    """A rectangle of one colour, which readers of a screen pass over."""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name}"/><p:cNvSpPr/>'
        f'<p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr>{_place(box)}<a:prstGeom prst="rect">'
        f'<a:avLst/></a:prstGeom><a:solidFill><a:schemeClr val="{colour}"/></a:solidFill>'
        "<a:ln><a:noFill/></a:ln></p:spPr><p:txBody><a:bodyPr/><a:lstStyle/>"
        '<a:p><a:endParaRPr lang="en-GB"/></a:p></p:txBody></p:sp>'
    )


def _label(number: int, text: str, box: tuple[float, ...]) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{text} label"/><p:cNvSpPr txBox="1"/>'
        f'<p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr>{_place(box)}<a:prstGeom prst="rect">'
        f"<a:avLst/></a:prstGeom><a:noFill/></p:spPr><p:txBody>"
        '<a:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"/><a:lstStyle/>'
        '<a:p><a:r><a:rPr lang="en-GB" sz="1200" b="1"><a:solidFill><a:schemeClr val="tx2"/>'
        f"</a:solidFill></a:rPr><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _body(
    anchor: str, size: int | None = None, colour: str = "tx1", align: str = "l", extra: str = "",
    fit: str = "<a:noAutofit/>",
) -> str:  # fmt: skip
    """How the text of a placeholder stands: no inner margins, at its top, middle or bottom."""
    fill = (
        f'<a:srgbClr val="{SLATE.lstrip("#")}"/>' if colour == "slate"
        else f'<a:schemeClr val="{colour}"/>'
    )  # fmt: skip
    letters = f'<a:defRPr sz="{(size or TITLE) * 100}" {extra}><a:solidFill>{fill}</a:solidFill>'
    style = f'<a:lvl1pPr marL="0" indent="0" algn="{align}"><a:buNone/>{letters}</a:defRPr>'
    return (
        f'<a:bodyPr vert="horz" wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" '
        f'anchor="{anchor}">{fit}</a:bodyPr>'
        + (f"<a:lstStyle>{style}</a:lvl1pPr></a:lstStyle>" if size else "<a:lstStyle/>")
    )


def _level(letters: str, colour: str) -> str:
    return (
        '<a:lvl1pPr marL="0" indent="0" algn="l" rtl="0"><a:spcBef><a:spcPts val="0"/></a:spcBef>'
        f'<a:buNone/><a:defRPr {letters}><a:solidFill><a:schemeClr val="{colour}"/></a:solidFill>'
        '<a:latin typeface="+mn-lt"/><a:ea typeface="+mn-ea"/><a:cs typeface="+mn-cs"/>'
        "</a:defRPr></a:lvl1pPr>"
    )


def _paragraph(text: str) -> str:
    if not text:
        return '<a:p><a:endParaRPr lang="en-GB"/></a:p>'
    return f'<a:p><a:r><a:rPr lang="en-GB"/><a:t>{text}</a:t></a:r></a:p>'


def _place(box: tuple[float, ...]) -> str:
    x, y, width, height = (int(Inches(side)) for side in box)
    return f'<a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'


def _drop_what_came_along(deck: Deck) -> None:
    """Take away the picture, printer settings and statistics of somebody else's deck."""
    package = deck.part.package
    for owner in (package, deck.part):
        rels = cast(Any, owner)._rels
        for name, relation in list(rels.items()):
            if re.search(r"/(thumbnail|printerSettings|extended-properties)$", relation.reltype):
                rels.pop(name)
