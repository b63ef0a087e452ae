"""Zip and tar archives read where they lie: nothing is unpacked to disk, nothing is trusted.

An archive may come from anywhere. So its names are checked before anything is read, links and
devices are refused, and sizes are bounded by what really comes out of the stream, never by what
a header says. Everything refused is refused with the entry's name.
"""

import bz2
import gzip
import io
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retinue.data.files import Entry, is_ignored
from retinue.errors import RetinueError

MIB = 2**20
GIB = 2**30
_CHUNK = 256 * 1024
# Tar keeps long names in headers of any length; no honest one comes near this.
_HEADER_BYTES = MIB
# Small files of one colour compress well beyond any ratio and harm nobody.
_RATIO_FROM_BYTES = MIB
_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED = 0x1 | 0x40
_NOT_PICTURES = {
    tarfile.SYMTYPE: "is a link (make the archive again with: tar --dereference)",
    tarfile.LNKTYPE: "is a hard link (make the archive again with: tar --hard-dereference)",
    tarfile.CHRTYPE: "is a device",
    tarfile.BLKTYPE: "is a device",
    tarfile.FIFOTYPE: "is a pipe",
}
_DAMAGE = (
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
)


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


class ZipFiles:
    """The files of a zip archive (stored or deflated); implements `Files`."""

    def __init__(self, path: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> None:
        self.root = path
        self._limits = limits

    def entries(self) -> list[Entry]:
        """All files, sorted by name. Raises `RetinueError` for a damaged or unsafe archive."""
        with _damage_named(self.root), zipfile.ZipFile(self.root) as archive:
            modified = self.root.stat().st_mtime_ns
            members = self._members(archive)
        return [
            Entry(name, members[name].file_size, modified)
            for name in sorted(members)
            if not is_ignored(name)
        ]

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of the wanted entries, in the archive's order.

        Raises:
            RetinueError: the archive is damaged or unsafe, or an entry is missing.
        """
        wanted = set(names)
        with _damage_named(self.root), zipfile.ZipFile(self.root) as archive:
            members = self._members(archive)
            _require(self.root, wanted - members.keys())
            for name, info in members.items():
                if name in wanted:
                    yield name, self._content(archive, info)

    def _members(self, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
        """The checked entries by their names, folders left out."""
        census = _Census(self.root, self._limits)
        members = {}
        for info in archive.infolist():
            # zipfile cuts a name at NUL and may replace backslashes: look at what is written.
            name = census.name(info.orig_filename)
            if not info.is_dir():
                self._check_kind(info)
                census.add(name, info.file_size)
                self._check_ratio(info)
                members[name] = info
        packed = self.root.stat().st_size
        if census.total > max(_RATIO_FROM_BYTES, self._limits.ratio * packed):
            raise _refused(
                self.root, f"it would unpack to over {self._limits.ratio} times its size"
            )
        return members

    def _check_kind(self, info: zipfile.ZipInfo) -> None:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            what = "is a link" if kind == stat.S_IFLNK else "is not a plain file"
            raise _refused_entry(self.root, info.filename, what)
        if info.flag_bits & _ENCRYPTED:
            what = "is encrypted (unpack it with its password and make the zip again without)"
            raise _refused_entry(self.root, info.filename, what)
        # zipfile unpacks the other methods without a bound on what comes out.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            what = "is not stored or deflated (make the zip again in the usual way)"
            raise _refused_entry(self.root, info.filename, what)

    def _check_ratio(self, info: zipfile.ZipInfo) -> None:
        allowed = max(_RATIO_FROM_BYTES, self._limits.ratio * info.compress_size)
        if info.file_size > allowed:
            what = f"would unpack to over {self._limits.ratio} times its size"
            raise _refused_entry(self.root, info.filename, what)

    def _content(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        content = bytearray()
        with archive.open(info) as file:
            # zipfile stops at the size in the header and then checks the sum.
            while chunk := file.read(_CHUNK):
                content += chunk
        if len(content) != info.file_size:
            raise EOFError(f"{info.filename!r} is shorter than its header says")
        return bytes(content)


class TarFiles:
    """The files of a tar archive, plain or packed with gz, bz2 or xz; implements `Files`.

    A tar has no table of contents: each `entries()` and each `read()` is one pass over all of it.
    """

    def __init__(self, path: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> None:
        self.root = path
        self._limits = limits

    def entries(self) -> list[Entry]:
        """All files, sorted by name. Raises `RetinueError` for a damaged or unsafe archive."""
        with _damage_named(self.root):
            modified = self.root.stat().st_mtime_ns
            found = [
                Entry(name, size, modified)
                for name, size, _ in self._walk()
                if not is_ignored(name)
            ]
        return sorted(found, key=lambda entry: entry.name)

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of the wanted entries, in the archive's order.

        Raises:
            RetinueError: the archive is damaged or unsafe, or an entry is missing.
        """
        wanted = set(names)
        with _damage_named(self.root):
            for name, size, stream in self._walk():
                if name in wanted:
                    wanted.remove(name)
                    yield name, stream.take(size)
            _require(self.root, wanted)

    def _walk(self) -> Iterator[tuple[str, int, "_TarStream"]]:
        """Name and size of each file, with the stream standing at its content."""
        census = _Census(self.root, self._limits)
        with self.root.open("rb") as packed, _unpacked(packed) as unpacked:
            stream = _TarStream(self.root, packed, unpacked, self._limits)
            tar = tarfile.TarFile(
                fileobj=stream, mode="r", encoding="utf-8", errors="surrogateescape"
            )
            while (info := tar.next()) is not None:
                name = census.name(info.name)
                if not info.isdir():
                    self._check_kind(info)
                    census.add(name, info.size)
                    yield name, info.size, stream
                # tarfile would remember every entry it met.
                tar.members.clear()  # type: ignore[attr-defined]  # typeshed leaves it out
                stream.skip_to(tar.offset)
            stream.check_end()

    def _check_kind(self, info: tarfile.TarInfo) -> None:
        if not info.isreg() or info.issparse():
            what = _NOT_PICTURES.get(info.type, "is not a plain file")
            raise _refused_entry(self.root, info.name, what)


class _TarStream:
    """The unpacked bytes of a tar, forward only, with a bound on all that is asked of it.

    tarfile reads headers through `read`; contents are taken with `take` and passed with
    `skip_to`, so that a header's word about its own length can be limited apart from them.
    """

    def __init__(
        self,
        path: Path,
        packed: io.BufferedIOBase,
        unpacked: io.BufferedIOBase,
        limits: ArchiveLimits,
    ) -> None:
        self._path, self._packed, self._unpacked, self._limits = path, packed, unpacked, limits
        self._position = 0
        self._header_from = 0
        self._last_header = b""

    def read(self, size: int) -> bytes:
        """Bytes of a header, for tarfile."""
        if self._position + size > self._header_from + _HEADER_BYTES:
            raise _refused(self._path, f"a header at byte {self._header_from} is too long")
        self._last_header = self._next(size)
        return self._last_header

    def take(self, size: int) -> bytes:
        """The next `size` bytes. Raises `EOFError` if there are fewer."""
        content = bytearray()
        while len(content) < size:
            chunk = self._next(min(_CHUNK, size - len(content)))
            if not chunk:
                raise EOFError("it ends inside an entry")
            content += chunk
        return bytes(content)

    def skip_to(self, position: int) -> None:
        """Pass over a content to the next header."""
        while self._position < position:
            if not self._next(min(_CHUNK, position - self._position)):
                raise EOFError("it ends inside an entry")
        self._header_from = self._position

    def check_end(self) -> None:
        """See that tarfile stopped at the end mark and not at damage, which it passes over.

        The rest is read too, for only at its end does a packed stream check its sum.
        """
        if self._last_header != bytes(tarfile.BLOCKSIZE):
            raise EOFError(f"no entry and no end mark at byte {self._header_from}")
        while rest := self._next(_CHUNK):
            if rest.count(0) != len(rest):
                raise EOFError("there is more after its end mark; were several tars joined?")

    def tell(self) -> int:
        """Unpacked bytes passed so far, for tarfile."""
        return self._position

    def seek(self, position: int) -> None:
        """Refused: `skip_to` has always gone where tarfile would go."""
        raise io.UnsupportedOperation(f"a header points to byte {position}")

    def write(self, data: bytes) -> None:
        """Refused: archives are only read."""
        raise io.UnsupportedOperation("archives are only read")

    def close(self) -> None:
        """Nothing to do: whoever opened the file closes it."""

    def _next(self, size: int) -> bytes:
        data = self._unpacked.read(size)
        self._position += len(data)
        if self._position > self._limits.total_bytes:
            raise _refused(self._path, f"it unpacks to over {_in_words(self._limits.total_bytes)}")
        packed = self._packed.tell()
        if self._position > max(_RATIO_FROM_BYTES, self._limits.ratio * packed):
            raise _refused(self._path, f"it unpacks to over {self._limits.ratio} times its size")
        return data


class _Census:
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
            raise _refused(self._path, f"it holds over {self._limits.entries:,} entries")
        if fault := _fault(written):
            raise _refused_entry(self._path, written, fault)
        return "/".join(part for part in written.split("/") if part not in ("", "."))

    def add(self, name: str, size: int) -> None:
        """Count a file of a checked name and a declared size in bytes."""
        if not name:
            raise _refused_entry(self._path, name, "has no name")
        if name in self._names:
            raise _refused_entry(self._path, name, "is there twice")
        self._names.add(name)
        if not 0 <= size <= self._limits.member_bytes:
            what = f"is larger than {_in_words(self._limits.member_bytes)}"
            raise _refused_entry(self._path, name, what)
        self.total += size
        if self.total > self._limits.total_bytes:
            raise _refused(self._path, f"it unpacks to over {_in_words(self._limits.total_bytes)}")


def is_tar(path: Path) -> bool:
    """Whether a file starts, unpacked if need be, with the header of a tar entry.

    tarfile.is_tarfile reads on for as long as that header says; here 512 bytes decide.
    """
    try:
        with path.open("rb") as packed, _unpacked(packed) as unpacked:
            block = unpacked.read(tarfile.BLOCKSIZE)
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except _DAMAGE:
        return False
    return True


def _unpacked(packed: io.BufferedReader) -> io.BufferedIOBase:
    """The stream inside a file, by the compression that its first bytes show."""
    start = packed.peek(6)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(packed)
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(packed)
    return packed


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
def _damage_named(path: Path) -> Iterator[None]:
    """Turn what the readers raise on damaged bytes into one line that names the archive."""
    try:
        yield
    except _DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise RetinueError(
            f"cannot read {path}, it may be damaged or cut short ({reason}): fetch or make it again"
        ) from error


def _require(path: Path, missing: set[str]) -> None:
    if missing:
        raise RetinueError(f"{path} has no entry {min(missing)!r}: was the archive changed?")


def _refused(path: Path, reason: str) -> RetinueError:
    return RetinueError(f"{path} was refused: {reason}. Unpack it yourself if you trust it")


def _refused_entry(path: Path, name: str, reason: str) -> RetinueError:
    return RetinueError(
        f"{path} was refused: its entry {name!r} {reason}. Remove it from the archive"
    )


def _in_words(size: int) -> str:
    return f"{size / GIB:g} GiB" if size >= GIB else f"{size / MIB:g} MiB"
