"""A container of picture files, the same whether it is a folder, a zip or a tar."""

import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from retinue.errors import RetinueError, UsageError
from retinue.images import Limits

_LEFT_BY_SYSTEMS = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class Entry:
    """One file of a container: its posix path inside, its bytes, and when it changed.

    `modified` is in nanoseconds since 1970; the entries of an archive carry the archive's own.
    """

    name: str
    size: int
    modified: int


class Files(Protocol):
    """What every container can do; `root` is the folder or the archive itself."""

    @property
    def root(self) -> Path:
        """The folder or archive on the disk."""

    def entries(self) -> list[Entry]:
        """All files, sorted by name, without those that systems leave behind (`is_ignored`).

        Raises:
            RetinueError: the container is damaged or unsafe; the text names it and the entry.
        """

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of each wanted entry once, in the order that costs one pass.

        Raises:
            RetinueError: an entry is missing or cannot be read; the text names it.
        """


class Folder:
    """The files of a folder and of the folders in it; implements `Files`.

    Links to files and folders are followed, for a folder of links is a normal way to make a
    selection; a link to a folder that it lies in is not, for that would never end.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def entries(self) -> list[Entry]:
        """All files, sorted by name. Raises `RetinueError` for a broken link or a closed folder."""
        found = self._walk(self.root, "", frozenset({self.root.resolve()}))
        return sorted(found, key=lambda entry: entry.name)

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content), sorted by name. Raises `RetinueError` for what cannot be read."""
        for name in sorted(set(names)):
            yield name, read_file(self.root / name)

    def _walk(self, folder: Path, prefix: str, above: frozenset[Path]) -> Iterator[Entry]:
        for item in _scan(folder):
            name = prefix + item.name
            if is_ignored(item.name):
                continue
            _check_encodable(folder, item.name)
            status = _status(item)
            if stat.S_ISREG(status.st_mode):
                yield Entry(name, status.st_size, status.st_mtime_ns)
            elif stat.S_ISDIR(status.st_mode):
                inner = Path(item.path)
                real = inner.resolve()
                if real not in above:
                    yield from self._walk(inner, name + "/", above | {real})


def read_file(path: Path) -> bytes:
    """What is in a file; of one over the limit for pictures a byte more than that, to be refused.

    Raises:
        RetinueError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return file.read(min(size, Limits().bytes) + 1)
    except OSError as error:
        raise _unreadable(path, error) from None


def is_ignored(name: str) -> bool:
    """Whether a posix path is none of the user's doing: hidden, or left behind by a system.

    True if any part starts with a dot (`.DS_Store`, `._a.jpg`, `.ipynb_checkpoints/`) or is
    `Thumbs.db`, `desktop.ini` or `__MACOSX`, in any case of letters.
    """
    if name[:1] == "." or "/." in name:
        return True
    return not _LEFT_BY_SYSTEMS.isdisjoint(name.lower().split("/"))


def open_files(path: Path) -> Files:
    """Open a folder, zip or tar (plain, gz, bz2, xz or zst), told apart by content, not by name.

    Raises:
        UsageError: there is nothing at `path`, or it is none of the three.
    """
    # Imported here because archives are built from this module's parts.
    from retinue.data.archives import TarFiles, ZipFiles, is_tar

    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        state = "is not a plain file" if path.exists() else "does not exist"
        raise UsageError(f"{path} {state}: give a folder, a zip or a tar of pictures")
    # A tar that ends with a zip has a zip's ending, so tar is asked first.
    if is_tar(path):
        return TarFiles(path)
    if _is_zip(path):
        return ZipFiles(path)
    raise UsageError(f"{path} is neither a folder nor a zip or tar: give one of these")


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise _unreadable(path, error) from None
    # A zip that was cut short has lost what is_zipfile looks for; opening it then says so.
    return start == b"PK\x03\x04" or zipfile.is_zipfile(path)


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as items:
            return list(items)
    except OSError as error:
        raise _unreadable(folder, error) from None


def _status(item: os.DirEntry[str]) -> os.stat_result:
    try:
        return item.stat()
    except OSError as error:
        if item.is_symlink():
            raise RetinueError(
                f"{item.path} is a link to nothing: bring back what it links to or remove it"
            ) from None
        raise _unreadable(Path(item.path), error) from None


def _check_encodable(folder: Path, name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise RetinueError(
            f"the name of {name!r} in {folder} is not valid UTF-8: rename the file"
        ) from None


def _unreadable(path: Path, error: OSError) -> RetinueError:
    return RetinueError(f"cannot read {path} ({error.strerror}): check that you may open it")
