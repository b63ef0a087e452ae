"""Which runs were handed in: run folders, folders of them, and zips, each with a name."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from retinue.data.archives import ZipFiles
from retinue.data.files import is_ignored
from retinue.data.refusals import GIB, MIB, ArchiveLimits
from retinue.errors import RetinueError, UsageError
from retinue.wording import printable

MARKS = {"recipe.yaml", "status.json", "model.json"}  # one of these makes a folder a run's
LIMITS = ArchiveLimits(entries=100_000, member_bytes=512 * MIB, total_bytes=4 * GIB)
DEEPEST = 4  # folders below the one that was named
MOST = 500  # runs on a board
NO_RUN = "no run folder is in it"
GENERIC = ("runs",)  # folders whose name says nothing


@dataclass(frozen=True)
class Handed:
    """A run that was handed in, not read so far.

    Args:
        name: what the board calls it.
        place: the run's folder, or the zip that it lies in.
        inside: the run's folder within the zip, with slashes.
        reason: why there is nothing to judge; empty where there is.
    """

    name: str
    place: Path
    inside: str = ""
    reason: str = ""


def find_runs(words: Sequence[str | Path]) -> list[Handed]:
    """Every run that the words name, in their order.

    Args:
        words: run folders, folders of run folders or of zips, and zips; `NAME=RUN` gives a name.

    Returns:
        the runs, no two of one name; what cannot be a run is among them, with the reason.

    Raises:
        UsageError: nothing is there by that name, or there are more than a board takes.
    """
    found: list[Handed] = []
    for word in words:
        name, path = _name_and_path(word)
        found += _named(name, path)
        if len(found) > MOST:
            raise UsageError(f"{path}: a board takes at most {MOST} runs")
    return _apart(found)


def _name_and_path(word: str | Path) -> tuple[str, Path]:
    path = Path(word)
    if path.exists():
        return "", path
    name, equals, rest = str(word).partition("=")
    if equals and name.strip() and Path(rest).exists():
        return name.strip(), Path(rest)
    raise UsageError(f"{printable(str(word))}: no such run folder, folder of runs, or zip")


def _named(name: str, path: Path) -> list[Handed]:
    """What lies at a path, each by the shortest part of its place that tells it apart."""
    own = name or (path.stem if path.is_file() else path.resolve().name) or "run"
    is_root = path.is_file() or _is_run(path)  # else the folder's name says nothing of its runs
    start = (own,) if name or is_root else ()
    found = list(_in_zip(path, start) if path.is_file() else _in_folder(path, start))
    if not found:
        return [Handed(own, path, reason=NO_RUN)]
    places = [_telling(parts) for parts, _ in found]
    return [
        replace(one, name="/".join(_shortest(parts, places)) or own)
        for parts, (_, one) in zip(places, found, strict=True)
    ]


def _telling(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in parts if part not in GENERIC) or parts


def _shortest(parts: tuple[str, ...], all_of_them: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest beginning of a place that no other place has."""
    for size in range(1, len(parts)):
        if sum(other[:size] == parts[:size] for other in all_of_them) == 1:
            return parts[:size]
    return parts


def _apart(found: Sequence[Handed]) -> list[Handed]:
    """The same with names that differ: the second of a name is called `name (2)`."""
    taken: set[str] = set()
    apart = []
    for one in found:
        name, number = one.name, 1
        while name in taken:
            number += 1
            name = f"{one.name} ({number})"
        taken.add(name)
        apart.append(replace(one, name=name))
    return apart


def _is_run(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in MARKS)


def _in_folder(
    folder: Path, parts: tuple[str, ...], depth: int = 0
) -> Iterator[tuple[tuple[str, ...], Handed]]:
    """The runs in a folder, with the parts of their places; links are not followed."""
    if _is_run(folder):
        yield parts, Handed("", folder)
        return
    try:
        with os.scandir(folder) as items:
            inner = sorted(items, key=lambda item: item.name)
    except OSError as error:
        yield parts, Handed("", folder, reason=f"cannot be opened: {error.strerror}")
        return
    for item in inner:
        path, further = Path(item.path), (*parts, item.name)
        if is_ignored(item.name) or item.is_symlink():
            continue
        if item.is_dir() and depth < DEEPEST:
            some = list(_in_folder(path, further, depth + 1))
            yield from some or ([(further, Handed("", path, reason=NO_RUN))] if not depth else [])
        elif item.is_file() and path.suffix.lower() == ".zip":
            yield from _in_zip(path, (*parts, path.stem))


def _in_zip(path: Path, parts: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Handed]]:
    """The runs in a zip; one that cannot be read, or holds none, is told so."""
    try:
        names = [PurePosixPath(entry.name) for entry in ZipFiles(path, LIMITS).entries()]
    except RetinueError as error:
        yield parts, Handed("", path, reason=str(error))
        return
    folders = sorted({name.parent for name in names if name.name in MARKS})
    topmost = [one for one in folders if not set(one.parents) & set(folders)]
    if not topmost:
        yield parts, Handed("", path, reason=NO_RUN)
    for one in topmost:
        inside = "" if one == PurePosixPath() else str(one)
        yield (*parts, *one.parts), Handed("", path, inside)
