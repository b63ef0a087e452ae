"""What no archive may be: too large, unsafe in its names, damaged; and how that is told.

Everything refused is refused with the entry's name.
"""

import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from retinue.errors import RetinueError

MIB = 2**20
GIB = 2**30
# Small files of one colour compress well beyond any ratio and harm nobody.
RATIO_FROM_BYTES = MIB
ZSTD = "compression.zstd"  # of Python's own from 3.14 on
_DRIVE = re.compile(r"[A-Za-z]:")
DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RecursionError,
    MemoryError,
)
with suppress(ImportError):
    DAMAGE += (import_module(ZSTD).ZstdError,)


@dataclass(frozen=True)
class ArchiveLimits:
    """How much an archive may hold before it is taken for an attack or a mistake.

    `ratio` is unpacked bytes over packed bytes: of a zip's entries of more than 1 MiB, and of
    whole archives.
    """

    entries: int = 1_000_000
    member_bytes: int = 256 * MIB
    total_bytes: int = 64 * GIB
    ratio: int = 200


DEFAULT_LIMITS = ArchiveLimits()


class Census:
    """The names and sizes of an archive so far; refuses what is unsafe, repeated or too much."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self._path, self._limits = path, limits
        self._count = 0
        self._names: set[str] = set()
        self.total = 0

    def name(self, written: str) -> str:
        """The posix path of an entry, file or folder, from the name as it is written."""
        self._count += 1
        if self._count > self._limits.entries:
            raise refused(self._path, f"it holds over {self._limits.entries:,} entries")
        if fault := _fault(written):
            raise refused_entry(self._path, written, fault)
        if written[:1] != "." and written[-1:] != "/" and not ("/." in written or "//" in written):
            return written  # as nearly all are, and taking it apart takes time
        return "/".join(part for part in written.split("/") if part not in ("", "."))

    def add(self, name: str, size: int) -> None:
        """Count a file of a checked name and a declared size in bytes."""
        if not name:
            raise refused_entry(self._path, name, "has no name")
        if name in self._names:
            raise refused_entry(self._path, name, "is there twice")
        self._names.add(name)
        if not 0 <= size <= self._limits.member_bytes:
            what = f"is larger than {in_words(self._limits.member_bytes)}"
            raise refused_entry(self._path, name, what)
        self.total += size
        if self.total > self._limits.total_bytes:
            raise refused(self._path, f"it unpacks to over {in_words(self._limits.total_bytes)}")


def _fault(name: str) -> str | None:
    """Why a name could lead out of the archive's own folder or cannot be written down."""
    if "\0" in name:
        return "has a NUL in its name"
    if "\\" in name:
        return "has a backslash in its name"
    if name.startswith("/") or _DRIVE.match(name):
        return "has an absolute path"
    if ".." in name.split("/"):
        return "has '..' in its path"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "has a name that is not valid UTF-8"
    return None


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn what the readers raise on damaged bytes into one line that names the archive."""
    try:
        yield
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise RetinueError(
            f"cannot read {path}, it may be damaged or cut short ({reason}): fetch or make it again"
        ) from error


def require(path: Path, missing: set[str]) -> None:
    """Refuse to go on where entries are missing."""
    if missing:
        raise RetinueError(f"{path} has no entry {min(missing)!r}: was the archive changed?")


def refused(path: Path, reason: str) -> RetinueError:
    """The error that tells why an archive is not read."""
    return RetinueError(f"{path} was refused: {reason}. Unpack it yourself if you trust it")


def refused_entry(path: Path, name: str, reason: str) -> RetinueError:
    """The error that tells which entry is why an archive is not read."""
    return RetinueError(
        f"{path} was refused: its entry {name!r} {reason}. Remove it from the archive"
    )


def in_words(size: int) -> str:
    """A size in bytes, as MiB or GiB."""
    return f"{size / GIB:g} GiB" if size >= GIB else f"{size / MIB:g} MiB"
