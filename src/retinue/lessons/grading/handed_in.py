"""The files that a class handed in, of a folder or a zip, and of zips in it, one level deep.

Nothing is unpacked under a name of an archive's: whoever wants a file reads it. Sizes are bounded
by what comes out of the stream, and what is refused is told with the file, not left out.
"""

import calendar
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from retinue.data.files import is_ignored
from retinue.data.refusals import DAMAGE, MIB, damage_named, in_words, refused
from retinue.errors import UsageError
from retinue.lessons.grading.unmangling import unmangled

MOST_BYTES = 64 * MIB  # of one file
MOST_PACKED = 256 * MIB  # of a zip in a zip
MOST_INSIDE = 512 * MIB  # out of a zip in a zip
MOST_FILES = 100_000
MOST_FILES_INSIDE = 10_000
_ENTRY = b"PK\x01\x02"  # begins each line of a zip's table
_ENCRYPTED = 0x1 | 0x40


@dataclass(frozen=True)
class File:
    """A file that was handed in.

    Args:
        name: its path, folders divided by /, unmangled; of an empty folder, with a / at the end.
        size: in bytes, as it is told.
        modified: seconds, to tell which of two is the newer.
        read: gives its content, until the next file is asked for.
        fault: why it is not read; empty where it can be.
    """

    name: str
    size: int
    modified: float
    read: Callable[[], bytes]
    fault: str = ""

    @property
    def is_zip(self) -> bool:
        """Whether it calls itself a zip."""
        return self.name.lower().endswith(".zip")


class UnreadableError(Exception):
    """A file cannot be read; the text says why, to follow the file's name."""


def files(source: Path) -> Iterator[File]:
    """All files of a folder or zip, and those in zips in it, as `lab.zip/lab2.ipynb`.

    Raises:
        UsageError: it is neither.
        RetinueError: it is a damaged zip.
    """
    found = _of_folder(source) if source.is_dir() else _of_zip(source)
    for file in found:
        yield from _with_inside(file)


def _with_inside(file: File) -> Iterator[File]:
    """A file, or what is in it where it is a zip; a zip that cannot be read is told as itself."""
    if not file.is_zip or file.fault:
        yield file
        return
    try:
        data = file.read()
        if data.count(_ENTRY) > MOST_FILES_INSIDE:
            raise UnreadableError(f"holds over {MOST_FILES_INSIDE:,} files")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [_nested(file, one) for one in _entries(archive, _Room(MOST_INSIDE))]
            yield from inside or [replace(file, fault="is an empty zip")]
    except UnreadableError as error:
        yield replace(file, fault=str(error))
    except DAMAGE:
        yield replace(file, fault="is a damaged zip")


def _nested(outer: File, inner: File) -> File:
    fault = "is a zip in a zip in a zip" if inner.is_zip else inner.fault
    return replace(inner, name=f"{outer.name}/{inner.name}", fault=fault)


def _of_folder(root: Path) -> Iterator[File]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        here = Path(folder)
        shown = [name for name in sorted(names) if not is_ignored(name)]
        # A link to a folder is among the folders, and os.walk does not follow it.
        shown += [name for name in folders if (here / name).is_symlink()]
        for name in shown:
            yield _of_disk(root, here / name)
        if not names and not folders and here != root:
            yield _empty(unmangled(_relative(root, here)), here.stat().st_mtime)


def _of_disk(root: Path, path: Path) -> File:
    status = path.lstat()
    fault = ""
    if not stat.S_ISREG(status.st_mode):
        fault = "is a link, which is not followed" if path.is_symlink() else "is not a plain file"
    name = unmangled(_relative(root, path))
    most = MOST_PACKED if name.lower().endswith(".zip") else MOST_BYTES
    fault = fault or _too_large(status.st_size, most)
    return File(name, status.st_size, status.st_mtime, lambda: _read_disk(path, most), fault)


def _relative(root: Path, path: Path) -> str:
    # Bytes that are no letters on the disk come as surrogates.
    return path.relative_to(root).as_posix().encode("utf-8", "replace").decode()


def _read_disk(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror})") from None


def _of_zip(source: Path) -> Iterator[File]:
    if not source.is_file():
        raise UsageError(f"{source}: there is no such folder or zip")
    if not zipfile.is_zipfile(source) and source.suffix.lower() != ".zip":
        raise UsageError(f"{source}: neither a folder nor a zip; name what the platform exports")
    with damage_named(source), zipfile.ZipFile(source) as archive:
        if len(archive.infolist()) > MOST_FILES:
            raise refused(source, f"it holds over {MOST_FILES:,} files")
        yield from _entries(archive, None)


class _Room:
    """So many bytes may come out of an archive in all."""

    def __init__(self, left: int) -> None:
        self.left = left


def _entries(archive: zipfile.ZipFile, room: _Room | None) -> Iterator[File]:
    used: set[str] = set()
    folders: list[tuple[str, float]] = []
    for info in archive.infolist():
        name = unmangled(info.orig_filename if "\\" in info.orig_filename else info.filename)
        name = name.lstrip("/")
        if not name.strip("/") or is_ignored(_without_dots(name)):
            continue
        if name.endswith("/"):
            folders.append((name, _when(info)))
            continue
        used.update(_above(name))
        yield File(name, info.file_size, _when(info), _reader(archive, info, room), _fault(info))
    for name, modified in folders:
        below = any(one != name and one.startswith(name) for one, _ in folders)
        if name not in used and not below:
            yield _empty(name.rstrip("/"), modified)


def _without_dots(name: str) -> str:
    """A path without the steps that lead nowhere here, by which a file is not hidden."""
    return "/".join(part for part in name.split("/") if part not in (".", ".."))


def _above(name: str) -> Iterator[str]:
    parts = name.split("/")
    for number in range(1, len(parts)):
        yield "/".join(parts[:number]) + "/"


def _fault(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "is a link, which is not followed" if stat.S_ISLNK(kind) else "is not a plain file"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that is not read here"
    return _too_large(info.file_size, _most(info))


def _most(info: zipfile.ZipInfo) -> int:
    return MOST_PACKED if info.filename.lower().endswith(".zip") else MOST_BYTES


def _too_large(size: int, most: int) -> str:
    return f"is larger than {in_words(most)}" if size > most else ""


def _reader(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: _Room | None
) -> Callable[[], bytes]:
    def read() -> bytes:
        most = _most(info) if room is None else min(_most(info), room.left)
        try:
            with archive.open(info) as stream:
                data = _bounded(stream, most)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError):
            raise UnreadableError("is damaged") from None
        if room is not None:
            room.left -= len(data)
        return data

    return read


def _bounded(stream: IO[bytes], most: int) -> bytes:
    data = stream.read(most + 1)
    if len(data) > most:
        raise UnreadableError(f"is more than {in_words(most)} of what may be unpacked")
    return data


def _when(info: zipfile.ZipInfo) -> float:
    with suppress(ValueError, OverflowError):
        return float(calendar.timegm((*info.date_time, 0, 0, 0)))
    return 0.0


def _empty(name: str, modified: float) -> File:
    return File(f"{name}/", 0, modified, bytes, "is an empty folder")
