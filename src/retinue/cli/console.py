"""What every command prints with: tables, JSON, and progress that only a terminal sees."""

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from retinue.wording import STEERING, printable

if TYPE_CHECKING:
    from retinue.data.cache import Progress
    from retinue.data.imagedata import ImageData
    from retinue.models.published import Permit

PATIENCE = 2.0  # seconds before progress is shown


def make_console(quiet: bool = False) -> Console:
    """A console on stdout; a quiet one, as beside --json, writes to stderr."""
    # A pipe has no width; what reads it must not find lines broken at a terminal's 80 columns.
    width = None if (sys.stderr if quiet else sys.stdout).isatty() else 200
    return _Console(highlight=False, emoji=False, stderr=quiet, width=width)


class _Console(Console):
    """A console that shows text from outside without letting it steer the terminal."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(_clean(one) if isinstance(one, str) else one for one in objects), **options)


def _clean(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def print_json(value: Any) -> None:
    """One JSON document on stdout; what could steer a terminal is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    lines = (STEERING.sub(_escaped, line) for line in text.split("\n"))
    sys.stdout.write("\n".join(lines) + "\n")


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def print_table(
    console: Console, head: Sequence[str], rows: Sequence[Sequence[Any]], title: str = ""
) -> None:
    """A plain table; numbers stand to the right."""
    if title:
        console.print(escape(title))
    table = Table(box=None, pad_edge=False)
    for position, name in enumerate(head):
        numbers = all(isinstance(row[position], int | float) for row in rows)
        table.add_column(escape(name), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(cell)) for cell in row))
    console.print(table)


def print_sections(console: Console, sections: Sequence[Mapping[str, Any]]) -> None:
    """A discussion: sections with a `title` and `sentences`, and an empty line after them."""
    for section in sections:
        console.print(f"\n[bold]{escape(section['title'])}[/]")
        for sentence in section["sentences"]:
            # A pipe has no width: what reads it must not find sentences broken.
            console.print(sentence, markup=False, soft_wrap=not console.is_terminal)
    console.print()


def print_notes(console: Console, data: "ImageData") -> None:
    """What the user should know of the data."""
    for note in data.notes:
        console.print(f"[yellow]note:[/] {escape(note)}")


@contextmanager
def loading(console: Console) -> Iterator["Progress"]:
    """Progress of some work, shown on a terminal once it has taken two seconds.

    It is told what is being done, how much is done, and the total, or 0 where nobody knows.
    """
    started = time.monotonic()
    status = console.status("")
    shown = False

    def progress(doing: str, done: int, total: int) -> None:
        nonlocal shown
        if not shown and console.is_terminal and time.monotonic() - started > PATIENCE:
            shown = True
            status.start()
        if shown and (done >= total or done % 50 == 0 or total > 10**6):
            status.update(f"{doing}: {done:,}" + (f" of {total:,}" if total else ""))

    try:
        yield progress
    finally:
        status.stop()


def asking(console: Console, download: bool) -> "Permit":
    """May something be fetched: as `download` says, or as who sits at a terminal answers."""

    def permit(what: str, size: int) -> bool:
        if download or not (console.is_terminal and sys.stdin.isatty()):
            return download
        console.print(f"{what}, {size / 1e6:.0f} MB, would be fetched.", markup=False)
        return console.input("Fetch it? [y/N] ", markup=False).strip().lower() in ("y", "yes")

    return permit


def _cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    return f"{value:,}" if isinstance(value, int) else printable(str(value))
