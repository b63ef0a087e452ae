"""Zip and tar archives read where they lie: nothing is unpacked to disk, nothing is trusted.

An archive may come from anywhere. So its names are checked before anything is read, links and
devices are refused, and sizes are bounded by what really comes out of the stream, never by what
a header says. Everything refused is refused with the entry's name.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from retinue.data.files import Entry, is_ignored
from retinue.data.refusals import (
    DAMAGE,
    DEFAULT_LIMITS,
    MIB,
    RATIO_FROM_BYTES,
    ZSTD,
    ArchiveLimits,
    Census,
    damage_named,
    in_words,
    refused,
    refused_entry,
    require,
)
from retinue.errors import RetinueError

_CHUNK = 256 * 1024
# Tar keeps long names in headers of any length; no honest one comes near this.
_HEADER_BYTES = MIB
_ENCRYPTED = 0x1 | 0x40
_UTF8 = 0x800
# What stands before an entry: signature, 22 bytes that the table has too, sizes of name and extra.
_LOCAL = struct.Struct("<4s22sHH")
_NOT_PICTURES = {
    tarfile.SYMTYPE: "is a link (make the archive again with: tar --dereference)",
    tarfile.LNKTYPE: "is a hard link (make the archive again with: tar --hard-dereference)",
    tarfile.CHRTYPE: "is a device",
    tarfile.BLKTYPE: "is a device",
    tarfile.FIFOTYPE: "is a pipe",
}
_Opened = tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo], tuple[int, int]]


class ZipFiles:
    """The files of a zip archive (stored or deflated); implements `Files`."""

    def __init__(self, path: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> None:
        self.root = path
        self._limits = limits
        self._left_open: _Opened | None = None

    def entries(self) -> list[Entry]:
        """All files, sorted by name. Raises `RetinueError` for a damaged or unsafe archive."""
        with damage_named(self.root):
            # Left open for the first read(): the table of a large archive takes long to read.
            _, members, stamp = self._left_open = self._open()
        sizes = ((name, members[name].file_size) for name in sorted(members))
        return [Entry(name, size, stamp[1]) for name, size in sizes if not is_ignored(name)]

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of the wanted entries, in the archive's order.

        Raises:
            RetinueError: the archive is damaged or unsafe, or an entry is missing.
        """
        wanted = set(names)
        with damage_named(self.root):
            opened, self._left_open = self._left_open, None
            if opened is None or opened[2] != self._stamp():
                opened = self._open()
            archive, members, _ = opened
            with archive, self.root.open("rb") as file:
                require(self.root, wanted - members.keys())
                for name, info in members.items():
                    if name in wanted:
                        yield name, _content(file, info)

    def _open(self) -> "_Opened":
        stamp = self._stamp()
        archive = zipfile.ZipFile(self.root)
        return archive, self._members(archive), stamp

    def _stamp(self) -> tuple[int, int]:
        status = self.root.stat()
        return status.st_size, status.st_mtime_ns

    def _members(self, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
        """The checked entries by their names, folders left out."""
        census = Census(self.root, self._limits)
        members, packed = {}, self.root.stat().st_size
        for info in archive.infolist():
            # zipfile cuts a name at NUL and may replace backslashes: look at what is written.
            name = census.name(info.orig_filename)
            if not info.is_dir():
                self._check_kind(info)
                census.add(name, info.file_size)
                self._check_ratio(info, packed)
                members[name] = info
        if census.total > max(RATIO_FROM_BYTES, self._limits.ratio * packed):
            raise refused(self.root, f"it would unpack to over {self._limits.ratio} times its size")
        return members

    def _check_kind(self, info: zipfile.ZipInfo) -> None:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            what = "is a link" if kind == stat.S_IFLNK else "is not a plain file"
            raise refused_entry(self.root, info.filename, what)
        if info.flag_bits & _ENCRYPTED:
            what = "is encrypted (unpack it with its password and make the zip again without)"
            raise refused_entry(self.root, info.filename, what)
        # zipfile unpacks the other methods without a bound on what comes out.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            what = "is not stored or deflated (make the zip again in the usual way)"
            raise refused_entry(self.root, info.filename, what)

    def _check_ratio(self, info: zipfile.ZipInfo, packed: int) -> None:
        if info.compress_size > packed:
            raise refused_entry(self.root, info.filename, "claims to be larger than the archive")
        allowed = max(RATIO_FROM_BYTES, self._limits.ratio * info.compress_size)
        if info.file_size > allowed:
            what = f"would unpack to over {self._limits.ratio} times its size"
            raise refused_entry(self.root, info.filename, what)


def _content(file: BinaryIO, info: zipfile.ZipInfo) -> bytes:
    """An entry, whose place and size the table of the archive tells; at most that much comes out.

    `ZipFile.open` does the same, and takes half as long for it as decoding a small picture does.
    """
    file.seek(info.header_offset)
    head = file.read(_LOCAL.size)
    signature, *_, name_size, extra_size = _LOCAL.unpack(head.ljust(_LOCAL.size, b"\0"))
    name = file.read(name_size).decode("utf-8" if info.flag_bits & _UTF8 else "cp437")
    if signature != b"PK\x03\x04" or name != info.orig_filename:
        raise zipfile.BadZipFile(f"{info.filename!r} is not where the table says")
    file.seek(extra_size, 1)
    content = file.read(info.compress_size)
    if info.compress_type == zipfile.ZIP_DEFLATED:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, info.file_size + 1)
    if len(content) < info.file_size:
        raise EOFError(f"{info.filename!r} is shorter than its header says")
    if len(content) > info.file_size or zlib.crc32(content) != info.CRC:
        raise zipfile.BadZipFile(f"{info.filename!r} is not what its sum says")
    return content


class TarFiles:
    """The files of a tar archive, plain or packed with gz, bz2, xz or zst; implements `Files`.

    A tar has no table of contents: each `entries()` and each `read()` is one pass over all of it.
    """

    def __init__(self, path: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> None:
        self.root = path
        self._limits = limits

    def entries(self) -> list[Entry]:
        """All files, sorted by name. Raises `RetinueError` for a damaged or unsafe archive."""
        with damage_named(self.root):
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
        with damage_named(self.root):
            for name, size, stream in self._walk():
                if name in wanted:
                    wanted.remove(name)
                    yield name, stream.take(size)
            require(self.root, wanted)

    def _walk(self) -> Iterator[tuple[str, int, "_TarStream"]]:
        """Name and size of each file, with the stream standing at its content."""
        census = Census(self.root, self._limits)
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
            raise refused_entry(self.root, info.name, what)


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
            raise refused(self._path, f"a header at byte {self._header_from} is too long")
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
            raise refused(self._path, f"it unpacks to over {in_words(self._limits.total_bytes)}")
        packed = self._packed.tell()
        if self._position > max(RATIO_FROM_BYTES, self._limits.ratio * packed):
            raise refused(self._path, f"it unpacks to over {self._limits.ratio} times its size")
        return data


def is_tar(path: Path) -> bool:
    """Whether a file starts, unpacked if need be, with the header of a tar entry.

    tarfile.is_tarfile reads on for as long as that header says; here 512 bytes decide.
    """
    try:
        with path.open("rb") as packed, _unpacked(packed) as unpacked:
            block = unpacked.read(tarfile.BLOCKSIZE)
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except DAMAGE:
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
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return _unpacked_zstd(packed)
    return packed


def _unpacked_zstd(packed: io.BufferedReader) -> io.BufferedIOBase:
    try:
        zstd = import_module(ZSTD)
    except ImportError:
        raise RetinueError(
            f"{packed.name} is packed with zstd, which Python knows from 3.14 on: unpack it first "
            "(zstd -d), or pack it with gzip"
        ) from None
    unpacked: io.BufferedIOBase = zstd.ZstdFile(packed)
    return unpacked
