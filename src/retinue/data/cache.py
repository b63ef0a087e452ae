"""From picture files to decoded pictures; each file is read and decoded once.

A first pass reads every file once: digest, header, and pixels at the size that the pictures so far
call for. Only where a later picture calls for another size are those before it read again. The key
of the store is made of the pictures' digests and the rules of decoding, so the same pictures serve
a folder, its zip and its CSV alike. Digests are remembered by path, size and modification time: a
second run reads no picture.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import PIL
from platformdirs import user_cache_path

from retinue import images
from retinue.data.files import Entry, Files
from retinue.data.looking import Look, Scanned
from retinue.data.memory import CACHE_MEMORY
from retinue.data.store import Store, StoreWriter, key_of, open_store
from retinue.data.workers import looks, processes_for
from retinue.errors import PictureError
from retinue.images import Preprocess
from retinue.writing import write_text

Progress = Callable[[str, int, int], None]
Rule = Callable[[set[tuple[int, int]], bool], Preprocess]

_PEEKED = 8  # first pictures whose headers the first guess is made from


def cache_folder() -> Path:
    """Where downloads and decoded pictures are kept: $RETINUE_CACHE, or the user's cache folder."""
    named = os.environ.get("RETINUE_CACHE")
    return Path(named) if named else user_cache_path("retinue")


def pictures_folder() -> Path:
    """Where the stores of decoded pictures are."""
    return cache_folder() / "pictures"


@dataclass(frozen=True)
class TakenIn:
    """What became of some files: a scan of each by name, how pictures were brought, their store."""

    scanned: Mapping[str, Scanned]
    preprocess: Preprocess
    store: Store


def take_in(
    files: Files,
    entries: Sequence[Entry],
    rule: Rule,
    cache_memory: int = CACHE_MEMORY,
    progress: Progress | None = None,
) -> TakenIn:
    """Scan every entry, and decode and fit every good picture, or take them from the cache.

    `rule` makes the preprocessing out of the shapes (height, width) of all good pictures and
    whether all are grey. Pictures with one digest share a row. A store of up to `cache_memory`
    bytes is brought into memory; where the cache cannot be written, all are.

    Raises:
        RetinueError: a file cannot be read, the disk is full, or a worker process was killed.
    """
    seen = _Seen(rule)
    memory = _Memory(files)
    for entry in entries:
        known = memory.recall(entry)
        if known is not None:
            seen.add(entry.name, known)
    unread = [entry for entry in entries if entry.name not in seen.scanned]
    with StoreWriter(pictures_folder(), len(entries)) as writer:
        if unread:
            _first_pass(files, unread, seen, writer, progress)
            memory.keep(entries, seen.scanned)
        preprocess = seen.preprocess
        names = {one.digest: name for name, one in seen.scanned.items() if not one.reason}
        folder = pictures_folder() / key_of(_made_from(names, preprocess))
        store = open_store(folder, cache_memory)
        if store is None:
            if seen.written != preprocess:
                writer.begin(preprocess.shape)
            missing = {name: digest for digest, name in names.items() if digest not in writer}
            if missing:
                _decode(files, entries, missing, preprocess, writer, progress)
            store = writer.finish(folder, cache_memory)
    return TakenIn(seen.scanned, preprocess, store)


def _made_from(digests: Iterable[str], preprocess: Preprocess) -> list[Any]:
    """What a store of pictures is known by."""
    # The size of the network's input is left out: only what is stored matters.
    rules = [images.RULES, PIL.__version__, preprocess.stored, preprocess.fit, preprocess.channels]
    return [rules, sorted(digests)]


class _Seen:
    """What is known of the pictures so far, and how they would have to be brought."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._shapes: set[tuple[int, int]] = set()
        self._grey = True
        self.scanned: dict[str, Scanned] = {}
        self.preprocess = rule(set(), True)
        self.written: Preprocess | None = None

    def add(self, name: str, one: Scanned) -> None:
        """Take in what was seen of a file."""
        self.scanned[name] = one
        if not one.reason:
            self.expect((one.height, one.width), one.grey)

    def expect(self, shape: tuple[int, int], grey: bool) -> None:
        """Take in the shape and kind of a good picture."""
        if shape not in self._shapes or (self._grey and not grey):
            self._shapes.add(shape)
            self._grey = self._grey and grey
            self.preprocess = self._rule(self._shapes, self._grey)


def _first_pass(
    files: Files,
    unread: Sequence[Entry],
    seen: _Seen,
    writer: StoreWriter,
    progress: Progress | None,
) -> None:
    """Look at all files that are not remembered; keep pixels while the guess of the size holds."""
    contents = _peeked(files.read([entry.name for entry in unread]), seen)
    processes = processes_for([entry.size for entry in unread])
    seen.written = None
    results = looks(contents, lambda: seen.preprocess, processes)
    for done, (name, followed, look) in enumerate(results, start=1):
        seen.add(name, look.scanned)
        if seen.written != seen.preprocess:
            seen.written = seen.preprocess
            writer.begin(seen.preprocess.shape)
        if followed == seen.preprocess and not look.scanned.reason:
            _write(writer, look.scanned.digest, look)
        if progress:
            progress("reading", done, len(unread))


def _peeked(contents: Iterator[tuple[str, bytes]], seen: _Seen) -> Iterator[tuple[str, bytes]]:
    """The same contents, after a look at the first headers, so that the first guess is good."""
    first = list(islice(contents, _PEEKED))
    for _, data in first:
        try:
            header = images.header(data)
        except PictureError:
            continue
        seen.expect((header.height, header.width), header.grey)
    return chain(first, contents)


def _decode(
    files: Files,
    entries: Sequence[Entry],
    missing: Mapping[str, str],
    preprocess: Preprocess,
    writer: StoreWriter,
    progress: Progress | None,
) -> None:
    """Read and decode what the first pass did not: files by name with their digests."""
    processes = processes_for([entry.size for entry in entries if entry.name in missing])
    results = looks(files.read(list(missing)), lambda: preprocess, processes)
    for done, (name, _, look) in enumerate(results, start=1):
        _write(writer, missing[name], look)
        if progress:
            progress("decoding", done, len(missing))


def _write(writer: StoreWriter, digest: str, look: Look) -> None:
    if digest in writer:
        return  # a copy of a picture that has its row
    if look.pixels is not None:
        writer.add(digest, look.pixels)
    else:
        writer.reject(digest, look.reason or look.scanned.reason)


class _Memory:
    """What was seen of the files of one source in earlier runs."""

    def __init__(self, files: Files) -> None:
        name = hashlib.sha256(str(files.root.resolve()).encode()).hexdigest()[:32]
        self._path = cache_folder() / "scans" / f"{name}.json"
        self._rules = [images.RULES, PIL.__version__]
        self._lines = self._read()

    def recall(self, entry: Entry) -> Scanned | None:
        """What was seen of a file, if it has not changed since."""
        if entry.size < 0:
            return Scanned("", reason="no such file")
        line = self._lines.get(entry.name)
        if line is None or line[:2] != [entry.size, entry.modified]:
            return None
        return Scanned(*line[2:])

    def keep(self, entries: Sequence[Entry], scanned: Mapping[str, Scanned]) -> None:
        """Remember for the next run; a cache that cannot be written only costs time."""
        for entry in entries:
            one = scanned[entry.name]
            if not one.passing:
                self._lines[entry.name] = [entry.size, entry.modified, *one.fields]
        with suppress(OSError):
            # Not write_json: without indentation this takes a tenth of the time.
            text = json.dumps({"rules": self._rules, "files": self._lines}, ensure_ascii=False)
            write_text(self._path, text)

    def _read(self) -> dict[str, list[Any]]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        fits = isinstance(content, dict) and content.get("rules") == self._rules
        return dict(content["files"]) if fits else {}
