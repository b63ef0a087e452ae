"""SVG elements, with everything in them escaped."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from retinue.wording import printable


def element(name: str, *children: str, **attributes: object) -> Markup:
    """An element. `class_` is class, `text_anchor` is text-anchor; what is None is left out.

    Children that are not markup are text.
    """
    inner = Markup("").join(_text(child) for child in children)
    told = Markup("").join(
        Markup(' {}="{}"').format(_name(key), _value(value))
        for key, value in attributes.items()
        if value is not None
    )
    return Markup("<{}{}>{}</{}>").format(name, told, inner, name)


def group(*children: str, **attributes: object) -> Markup:
    """Elements together."""
    return element("g", *children, **attributes)


def text(words: str, x: float, y: float, anchor: str = "start", **attributes: object) -> Markup:
    """Words at a place; `anchor` says whether they start, end or have their middle there."""
    return element("text", words, x=x, y=y, text_anchor=anchor, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def path(points: Sequence[tuple[float, float] | None], **attributes: object) -> Markup:
    """A line through points; None interrupts it. A point alone becomes a dot of its width."""
    parts, pen = [], "M"
    for position, point in enumerate(points):
        if point is None:
            pen = "M"
            continue
        parts.append(f"{pen}{_value(point[0])} {_value(point[1])}")
        alone = pen == "M" and (position + 1 == len(points) or points[position + 1] is None)
        parts.append("h0" if alone else "")
        pen = "L"
    return element("path", d="".join(parts), fill="none", **attributes)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return printable(str(value))


def _text(child: str) -> Markup:
    return child if isinstance(child, Markup) else escape(printable(child))
