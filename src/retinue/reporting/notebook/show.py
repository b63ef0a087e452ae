"""What the cells of a notebook show besides figures: tables and sentences, as text and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from retinue import notebook
from retinue.wording import printable


@dataclass(frozen=True)
class Shown:
    """Something that a notebook shows as HTML, and a terminal as text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> Shown:
    """A table; whatever its cells hold is shown as text."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    names = [printable(name) for name in head]
    lines = ["\t".join(row) for row in [names, *cells]]
    text = "\n".join([printable(caption), *lines] if caption else lines)
    return Shown(notebook.table(names, cells, printable(caption)), text)


def sentences(sections: Mapping[str, Sequence[str]]) -> Shown:
    """Paragraphs under headings; whatever they hold is shown as text."""
    html, text = [], []
    for title, paragraphs in sections.items():
        told = [printable(paragraph) for paragraph in paragraphs]
        items = "".join(f"<li>{escape(paragraph)}</li>" for paragraph in told)
        html.append(f"<h4>{escape(printable(title))}</h4><ul>{items}</ul>")
        text.append("\n".join([printable(title), *told]))
    body = "".join(html)
    return Shown(f'<div class="{notebook.NO_FORMULAS}">{body}</div>', "\n\n".join(text))
