"""What stands on a slide, before it is drawn: blocks in boxes, and where figures come from."""

from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 13.333, 7.5  # inches, 16:9
MARGIN = 0.65
TOP = 1.66  # where the content begins, under the title
BOTTOM = 6.78  # where it ends
STRIP = 0.8  # height of the room for the presenter's own words, at the bottom
END = BOTTOM - STRIP - 0.18  # where the content ends above it
FULL = WIDTH - 2 * MARGIN


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Words:
    """Paragraphs; the largest of `sizes` is taken at which all fit. `heading` stands above them."""

    paragraphs: tuple[str, ...]
    sizes: tuple[float, ...] = (18, 16, 14, 13, 12, 11)
    heading: str = ""
    quiet: bool = False  # in grey


@dataclass(frozen=True)
class Big:
    """One number, large, and what is to be said of it."""

    value: str
    under: str


@dataclass(frozen=True)
class Table:
    """A native table. The first column is text, the others are numbers.

    `shades` are shares from 0 to 1, one a cell, that colour it: the darker the more. `mark` is the
    row that is brought out. `widths` are relative.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str
    widths: tuple[float, ...] = ()
    shades: tuple[tuple[float, ...], ...] = ()
    mark: int | None = None
    texts: int = 1  # so many columns, from the left, are text


@dataclass(frozen=True)
class Bar:
    """A bar with the text of its value, and its interval where there is one."""

    name: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Bars:
    """A native bar chart, the first bar on top. `mark` is the name of the one brought out."""

    bars: tuple[Bar, ...]
    title: str
    axis: str
    mark: str | None = None
    shares: bool = True  # values are from 0 to 1; others have no axis, for each bar says its value


@dataclass(frozen=True)
class Line:
    """A line of a chart; epochs without a value are left out before."""

    name: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Lines:
    """A native chart of lines over numbers."""

    lines: tuple[Line, ...]
    title: str
    across: str
    shares: bool = False  # the values are shares
    across_shares: bool = False


@dataclass(frozen=True)
class Dot:
    """A named dot with its vertical interval."""

    name: str
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Dots:
    """A native chart of dots: costs, above 0, go across, shares up."""

    dots: tuple[Dot, ...]
    title: str
    across: str
    mark: str | None = None


@dataclass(frozen=True)
class Shown:
    """A picture under which its class is written, then how surely it was taken for what."""

    source: Path | bytes
    alt: str
    name: str = ""
    said: str = ""
    sure: str = ""

    @property
    def lines(self) -> int:
        """How many lines stand under it."""
        return bool(self.name) + bool(self.said)


@dataclass(frozen=True)
class Pictures:
    """Pictures in reading order, `columns` in a row."""

    shown: tuple[Shown, ...]
    columns: int


Block = Words | Big | Table | Bars | Lines | Dots | Pictures


@dataclass(frozen=True)
class Source:
    """Where a figure that is shown stands: a file, and the key in it."""

    shown: str
    file: str
    key: str


@dataclass(frozen=True)
class Page:
    """One slide. `title` is what it says in one sentence; `kind` the part of the talk."""

    kind: str
    title: str
    blocks: tuple[tuple[Box, Block], ...]
    sources: tuple[Source, ...] = ()
    told: tuple[str, ...] = ()  # what the presenter may say besides
    own_words: bool = True  # whether there is room for the presenter's own words
    footer: str = ""
    subtitle: str = ""  # only the opening has one
