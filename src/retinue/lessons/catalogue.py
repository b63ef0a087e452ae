"""Which lessons and labs the course has, as their masters say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retinue.errors import UsageError
from retinue.wording import printable

MASTERS = Path(__file__).with_name("masters")
_FILE = re.compile(r"(?P<kind>lesson|lab)(?P<number>[1-9]\d*)_\w+", re.ASCII)
_TITLE = re.compile(r"^# # *(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A lesson or a lab.

    Args:
        kind: which of the two.
        number: from 1 on; a lab has its lesson's.
        title: the first heading of its text.
        path: its master, which is a lab's without the solutions.
    """

    kind: Literal["lesson", "lab"]
    number: int
    title: str
    path: Path

    @property
    def name(self) -> str:
        """As lesson2."""
        return f"{self.kind}{self.number}"

    @property
    def notebook(self) -> str:
        """The name of its notebook's file."""
        return f"{self.path.stem}.ipynb"


def entries(masters: Path = MASTERS) -> list[Entry]:
    """All lessons and labs, by number, each lesson before its lab."""
    found = [entry for path in masters.glob("*.py") if (entry := _entry(path)) is not None]
    return sorted(found, key=lambda one: (one.number, one.kind != "lesson"))


def chosen(names: Sequence[str], masters: Path = MASTERS) -> list[Entry]:
    """Those of certain names: lesson2, lab2, or 2 for both; all of them where there are no names.

    Raises:
        UsageError: there is none of such a name.
    """
    known = entries(masters)
    for name in names:
        if not any(_is_called(one, name) for one in known):
            numbers = ", ".join(one.name for one in known)
            raise UsageError(f"{printable(name)}: no such lesson; there are {numbers}")
    return [one for one in known if not names or any(_is_called(one, name) for name in names)]


def _is_called(entry: Entry, name: str) -> bool:
    return name.lower() in (entry.name, str(entry.number), entry.path.stem, entry.notebook)


def _entry(path: Path) -> Entry | None:
    found = _FILE.fullmatch(path.stem)
    if found is None:
        return None
    title = _TITLE.search(path.read_text(encoding="utf-8"))
    kind: Literal["lesson", "lab"] = "lesson" if found["kind"] == "lesson" else "lab"
    return Entry(kind, int(found["number"]), title[1] if title else path.stem, path)
