"""Figures taken from files, each noted with where it stands, for the speaker's notes."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from retinue.reporting.slides.pages import Source
from retinue.runs import Run

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
MISSING = "–"


class Book:
    """A JSON file; what is said from it is noted in `taken`."""

    def __init__(self, file: str, values: Mapping[str, Any]) -> None:
        self.file, self.values = file, values
        self.taken: list[Source] = []

    def say(self, key: str, how: Callable[[Any], str]) -> str:
        """The text of the value under a key such as `entrants[0].accuracy.value`; a dash for None.

        Keys of which a part is missing give a dash too: not every run knows everything.
        """
        value = resolve(self.values, key)
        if value is None:
            return MISSING
        text = how(value)
        self.note(text, key)
        return text

    def note(self, shown: str, key: str) -> None:
        """Note where something that is shown stands."""
        source = Source(shown, self.file, key)
        if source not in self.taken:
            self.taken.append(source)


def resolve(values: Any, key: str) -> Any:
    """The value under a key; None where there is none."""
    for name, number in _STEP.findall(key):
        try:
            values = values[int(number)] if number else values[name]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def metrics_of(run: Run, split: str, before: str = "") -> Book:
    """The book of an evaluation; `before` goes before the names of files."""
    return Book(f"{before}evaluation/{split}/metrics.json", run.metrics(split))


def three(value: float) -> str:
    """A score with three digits."""
    return f"{value:.3f}"


def whole(value: float) -> str:
    """A count, as `1,234`."""
    return f"{value:,.0f}"
