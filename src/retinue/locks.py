"""A lock on a folder, which the system lets go of when its holder dies, however it dies."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

fcntl = import_module("fcntl") if find_spec("fcntl") else None  # Windows has none

NAME = ".lock"
# What file systems answer that know no locks, such as some network folders.
_WITHOUT = (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS)


class HeldError(Exception):
    """Another process holds the lock."""


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock; gives whether locks are known here, for nothing is held where not.

    Raises:
        HeldError: another process, or another place in this one, holds it.
    """
    file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        yield _take(file)
    finally:
        os.close(file)


def is_held(folder: Path) -> bool | None:
    """Whether somebody holds the folder's lock; None where that cannot be told."""
    try:
        file = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return False if _take(file, shared=True) else None
    except HeldError:
        return True
    finally:
        os.close(file)


def _take(file: int, shared: bool = False) -> bool:
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HeldError from None
    except OSError as error:
        if error.errno in _WITHOUT:
            return False
        raise
    return True
