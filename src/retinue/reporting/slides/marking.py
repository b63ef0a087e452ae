"""What a shape is called, and what it says to those who cannot see it."""

from typing import Any

from retinue.reporting.slides.text import plain

LONGEST = 500  # letters of a description


def describe(shape: Any, name: str, alt: str) -> None:
    """Name a shape and give it its alternative text."""
    properties = shape._element.xpath(".//p:cNvPr")[0]
    properties.set("name", plain(name)[:60])
    properties.set("descr", plain(alt)[:LONGEST])
