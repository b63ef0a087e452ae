"""What only the page of a sweep shows, as plain values."""

from dataclasses import dataclass

from retinue.reporting.page.charts.chart import Chart
from retinue.reporting.page.inside import Drawing
from retinue.reporting.page.views import Table


@dataclass(frozen=True)
class EffectView:
    """What varying a key did: whether that is shown, what the key is, a chart, and tables."""

    name: str
    verdict: str
    meaning: str
    variants: Table | None
    charts: tuple[Chart, ...]
    levels: Table
    differences: Table | None


@dataclass(frozen=True)
class Part:
    """Which share of all variance between settings a key, or two together, explain."""

    name: str
    share: float
    told: str
    verdict: str


@dataclass(frozen=True)
class Cell:
    """An accuracy in words, and the class that shades it."""

    text: str
    shade: str


@dataclass(frozen=True)
class Grid:
    """The mean accuracies for each pair of levels of two keys; `verdict` says what is shown."""

    title: str
    keys: tuple[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    verdict: str
    is_shown: bool


@dataclass(frozen=True)
class Illustration:
    """A figure of the sweep's folder, with words for what it shows."""

    drawing: Drawing
    alt: str


@dataclass(frozen=True)
class Told:
    """A part of the page: sentences, charts, and figures."""

    sentences: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    figures: tuple[Illustration, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sentences or self.charts or self.figures)


@dataclass(frozen=True)
class Swept:
    """What only a sweep has; parts that are empty are not shown."""

    effects: tuple[EffectView, ...]
    parts: tuple[Part, ...]
    how: str
    grids: tuple[Grid, ...]
    stability: Told
    fit: Told
    costs: Told
    luck: tuple[str, ...]
    settings: tuple[Table, ...]
    impossible: Table | None
    failed: Table | None
    parallel: Told
