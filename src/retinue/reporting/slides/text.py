"""Text that fits: what XML can hold, how wide it is, the largest size at which it fits a box."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any
from unicodedata import combining, east_asian_width

from retinue.plotting.style import shorten, shorten_all
from retinue.wording import printable

# XML knows no character of these two, and no control character but tab and line breaks.
_UNKNOWN_TO_XML = re.compile("[\ufffe\uffff]")
_PERCENT = re.compile("(?<=[0-9]) (?=%)")  # no line breaks here
LINE = 1.2  # height of a line, in sizes of the letters
_EMOJI = 0x1F000  # from here on letters are as wide as high, or a little wider
_REFERENCE = 100  # size at which letters are measured


def plain(text: Any) -> str:
    """Text from outside as a slide can hold it: no control characters, none that steer the line."""
    return _PERCENT.sub("\xa0", _UNKNOWN_TO_XML.sub("\ufffd", printable(str(text))))


def short(name: str, limit: int = 28) -> str:
    """A name from outside, on one line, at most `limit` columns wide."""
    return shorten(plain(name), limit)


def short_all(names: Sequence[str], limit: int = 28) -> list[str]:
    """Names from outside, short, and as different from one another as they were.

    What all have in common at their ends goes first, where only that keeps them apart.
    """
    whole = [plain(name) for name in names]
    found = [shorten(name, limit) for name in whole]
    if len(set(found)) == len(set(whole)):
        return found
    known = list(dict.fromkeys(whole))
    head = _in_common(known)
    tail = _in_common([name[head:][::-1] for name in known])
    before, after = "…" * bool(head), "…" * bool(tail)
    cores = [f"{before}{name[head : len(name) - tail]}{after}" for name in whole]
    found = [shorten(core, limit) for core in cores]
    return found if len(set(found)) == len(known) else shorten_all(whole, limit)


def _in_common(names: Sequence[str]) -> int:
    """With how many letters all begin alike."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return sum(1 for _ in alike)


def fitting(names: Sequence[str], room: float, size: float) -> list[str]:
    """Names that are no wider than so many points; the widest decides what all lose."""
    for limit in range(80, 3, -2):
        found = short_all(names, limit)
        if max((width_of(name, size) for name in found), default=0.0) <= room:
            return found
    return [cut(plain(name), room, size) for name in names]


def cut(name: str, room: float, size: float) -> str:
    """The beginning of a name that is no wider than so many points."""
    while len(name) > 1 and width_of(name, size) > room:
        name = f"{name.rstrip('…')[:-1]}…"
    return name


def width_of(text: str, size: float) -> float:
    """How wide a line is at most, in points.

    Measured with DejaVu Sans, which is wider than the font of the slides and than most that a
    program may take in its place.
    """
    return size * sum(_advance(letter) for letter in text)


@cache
def _advance(letter: str) -> float:
    """The width of a letter, in sizes."""
    if combining(letter):
        return 0.0
    if ord(letter) >= _EMOJI or east_asian_width(letter) in "WF":
        return 1.0 if ord(letter) < _EMOJI else 1.4
    return float(_font().getlength(letter)) / _REFERENCE


@cache
def _font() -> Any:
    """The font that matplotlib brings along."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    path = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), _REFERENCE)


def lines_of(text: str, size: float, width: float) -> int:
    """How many lines a paragraph takes in a column `width` points wide."""
    lines, used = 1, 0.0
    space = width_of(" ", size)
    for word in text.split(" "):
        wide = width_of(word, size)
        if used and used + space + wide > width:
            lines, used = lines + 1, 0.0
        if wide > width:  # a word longer than the line is broken
            lines += int(wide // width)
            wide %= width
        used += wide + (space if used else 0.0)
    return lines


def height_of(paragraphs: Sequence[str], size: float, width: float, gap: float = 0.0) -> float:
    """How high paragraphs stand in a column, in points; `gap` is that between two, in sizes."""
    lines = sum(lines_of(text, size, width) for text in paragraphs)
    return size * (LINE * lines + gap * max(0, len(paragraphs) - 1))


def fit(
    paragraphs: Sequence[str],
    box: tuple[float, float],
    sizes: Sequence[float],
    gap: float = 0.0,
) -> tuple[list[str], float]:
    """The paragraphs and the largest of `sizes` at which they fit a box (width, height) in points.

    Where even the smallest is too large, paragraphs are left out from the end, then the last one
    is cut; an ellipsis says so.
    """
    width, height = box
    for size in sizes:
        if height_of(paragraphs, size, width, gap) <= height:
            return list(paragraphs), size
    kept = list(paragraphs)
    while len(kept) > 1 and height_of([*kept, "…"], sizes[-1], width, gap) > height:
        kept.pop()
    if len(kept) < len(paragraphs) and len(kept) > 1:
        return [*kept, "…"], sizes[-1]
    return [_cut(kept[0], sizes[-1], width, height)], sizes[-1]


def _cut(text: str, size: float, width: float, height: float) -> str:
    """The beginning of a paragraph that fits, by halving."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = height_of([f"{text[:middle]}…"], size, width) <= height
        low, high = (middle, high) if fits else (low, middle - 1)
    return text if low == len(text) else f"{text[:low].rstrip()}…"
