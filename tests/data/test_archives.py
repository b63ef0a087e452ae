"""Hostile and damaged archives are refused by name; beside each stands one that reads."""

import gzip
import io
import re
import struct
import sys
import tarfile
import time
import types
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from retinue.data.archives import TarFiles, ZipFiles, is_tar
from retinue.data.files import Files, open_files
from retinue.data.refusals import ArchiveLimits
from retinue.errors import RetinueError

PICTURES = {"cat/a.jpg": b"first", "cat/b.jpg": b"second" * 1000, "dog/c.jpg": b""}
NOISE = bytes((i * i * 7919 >> 5) & 255 for i in range(20_000))
MODES = ["", "gz", "bz2", "xz"]


def make_zip(path: Path, pictures: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (PICTURES if pictures is None else pictures).items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, pictures: dict[str, bytes] | None = None, mode: str = "") -> Path:
    chosen = PICTURES if pictures is None else pictures
    members = [(file_info(name, len(content)), content) for name, content in chosen.items()]
    return tar_of(path, members, mode)


def tar_of(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "") -> Path:
    with tarfile.open(path, f"w:{mode}") as archive:  # type: ignore[call-overload]
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def file_info(name: str, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def contents(files: Files) -> dict[str, bytes]:
    return dict(files.read([entry.name for entry in files.entries()]))


def refuses(files: Files, *words: str) -> None:
    """Listing and reading both fail, with one line that names the archive and the words."""
    for attempt in (files.entries, lambda: list(files.read(["cat/a.jpg"]))):
        with pytest.raises(RetinueError) as caught:
            attempt()
        text = str(caught.value)
        assert "\n" not in text
        assert str(files.root) in text
        for word in words:
            assert word in text


MAKERS: dict[str, Callable[[Path], Files]] = {
    "zip": lambda folder: ZipFiles(make_zip(folder / "a.zip")),
    **{
        f"tar.{mode}": lambda folder, mode=mode: TarFiles(make_tar(folder / "a.tar", mode=mode))  # type: ignore[misc]
        for mode in MODES
    },
}


@pytest.mark.parametrize("kind", MAKERS)
def test_good_archives_are_listed_and_read(tmp_path: Path, kind: str) -> None:
    files = MAKERS[kind](tmp_path)
    entries = files.entries()
    assert [entry.name for entry in entries] == sorted(PICTURES)
    assert [entry.size for entry in entries] == [len(PICTURES[name]) for name in sorted(PICTURES)]
    assert {entry.modified for entry in entries} == {files.root.stat().st_mtime_ns}
    assert contents(files) == PICTURES


@pytest.mark.parametrize("kind", MAKERS)
def test_a_missing_entry_is_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RetinueError, match=r"has no entry 'gone\.jpg'"):
        list(MAKERS[kind](tmp_path).read(["cat/a.jpg", "gone.jpg"]))


def test_the_table_of_a_zip_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat/1.png", b"one")
    opened = []
    inner = zipfile.ZipFile

    def counting(path: Path) -> zipfile.ZipFile:
        opened.append(inner(path))
        return opened[-1]

    monkeypatch.setattr(zipfile, "ZipFile", counting)
    files = ZipFiles(path)
    names = [entry.name for entry in files.entries()]
    assert dict(files.read(names)) == {"cat/1.png": b"one"}
    assert len(opened) == 1
    assert opened[0].fp is None, "it is closed after the pass"
    assert dict(files.read(names)) == {"cat/1.png": b"one"}
    assert len(opened) == 2


def test_a_zip_that_changed_after_its_listing_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    files = ZipFiles(path)
    for content in (b"one", b"other"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("cat/1.png", content)
        if content == b"one":
            files.entries()
    assert dict(files.read(["cat/1.png"])) == {"cat/1.png": b"other"}


def test_entries_come_in_the_archives_order(tmp_path: Path) -> None:
    pictures = {"z": b"1", "a": b"2", "m": b"3"}
    for files in (
        ZipFiles(make_zip(tmp_path / "a.zip", pictures)),
        TarFiles(make_tar(tmp_path / "a.tar", pictures)),
    ):
        assert [name for name, _ in files.read(["a", "m", "z", "a"])] == ["z", "a", "m"]


def test_ignored_files_are_left_out_and_leading_dots_normalised(tmp_path: Path) -> None:
    pictures = {"./cat/a.jpg": b"x", "__MACOSX/cat/._a.jpg": b"y", "cat/.DS_Store": b"z"}
    for files in (
        ZipFiles(make_zip(tmp_path / "a.zip", pictures)),
        TarFiles(make_tar(tmp_path / "a.tar", pictures)),
    ):
        assert contents(files) == {"cat/a.jpg": b"x"}


def test_folders_and_long_names_are_fine(tmp_path: Path) -> None:
    long = "folder/" + "é" * 150 + "/" + "b" * 150 + ".jpg"
    folder = tarfile.TarInfo("folder/")
    folder.type = tarfile.DIRTYPE
    path = tar_of(tmp_path / "a.tar", [(folder, b""), (file_info(long, 1), b"x")])
    assert contents(TarFiles(path)) == {long: b"x"}
    zipped = make_zip(tmp_path / "a.zip", {"folder/": b"", long: b"x"})
    assert contents(ZipFiles(zipped)) == {long: b"x"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.jpg", "'..' in its path"),
        ("cat/../../evil.jpg", "'..' in its path"),
        ("/etc/evil.jpg", "absolute path"),
        ("C:/evil.jpg", "absolute path"),
        ("c:evil.jpg", "absolute path"),
        ("cat\\..\\evil.jpg", "backslash"),
        ("\\\\server\\evil.jpg", "backslash"),
        ("evil\n\x1b[31m/../a", "'..' in its path"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str, reason: str) -> None:
    pictures = {"cat/a.jpg": b"x", name: b"y"}
    refuses(ZipFiles(make_zip(tmp_path / "a.zip", pictures)), repr(name), reason)
    refuses(TarFiles(make_tar(tmp_path / "a.tar", pictures)), repr(name), reason)


def test_names_with_nul_or_broken_text_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"cat/a.jpg": b"x", "cat/b@.jpg": b"y"})
    path.write_bytes(path.read_bytes().replace(b"b@.jpg", b"b\0.jpg"))
    refuses(ZipFiles(path), "NUL")
    tar = make_tar(tmp_path / "a.tar", {"cat/a.jpg": b"x", "cat/\udcff.jpg": b"y"})
    refuses(TarFiles(tar), "not valid UTF-8")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a hard link"),
        (tarfile.CHRTYPE, "is a device"),
        (tarfile.BLKTYPE, "is a device"),
        (tarfile.FIFOTYPE, "is a pipe"),
        (b"Z", "is not a plain file"),
    ],
)
def test_what_is_no_plain_file_is_refused_in_a_tar(
    tmp_path: Path, kind: bytes, reason: str
) -> None:
    odd = file_info("cat/odd.jpg")
    odd.type, odd.linkname = kind, "/etc/passwd"
    path = tar_of(tmp_path / "a.tar", [(file_info("cat/a.jpg", 1), b"x"), (odd, b"")])
    refuses(TarFiles(path), "'cat/odd.jpg'", reason)


@pytest.mark.parametrize(("mode", "reason"), [(0o120777, "is a link"), (0o010644, "plain file")])
def test_what_is_no_plain_file_is_refused_in_a_zip(tmp_path: Path, mode: int, reason: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("cat/a.jpg", b"x")
        odd = zipfile.ZipInfo("cat/odd.jpg")
        odd.create_system, odd.external_attr = 3, mode << 16
        archive.writestr(odd, "/etc/passwd")
    refuses(ZipFiles(tmp_path / "a.zip"), "'cat/odd.jpg'", reason)


def test_encrypted_entries_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"cat/a.jpg": b"x"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    refuses(ZipFiles(path), "'cat/a.jpg'", "encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_a_bound_are_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("cat/a.jpg", b"x")
    refuses(ZipFiles(tmp_path / "a.zip"), "'cat/a.jpg'", "not stored or deflated")


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    tar = tar_of(
        tmp_path / "a.tar", [(file_info("cat/a.jpg"), b""), (file_info("./cat//a.jpg"), b"")]
    )
    refuses(TarFiles(tar), "'cat/a.jpg'", "twice")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(5000):
            archive.writestr("cat/a.jpg", b"x")
    started = time.monotonic()
    refuses(ZipFiles(tmp_path / "a.zip"), "'cat/a.jpg'", "twice")
    assert time.monotonic() - started < 2


def both(folder: Path, pictures: dict[str, bytes], limits: ArchiveLimits) -> list[Files]:
    return [
        ZipFiles(make_zip(folder / "a.zip", pictures), limits),
        TarFiles(make_tar(folder / "a.tar.gz", pictures, "gz"), limits),
    ]


def test_limits_are_kept(tmp_path: Path) -> None:
    pictures = {"cat/a.jpg": NOISE[:4000], "cat/b.jpg": NOISE[4000:8000]}
    for files in both(tmp_path, pictures, ArchiveLimits(2, 4000, 20_000, 200)):
        assert contents(files) == pictures
    for files in both(tmp_path, pictures, ArchiveLimits(entries=1)):
        refuses(files, "over 1 entries")
    for files in both(tmp_path, pictures, ArchiveLimits(member_bytes=3999)):
        refuses(files, "'cat/a.jpg'", "is larger than")
    for files in both(tmp_path, pictures, ArchiveLimits(total_bytes=7999)):
        refuses(files, "unpacks to over")


def test_bombs_are_refused_before_they_unpack(tmp_path: Path) -> None:
    bomb = {"cat/a.jpg": bytes(30 * 2**20)}
    for files in both(tmp_path, bomb, ArchiveLimits()):
        assert files.root.stat().st_size < 40_000
        refuses(files, "over 200 times its size")
    for files in both(tmp_path, bomb, ArchiveLimits(ratio=2000)):
        assert contents(files) == bomb


def test_small_files_of_one_colour_are_no_bomb(tmp_path: Path) -> None:
    for files in both(tmp_path, {"cat/a.jpg": bytes(2**20 - 20_000)}, ArchiveLimits()):
        assert len(contents(files)["cat/a.jpg"]) == 2**20 - 20_000


def test_zip_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    # One entry of 900 kB, listed 300 times: small by itself, 270 MB in all.
    path = make_zip(tmp_path / "a.zip", {"a000": bytes(900_000)})
    content = path.read_bytes()
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    records = b"".join(content[start:end].replace(b"a000", f"a{i:03}".encode()) for i in range(300))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 300, 300, len(records), start, 0)
    path.write_bytes(content[:start] + records + tail)
    refuses(ZipFiles(path), "over 200 times its size")


@pytest.mark.parametrize("claim", [1, 5_000_000])
def test_a_zip_header_that_lies_about_a_size_is_caught(tmp_path: Path, claim: int) -> None:
    path = make_zip(tmp_path / "a.zip", {"cat/a.jpg": NOISE})
    files = ZipFiles(path, ArchiveLimits(ratio=10_000))
    assert contents(files) == {"cat/a.jpg": NOISE}
    content = bytearray(path.read_bytes())
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, claim)
    path.write_bytes(content)
    with pytest.raises(RetinueError, match="damaged or cut short"):
        contents(files)


def test_an_entry_packed_larger_than_its_archive_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"cat/a.jpg": NOISE})
    content = bytearray(path.read_bytes())
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 20, 2**32 - 2)
    path.write_bytes(content)
    refuses(ZipFiles(path), "cat/a.jpg", "larger than the archive")


def test_a_tar_header_that_lies_about_a_size_is_caught(tmp_path: Path) -> None:
    for size in (100_000_000, -512):
        info = file_info("cat/a.jpg", size)
        header = info.tobuf(tarfile.GNU_FORMAT)
        path = tmp_path / "a.tar"
        path.write_bytes(header + bytes(4096))
        refuses(TarFiles(path))


def test_a_tar_header_that_is_itself_a_bomb_is_caught(tmp_path: Path) -> None:
    info = file_info("././@LongLink", 50 * 2**20)
    info.type = tarfile.GNUTYPE_LONGNAME
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(info.size + 2048)))
    assert is_tar(path)
    refuses(TarFiles(path), "header at byte 0 is too long")


def test_sparse_tar_entries_are_refused(tmp_path: Path) -> None:
    info = file_info("cat/a.jpg", 512)
    info.pax_headers = {
        "GNU.sparse.map": "0,512",
        "GNU.sparse.size": str(2**40),
        "GNU.sparse.major": "0",
    }
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(bytes(512)))
    refuses(TarFiles(path), "'cat/a.jpg'", "not a plain file")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_tars_are_called_damaged(tmp_path: Path, mode: str, share: float) -> None:
    pictures = {"cat/a.jpg": NOISE, "cat/b.jpg": NOISE[::-1]}
    path = make_tar(tmp_path / "a.tar", pictures, mode)
    content = path.read_bytes()
    # A plain tar is padded with zeros to 10 KiB: cut inside what matters.
    matters = len(content.rstrip(b"\0"))
    path.write_bytes(content[: int(matters * share)])
    refuses(TarFiles(path), "damaged or cut short")


def test_a_tar_cut_between_two_entries_or_damaged_there_is_noticed(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar", {"cat/a.jpg": bytes(512), "cat/b.jpg": b"x"})
    content = path.read_bytes()
    path.write_bytes(content[:1024])
    refuses(TarFiles(path), "no end mark at byte 1024")
    path.write_bytes(content[:1030] + b"?" + content[1031:])
    refuses(TarFiles(path), "no end mark at byte 1024")


ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def test_zst_names_the_way_out_where_python_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    packed = tmp_path / "photos.tar.zst"
    packed.write_bytes(ZSTD_MAGIC + bytes(100))
    with pytest.raises(RetinueError, match=r"photos\.tar\.zst is packed with zstd.*zstd -d"):
        open_files(packed)


def test_zst_is_read_where_python_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Stands in for Python 3.14's module: four bytes to tell it by, then the plain content.
    def opened(file: BinaryIO) -> io.BytesIO:
        assert file.read(4) == ZSTD_MAGIC
        return io.BytesIO(file.read())

    module = types.ModuleType("compression.zstd")
    monkeypatch.setattr(module, "ZstdFile", opened, raising=False)
    monkeypatch.setitem(sys.modules, "compression", types.ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", module)
    packed = tmp_path / "photos.tar.zst"
    packed.write_bytes(ZSTD_MAGIC + make_tar(tmp_path / "plain.tar").read_bytes())
    assert contents(open_files(packed)) == PICTURES


def test_joined_tars_are_noticed(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar")
    path.write_bytes(path.read_bytes() * 2)
    refuses(TarFiles(path), "were several tars joined?")


def test_a_damaged_zip_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"cat/a.jpg": NOISE})
    content = bytearray(path.read_bytes())
    content[100] ^= 255
    path.write_bytes(content)
    with pytest.raises(RetinueError, match=re.escape(f"cannot read {path}")):
        contents(ZipFiles(path))
    path.write_bytes(content[: len(content) // 2])
    refuses(ZipFiles(path), "damaged or cut short")
