"""A process without a network, and without much else of the machine: namespaces of Linux.

Nothing is patched: in a new network namespace there is no device that leads anywhere, whatever a
program calls. Where the system has or allows no namespaces (macOS, Windows, some containers), the
process goes on with what there is, and `Apart` says what could not be taken away.
"""

import errno
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from retinue.lessons.grading import linux
from retinue.lessons.material import ROOT

_OF_SYSTEM = linux.NEW_MOUNTS | linux.NEW_IPC | linux.NEW_PROCESSES


@dataclass(frozen=True)
class Apart:
    """What a process was kept away from.

    Args:
        network: no network can be reached.
        processes: others are not seen, and all that it starts end with it.
        files: only its own folders can be written, and the hidden ones cannot be read.
        is_own_user: its processes are counted apart from the user's others.
        reason: why the network could not be taken away; empty where it could.
    """

    network: bool = False
    processes: bool = False
    files: bool = False
    is_own_user: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Ways:
    """Which namespaces this system gives: flags for `unshare`, none where it gives none."""

    flags: int = 0
    reason: str = ""


@cache
def ways() -> Ways:
    """Try it out, in a process that ends with it; to be asked before there are threads."""
    if sys.platform != "linux":
        return Ways(reason=f"{sys.platform} has no namespaces")
    number = 0
    # With a user namespace even root is nobody special outside; some systems forbid it to others.
    for flags in (linux.NEW_USER | linux.NEW_NETWORK | _OF_SYSTEM, linux.NEW_NETWORK | _OF_SYSTEM):
        failed = _tried(flags)
        if not failed:
            return Ways(flags)
        number = number or failed
    return Ways(reason=f"the system forbids it: {os.strerror(number)}")


def part() -> Apart:
    """Leave the network and, for processes made from now on, the system's others, if possible."""
    found = ways()
    if not found.flags:
        return Apart(reason=found.reason)
    _leave(found.flags)
    is_own_user = bool(found.flags & linux.NEW_USER)
    return Apart(_is_without_network(), processes=True, is_own_user=is_own_user)


def _tried(flags: int) -> int:
    """0 where a process can leave by these flags, else the number of the error."""
    number = os.fork()
    if number == 0:
        code = errno.EIO
        try:
            _leave(flags)
            code = 0
        except OSError as error:
            code = error.errno or code
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def _leave(flags: int) -> None:
    user, group = os.getuid(), os.getgid()
    if not flags & linux.NEW_USER:
        linux.unshare(flags)
    elif user:
        linux.unshare(flags)
        linux.be_own_user(user, group)
    else:
        _leave_as_root(flags)


def _leave_as_root(flags: int) -> None:
    """Leave, and let a process that stays behind say who one is: only from outside it may."""
    read, write = os.pipe()
    own = os.getpid()
    number = os.fork()
    if number == 0:
        code = 1
        try:
            os.close(write)
            if os.read(read, 1):
                linux.let_be_two(own)
                code = 0
        finally:
            os._exit(code)
    os.close(read)
    try:
        linux.unshare(flags)
        os.write(write, b"1")
    finally:
        os.close(write)
        failed = os.waitpid(number, 0)[1]
    if failed:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def close_files(place: Path, hidden: Sequence[Path], room: int) -> bool:
    """Close all files to writing but those below `place` and of the temporary folder, both empty.

    To be called by the first process that is made after `part`.

    Args:
        place: a folder, made anew.
        hidden: files and folders that shall not be read.
        room: how many bytes may be written in all.

    Returns:
        whether it could be done.
    """
    try:
        temporary = Path(tempfile.gettempdir()).resolve()  # found by writing, so while one can
        place = place.resolve()
        linux.keep_mounts_private()
        for one in hidden:
            if one.exists() and not _is_needed(one):
                _hide(one, (place, temporary), room)
        for one in (temporary, place):
            one.mkdir(parents=True, exist_ok=True)
        linux.make_all_read_only()
        linux.mount_memory(place, room)
        if not _is_needed(temporary):
            linux.mount_memory(temporary, room)  # over the place too, if that lies in it
            place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    for also in (lambda: linux.mount_memory(Path("/dev/shm"), room), linux.mount_processes):  # noqa: S108
        _try(also)
    return True


def _hide(one: Path, used: Sequence[Path], room: int) -> None:
    """Lay nothing over a file or folder; where folders that are used lie in it, room for these."""
    if any(one.resolve() in (place, *place.parents) for place in used):
        linux.mount_memory(one, room)
    else:
        linux.mount_nothing(one)


def _is_without_network() -> bool:
    """Whether the only device is the one that leads back to the machine, which is switched off."""
    return all(name == "lo" for _, name in socket.if_nameindex())


def _is_needed(place: Path) -> bool:
    """Whether modules or data sets are read from there."""
    real = place.resolve()
    needed = [sys.prefix, sys.base_prefix, sys.executable, *(one for one in sys.path if one)]
    needed += [os.environ[ROOT]] if ROOT in os.environ else []
    return any(real == one or real in one.parents for one in map(_resolved, needed))


def _resolved(path: str) -> Path:
    return Path(path).resolve()


def _try(function: Callable[[], None]) -> None:
    with suppress(OSError):
        function()
