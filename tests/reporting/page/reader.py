"""A page as a browser would have it."""

import json
from html.parser import HTMLParser
from typing import Any

VOID = ("meta", "link", "img", "br", "input")


class Reader(HTMLParser):
    """What a browser would make of a page: elements with their attributes, and texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.within: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self.open: list[str] = []
        self.rows: list[list[list[str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag in self.within:
            self.within[tag].append("")
        if tag == "table":
            self.rows.append([])
        if tag == "tr":
            self.rows[-1].append([])
        if tag in ("td", "th"):
            self.rows[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes what is not open"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open and self.open[-1] in self.within:
            self.within[self.open[-1]][-1] += data
        if self.open and ("td" in self.open or "th" in self.open):
            self.rows[-1][-1][-1] += data

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def store(self) -> Any:
        """What the page's script is given."""
        return json.loads(self.within["script"][0])
