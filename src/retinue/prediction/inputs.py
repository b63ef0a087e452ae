"""What a user may point a prediction at: files, folders, archives, the web, standard input."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from retinue.data.files import open_files, read_file
from retinue.errors import RetinueError, UsageError
from retinue.fetch import WebLimits, fetch, is_url
from retinue.images import SUFFIXES, Limits

Content = bytes | RetinueError


def read_inputs(
    inputs: Sequence[str | Path], limits: WebLimits | None = None
) -> Iterator[tuple[str, Content]]:
    """Yield (name, bytes) of every picture, or the error in place of the bytes.

    A folder or an archive gives all its files that are pictures by name; `-` is one picture from
    standard input. `limits` are for pictures from the web.
    """
    for one in inputs:
        try:
            yield from _read(str(one), limits)
        except RetinueError as error:
            yield str(one), error


def _read(text: str, limits: WebLimits | None) -> Iterator[tuple[str, Content]]:
    if text == "-":
        yield "-", sys.stdin.buffer.read(Limits().bytes + 1)  # a byte too many is refused
        return
    if is_url(text):
        yield text, fetch(text, limits)
        return
    path = Path(text)
    if not path.exists():
        raise UsageError("no such file or folder")
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        yield text, read_file(path)
        return
    try:
        files = open_files(path)
    except UsageError:
        if not path.is_file():
            raise
        yield text, read_file(path)  # a picture without a usual name
        return
    names = [
        entry.name
        for entry in files.entries()
        if PurePosixPath(entry.name).suffix.lower() in SUFFIXES
    ]
    if not names:
        raise UsageError("holds no pictures")
    for name, data in files.read(names):
        yield f"{text}/{name}", data
