"""What the page of a board shows, as plain values."""

from dataclasses import dataclass

from retinue.reporting.page.album import Album
from retinue.reporting.page.inside import Drawing
from retinue.reporting.page.views import Entry, First, Picture, Table


@dataclass(frozen=True)
class Vote:
    """An answer to a picture and who gave it; `is_right` where it is the label."""

    answer: str
    who: str
    is_right: bool


@dataclass(frozen=True)
class Talked:
    """A hidden picture, its label, and what was answered."""

    picture: Picture
    truth: str
    votes: tuple[Vote, ...]


@dataclass(frozen=True)
class Gallery:
    """Pictures to talk about: what they have in common, what to ask, and some of them."""

    title: str
    told: str
    shown: tuple[Talked, ...]


@dataclass(frozen=True)
class BoardPage:
    """A page; parts that are empty are not shown. The names are those of the reports' template."""

    title: str
    first: First
    album: Album
    standing: Table
    copies: tuple[str, ...]
    how: str
    groups: tuple[str, ...]
    pairs: Table | None
    drawings: tuple[tuple[Drawing, str], ...]
    promises: Table
    promised: tuple[str, ...]
    learnt: tuple[str, ...]
    galleries: tuple[Gallery, ...]
    not_judged: Table | None
    facts: tuple[tuple[str, str], ...]
    caution: str = ""
    matrices: tuple[()] = ()

    @property
    def entries(self) -> list[Entry]:
        """The sections that the page has, in order."""
        sections: list[tuple[object, str, str, str]] = [
            (self.standing, "standing", "Who is better, as far as can be told", "Ranks"),
            (self.promises, "promises", "What was promised, and what holds", "Promises"),
            (self.learnt, "learnt", "Pictures that were not hidden", "Not hidden"),
            (self.galleries, "talk", "Pictures to talk about", "Pictures"),
            (self.not_judged, "unjudged", "Not judged", "Not judged"),
            (self.facts, "made", "How this was made", "How made"),
        ]
        return [Entry(id_, title, short) for part, id_, title, short in sections if part]
