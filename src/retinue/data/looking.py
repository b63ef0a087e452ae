"""One look at a picture file: its digest, its header, and its pixels as they are stored.

Imports neither torch nor anything else that is slow to start, for worker processes run this.
"""

import hashlib
import json
import math
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import IO, Any

import numpy as np

from retinue import images
from retinue.errors import PictureError
from retinue.images import Pixels, Preprocess


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the header of a file told, with its digest, or the reason it is bad.

    What is `passing`, as a want of memory, is a reason now and not to be remembered.
    """

    digest: str
    width: int = 0
    height: int = 0
    grey: bool = False
    reason: str = ""
    passing: bool = False

    @property
    def fields(self) -> list[Any]:
        """What `Scanned(*fields)` makes again."""
        return [self.digest, self.width, self.height, self.grey, self.reason, self.passing]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look told; `pixels` (H, W, C) are as stored, or there is a reason for none."""

    scanned: Scanned
    pixels: Pixels | None = None
    reason: str = ""


def look(data: bytes, preprocess: Preprocess) -> Look:
    """Digest, header and pixels of one file's bytes."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        header, pixels = images.header_and_pixels(data, preprocess)
    except PictureError as error:
        return Look(Scanned(digest, reason=str(error), passing=error.passing))
    scanned = Scanned(digest, header.width, header.height, header.grey)
    if isinstance(pixels, PictureError):
        if pixels.passing:
            return Look(Scanned(digest, reason=str(pixels), passing=True))
        return Look(scanned, reason=str(pixels))
    return Look(scanned, pixels)


def look_at_all(contents: Sequence[bytes], preprocess: Preprocess) -> list[Look]:
    """`look` at some files."""
    with images.quiet():
        return [look(data, preprocess) for data in contents]


# What a worker process is asked and answers: a line of JSON, and after it the bytes that it tells.


def write_question(stream: IO[bytes], contents: Sequence[bytes], preprocess: Preprocess) -> None:
    """Send files to a worker."""
    _write(stream, [preprocess.as_dict(), [len(data) for data in contents]], b"".join(contents))


def read_answer(stream: IO[bytes], preprocess: Preprocess) -> list[Look]:
    """Receive what a worker saw in them.

    Raises:
        EOFError: the worker ended.
    """
    told = json.loads(_line(stream))
    count = sum(has_pixels for _, has_pixels, _ in told)
    body = _exactly(stream, count * math.prod(preprocess.shape))
    pictures = iter(np.frombuffer(body, np.uint8).reshape(count, *preprocess.shape))
    return [
        Look(Scanned(*fields), next(pictures) if has_pixels else None, reason)
        for fields, has_pixels, reason in told
    ]


def serve() -> None:
    """Answer questions from standard input on standard output until there are no more."""
    # The parent decides what Ctrl-C means, and ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions = sys.stdin.buffer
    # Whatever else prints in this process must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _write(answers, "ready", b"")
    while line := questions.readline():
        settings, sizes = json.loads(line)
        preprocess = Preprocess.from_dict(settings)
        body = memoryview(_exactly(questions, sum(sizes)))
        ends = list(accumulate(sizes))
        files = [bytes(body[end - size : end]) for end, size in zip(ends, sizes, strict=True)]
        looks = look_at_all(files, preprocess)
        told = [[one.scanned.fields, one.pixels is not None, one.reason] for one in looks]
        _write(answers, told, b"".join(one.pixels.data for one in looks if one.pixels is not None))


def read_ready(stream: IO[bytes]) -> bool:
    """Whether a worker that was started says that it can be asked."""
    return stream.readline() == b'"ready"\n'


def _write(stream: IO[bytes], head: Any, body: bytes) -> None:
    stream.write(json.dumps(head).encode() + b"\n")
    stream.write(body)
    stream.flush()


def _line(stream: IO[bytes]) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the other side has ended")
    return line


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError("the other side has ended")
    return data
