"""Mutated picture files through the decoder: what comes of each, and how long the longest took.

    python -m benchmarks.fuzz --write           20,000 files under a limit of 1 GiB
    python -m benchmarks.fuzz --smoke           some hundred

Every file is decoded as training and prediction decode it. A crash of this process, a reason that
nobody can read, or an exception that is no PictureError ends the run with an error.
"""

import argparse
import os
import re
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread would reserve address space

import numpy as np
from PIL import Image

from benchmarks import arrays, document
from retinue.errors import PictureError
from retinue.images import Limits, Preprocess, header_and_pixels

GIB = 2**30
LIMITS = Limits(seconds=5)
SHOWN, LONGEST = 25, 60  # reasons in the table, and letters of each
SLACK = 2.0  # seconds over the deadline, for a process to be killed and noticed
RULE = Preprocess((32, 32), (37, 37), "crop", 3)
KINDS: dict[str, list[dict[str, Any]]] = {
    "JPEG": [{"quality": 80}, {"progressive": True}, {"exif": b"Exif\0\0" + bytes(200)}],
    "PNG": [{}, {"compress_level": 0}],
    "GIF": [{}, {"save_all": True, "append_images": "self"}],
    "BMP": [{}],
    "WEBP": [{"lossless": True}, {"quality": 60}, {"save_all": True, "append_images": "self"}],
    "TIFF": [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_deflate"},
             {"compression": "jpeg"}, {"compression": "packbits"}],
}  # fmt: skip


def main() -> int:
    """Decode them all, and print a table of what came of them."""
    asked = _arguments()
    _bound_memory(asked.memory)
    count = 300 if asked.smoke else asked.count
    outcomes: Counter[str] = Counter()
    longest, began = 0.0, time.monotonic()
    sources = [*_generated(), *_real(asked.data_root)]
    for name, data in mutated(sources, count, asked.seed):
        started = time.monotonic()
        outcome = _outcome(data)
        took = time.monotonic() - started
        if took > LIMITS.seconds + SLACK:
            print(f"{name}: took {took:.1f} seconds", file=sys.stderr)
            return 1
        longest = max(longest, took)
        outcomes[outcome] += 1
    lines = ["| what came of it | files |", "|---|---|"]
    shown = outcomes.most_common(SHOWN)
    lines += [f"| {what.replace('|', '/')} | {number:,} |" for what, number in shown]
    if rest := outcomes.total() - sum(number for _, number in shown):
        lines.append(f"| {len(outcomes) - SHOWN} other reasons | {rest:,} |")
    text = "\n".join(lines) + (
        f"\n\n{count:,} files made of {len(sources)}, in {time.monotonic() - began:.0f} s, under a "
        f"limit of {asked.memory / GIB:g} GiB; the longest took {longest:.2f} s. No crash, no file "
        "over the deadline, no other exception."
    )
    print(text)
    if asked.write:
        document.replace_part(asked.document, "fuzz", text)
    return 0


def mutated(sources: list[tuple[str, bytes]], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield so many (name, bytes), each some source with something changed."""
    draws = np.random.default_rng(seed)
    for number in range(count):
        name, data = sources[int(draws.integers(len(sources)))]
        changed = bytearray(data)
        for _ in range(int(draws.integers(1, 4))):
            MUTATIONS[int(draws.integers(len(MUTATIONS)))](changed, draws)
        if draws.random() < 0.5:
            _mend_sums(changed)
        yield f"{number}: {name}", bytes(changed)


def _flip(data: bytearray, draws: np.random.Generator) -> None:
    """Some bytes become others."""
    for position in draws.integers(0, max(1, len(data)), int(draws.integers(1, 20))):
        if len(data):
            data[position] = int(draws.integers(256))


def _extreme(data: bytearray, draws: np.random.Generator) -> None:
    """A number in the first bytes becomes the largest or the least there is."""
    position = int(draws.integers(0, max(1, min(len(data), 200))))
    data[position : position + 4] = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff")[
        int(draws.integers(3))
    ]


def _cut(data: bytearray, draws: np.random.Generator) -> None:
    """The rest is missing."""
    del data[int(draws.integers(0, max(1, len(data)))) :]


def _lose(data: bytearray, draws: np.random.Generator) -> None:
    """A part is missing."""
    start = int(draws.integers(0, max(1, len(data))))
    del data[start : start + int(draws.integers(1, 100))]


def _repeat(data: bytearray, draws: np.random.Generator) -> None:
    """A part comes many times."""
    start = int(draws.integers(0, max(1, len(data))))
    part = bytes(data[start : start + int(draws.integers(1, 400))])
    data[start:start] = part * int(draws.integers(1, 50))


MUTATIONS = (_flip, _flip, _extreme, _cut, _lose, _repeat)


def _mend_sums(data: bytearray) -> None:
    """Give the chunks of a PNG right sums again, so that damage gets past that check."""
    position = 8
    while data[:4] == b"\x89PNG" and position + 12 <= len(data):
        size = struct.unpack(">I", data[position : position + 4])[0]
        end = position + 8 + size
        if end + 4 > len(data):
            return
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[position + 4 : end]))
        position = end + 4


def _outcome(data: bytes) -> str:
    """`pixels`, or the kind of reason for none, without the numbers and names in it."""
    try:
        _, found = header_and_pixels(data, RULE, LIMITS)
    except PictureError as error:
        found = error
    if not isinstance(found, PictureError):
        return "pixels"
    reason = str(found)
    if not reason.strip() or not reason.isprintable():
        raise AssertionError(f"a reason that nobody can read: {reason!r}")
    return re.sub(r"\d[\d,.]*|0x[0-9a-f]+|'.*'", "N", reason)[:LONGEST]


def _generated() -> list[tuple[str, bytes]]:
    draws = np.random.default_rng(0)
    found = []
    for mode, shape in (("RGB", (40, 56, 3)), ("L", (33, 20))):
        noisy = draws.integers(0, 256, shape, dtype=np.uint8)
        picture = Image.fromarray(noisy).resize((60, 44), Image.Resampling.BICUBIC)
        for kind, variants in KINDS.items():
            for number, options in enumerate(variants):
                more = {"append_images": [picture] * 3} if "append_images" in options else {}
                file = BytesIO()
                picture.save(file, kind, **{**options, **more})
                found.append((f"{mode} {kind} {number}", file.getvalue()))
    return found


def _real(root: Path) -> list[tuple[str, bytes]]:
    folder = root / "decode"
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))
    return [(path.name, path.read_bytes()) for path in files]


def _bound_memory(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", type=int, default=GIB, help="bytes")
    parser.add_argument("--smoke", action="store_true", help="some hundred")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    return document.parse(parser, "into the document")


if __name__ == "__main__":
    sys.exit(main())
