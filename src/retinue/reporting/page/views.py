"""What the templates show, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from retinue.reporting.facts.pictures import Thumbnail
from retinue.reporting.page.album import Album
from retinue.reporting.page.charts.chart import Chart


@dataclass(frozen=True)
class Picture:
    """A picture of the album, what it shows in words, and what stands under it."""

    key: str
    alt: str
    caption: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Card:
    """A short answer on the first screen, with pictures that show it."""

    title: str
    sentences: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Rank:
    """An entrant's accuracy beside that of the others."""

    name: str
    accuracy: str
    interval: str
    bar: Markup
    verdict: str
    is_chosen: bool


@dataclass(frozen=True)
class First:
    """The first screen."""

    kicker: str
    title: str
    number: str
    caption: str
    gauge: Markup | None
    samples: tuple[Picture, ...]
    more: int
    cards: tuple[Card, ...]
    banner: str = ""
    ranks: tuple[Rank, ...] = ()
    ranked: str = "Is it better than the others?"
    answer: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A plain table: the first column names its row."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    numbers: bool = True


@dataclass(frozen=True)
class Entry:
    """A section of the page: its heading, and a shorter one for the list of sections."""

    id: str
    title: str
    short: str


@dataclass(frozen=True)
class Trust:
    """What the probabilities of a run are worth."""

    name: str
    charts: tuple[Chart, ...]
    sentences: tuple[str, ...]


@dataclass
class Collected:
    """What is gathered on the way: pictures, charts that can be read."""

    album: Album = field(default_factory=Album)
    charts: list[Chart] = field(default_factory=list)

    def keep(self, *charts: Chart | None) -> tuple[Chart, ...]:
        """Those of the charts that are there; their values go into the page."""
        found = tuple(chart for chart in charts if chart is not None)
        self.charts.extend(found)
        return found


def picture_of(
    thumbnail: Thumbnail,
    album: Album,
    digests: Mapping[str, str],
    caption: str = "",
) -> Picture:
    """A thumbnail with words for it: what it is, and what it was taken for."""
    key = album.add(thumbnail, digests.get(thumbnail.id))
    alt = "a picture" if thumbnail.true is None else f"a picture of {thumbnail.true}"
    if thumbnail.predicted is not None and thumbnail.predicted != thumbnail.true:
        alt += f", taken for {thumbnail.predicted}"
    return Picture(key, alt, caption, thumbnail.id)
