"""Decoded pictures, kept as one memory-mapped array so that each is decoded once.

The key is made of the pictures' digests and the rules of decoding, so the same pictures serve a
folder, its zip and its CSV alike. Digests are remembered by path, size and modification time:
a second run reads no picture.
"""

import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import PIL
from platformdirs import user_cache_path

from retinue import images
from retinue.data.files import Entry, Files
from retinue.errors import PictureError, RetinueError
from retinue.images import Pixels, Preprocess
from retinue.writing import write_json

Progress = Callable[[str, int, int], None]
Result = TypeVar("Result")

IN_MEMORY = 2**30  # bytes; a larger store stays on the disk, memory-mapped
_WINDOW = 64  # pictures read ahead of the decoders: bounds memory


def cache_folder() -> Path:
    """Where downloads and decoded pictures are kept: $RETINUE_CACHE, or the user's cache folder."""
    named = os.environ.get("RETINUE_CACHE")
    return Path(named) if named else user_cache_path("retinue")


@dataclass(frozen=True)
class Scanned:
    """What one look at a file told: digest, upright size and kind, or the reason it is bad."""

    digest: str
    width: int = 0
    height: int = 0
    grey: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Store:
    """Decoded pictures (M, H, W, C), the row of each digest, and why some digests have none."""

    pictures: Pixels
    rows: Mapping[str, int]
    bad: Mapping[str, str]


def scan(files: Files, entries: Sequence[Entry], progress: Progress | None) -> dict[str, Scanned]:
    """Digest and header of every entry, by name; unchanged files are remembered, not read."""
    name = hashlib.sha256(str(files.root.resolve()).encode()).hexdigest()[:32]
    memory = cache_folder() / "scans" / f"{name}.json"
    rules = [images.RULES, PIL.__version__]
    known = _remembered(memory, rules)
    found: dict[str, Scanned] = {}
    unread = []
    for entry in entries:
        line = known.get(entry.name)
        if entry.size < 0:
            found[entry.name] = Scanned("", reason="no such file")
        elif line is not None and line[:2] == [entry.size, entry.modified]:
            found[entry.name] = Scanned(*line[2:])
        else:
            unread.append(entry.name)
    if unread:
        looked = _in_threads(_look, files.read(unread))
        for name, scanned in _told(looked, "reading", len(set(unread)), progress):
            found[name] = scanned
        lines = {e.name: [e.size, e.modified, *vars(found[e.name]).values()] for e in entries}
        _try_to_write(memory, {"rules": rules, "files": known | lines})
    return found


def load_store(
    files: Files,
    scanned: Mapping[str, Scanned],
    preprocess: Preprocess,
    progress: Progress | None,
) -> Store:
    """Decode and fit every good picture of a scan, or take them from the cache.

    Pictures with one digest share a row. Where the cache cannot be written, the pictures are kept
    in memory and the next run decodes them again.
    """
    names = {entry.digest: name for name, entry in scanned.items() if not entry.reason}
    folder = cache_folder() / "pictures" / _key(names, preprocess)
    store = _open_store(folder)
    if store is not None:
        return store
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shape = (len(names), *preprocess.stored, preprocess.channels)
    try:
        aside.mkdir(parents=True, exist_ok=True)
        # A memory-mapped file on a disk that fills up would end the process without a word.
        if shutil.disk_usage(aside).free < 1.05 * np.prod(shape, dtype=float):
            raise OSError("the disk is too full")
        pictures: Pixels = np.lib.format.open_memmap(
            aside / "pictures.npy", mode="w+", dtype=np.uint8, shape=shape
        )
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        return _fill(np.zeros(shape, np.uint8), files, names, preprocess, progress)
    try:
        store = _fill(pictures, files, names, preprocess, progress)
        pictures.flush()  # type: ignore[attr-defined]
        write_json(aside / "index.json", {"rows": store.rows, "bad": store.bad})
        _publish(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return _open_store(folder) or store


def _fill(
    pictures: Pixels,
    files: Files,
    names: Mapping[str, str],
    preprocess: Preprocess,
    progress: Progress | None,
) -> Store:
    digests = {name: digest for digest, name in names.items()}
    rows = {digest: row for row, digest in enumerate(sorted(names))}
    bad = {}

    def decode(data: bytes) -> Pixels | str:
        try:
            return preprocess(images.decode(data))
        except PictureError as error:
            return str(error)

    decoded = _in_threads(decode, files.read(list(digests)))
    for name, pixels in _told(decoded, "decoding", len(digests), progress):
        digest = digests[name]
        if isinstance(pixels, str):
            bad[digest] = pixels
            rows.pop(digest)
        else:
            pictures[rows[digest]] = pixels
    return Store(pictures, rows, bad)


def _look(data: bytes) -> Scanned:
    digest = hashlib.sha256(data).hexdigest()
    try:
        header = images.header(data)
    except PictureError as error:
        return Scanned(digest, reason=str(error))
    return Scanned(digest, header.width, header.height, header.grey)


def _in_threads(
    work: Callable[[bytes], Result], contents: Iterable[tuple[str, bytes]]
) -> Iterator[tuple[str, Result]]:
    """Run work on every content, in order, on all cores; Pillow and hashlib release the lock."""
    waiting: deque[tuple[str, Future[Result]]] = deque()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for name, data in contents:
                waiting.append((name, pool.submit(work, data)))
                if len(waiting) > _WINDOW:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _told(
    results: Iterable[tuple[str, Result]], doing: str, total: int, progress: Progress | None
) -> Iterator[tuple[str, Result]]:
    for done, result in enumerate(results, start=1):
        if progress:
            progress(doing, done, total)
        yield result


def _key(digests: Iterable[str], preprocess: Preprocess) -> str:
    # The size of the network's input is left out: only what is stored matters.
    rules = [images.RULES, PIL.__version__, preprocess.stored, preprocess.fit, preprocess.channels]
    text = json.dumps([rules, sorted(digests)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _open_store(folder: Path) -> Store | None:
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        pictures = np.load(folder / "pictures.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    if pictures.nbytes <= IN_MEMORY:
        pictures = np.array(pictures)
    return Store(pictures, index["rows"], index["bad"])


def _publish(aside: Path, folder: Path) -> None:
    """Rename into place; another process that was faster has written the same."""
    if folder.exists() and _open_store(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)  # damaged: make room for a whole one
    try:
        aside.rename(folder)
    except OSError as error:
        if not (folder / "index.json").exists():
            raise RetinueError(f"{folder}: cannot be written: {error}") from None


def _remembered(memory: Path, rules: list[Any]) -> dict[str, list[Any]]:
    try:
        content = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    fits = isinstance(content, dict) and content.get("rules") == rules
    return dict(content["files"]) if fits else {}


def _try_to_write(memory: Path, content: Any) -> None:
    """Remember for the next run; a cache that cannot be written only costs time."""
    try:
        write_json(memory, content)
    except OSError:
        return
