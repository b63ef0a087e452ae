"""How a notebook's process tells what happens: lines of JSON, each written at once."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_SPARE = 2  # copies of the way out, for code that closes what it finds open


class Teller:
    """The way out: lines of JSON to a file descriptor, and copies of it in case it is closed."""

    def __init__(self, way_out: int) -> None:
        self._number = os.getpid()
        copies = [_high_copy(way_out, 900 + number) for number in range(_SPARE)]
        self._ways = [way_out, *(one for one in copies if one is not None)]
        self._is = _identity(way_out)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Tell an event; where all ways are closed, or this is a fork, there is nobody to tell."""
        if os.getpid() != self._number:
            return
        line = f"{json.dumps(event)}\n".encode()
        for way in self._ways:
            if self._is is None or _identity(way) == self._is:
                with suppress(OSError):
                    while line:
                        line = line[os.write(way, line) :]
                return


def _high_copy(number: int, at_least: int) -> int | None:
    try:
        import fcntl

        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, at_least)
    except (ImportError, OSError):
        return None


def _identity(number: int) -> tuple[int, int] | None:
    """What is behind a file descriptor, which a cell may have closed, and opened anew."""
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)
