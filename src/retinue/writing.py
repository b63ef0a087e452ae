"""Files appear whole or not at all: written aside, flushed to the disk, then renamed."""

import csv
import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_FORMULA = tuple("=+-@\t\r'")  # how a cell begins that a spreadsheet might work out


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a path to write to, in the same folder; it takes `path`'s place when the block ends.

    Raises:
        OSError: the disk is full or closed to writing; it names `path`.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with naming(path, aside):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield aside
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def appearing_folder(path: Path) -> Iterator[Path]:
    """Give a new folder to write into; it takes the place of `path` when the block ends.

    Raises:
        OSError: the disk is full or closed to writing; it names `path`.
    """
    path = path.resolve()
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(aside, ignore_errors=True)
    with naming(path, aside):
        try:
            aside.mkdir(parents=True)
            yield aside
            shutil.rmtree(path, ignore_errors=True)
            aside.rename(path)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def naming(path: Path, aside: Path | None = None) -> Iterator[None]:
    """Let an error of writing name `path`: one that finds no room names no file of its own."""
    try:
        yield
    except OSError as error:
        # Nor has anybody heard of the one aside.
        is_ours = aside is not None and error.filename == str(aside)
        if is_ours or (not error.filename and error.errno in _NO_ROOM):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 with plain newlines, atomically."""
    with appearing(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a head and rows as CSV, atomically; no cell is a formula."""
    with appearing(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([csv_cell(cell) for cell in row] for row in chain([head], rows))


def csv_cell(value: Any) -> Any:
    """A cell that a spreadsheet takes for text, where it begins as a formula does.

    An apostrophe goes before it, and before one that is there already; `from_csv_cell` takes it
    away again. https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULA else value


def from_csv_cell(text: str) -> str:
    """What `csv_cell` was given."""
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text
