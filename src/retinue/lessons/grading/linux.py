"""System calls of Linux for which Python has no function of its own in all its versions."""

import ctypes
import os
import signal
from pathlib import Path

# /usr/include/linux/sched.h, mount.h, prctl.h, capability.h
NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = (
    0x00020000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _BIND, _ALL, _PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
_DIE_WITH_PARENT, _TAKE_ORPHANS, _NO_MORE_RIGHTS = 1, 36, 38
_MOUNT_SETATTR = 442  # the same number on every processor
_HERE, _RECURSIVE = -100, 0x8000
_CAPABILITIES_V3 = 0x20080522
NOBODY = 65534


def unshare(flags: int) -> None:
    """Give this process namespaces of its own. Raises OSError where that is forbidden."""
    _call(_libc().unshare, ctypes.c_int(flags))


def be_own_user(user: int, group: int) -> None:
    """In a new user namespace, be whom one was: nobody else has a number there."""
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def let_be_two(number: int) -> None:
    """As root: let a process, in a new user namespace, be root and also whom nobody knows."""
    users = f"0 0 1\n{NOBODY} {NOBODY} 1"
    Path(f"/proc/{number}/uid_map").write_text(users, encoding="ascii")
    Path(f"/proc/{number}/gid_map").write_text("0 0 1", encoding="ascii")


def count_as_nobody() -> None:
    """Be counted as nobody's from now on, for root may make processes without end.

    Files are still opened as root. In a user namespace allowed after `let_be_two`.
    """
    os.setresuid(NOBODY, -1, -1)


def keep_mounts_private() -> None:
    """Let nobody outside see what is mounted from now on."""
    _mount(None, "/", None, _ALL | _PRIVATE)


def mount_memory(place: Path, room: int) -> None:
    """Lay an empty folder over a folder; so many bytes fit into it, and it goes with its users."""
    _mount("tmpfs", str(place), "tmpfs", _NO_SETUID | _NO_DEVICES, f"size={room},mode=777")


def mount_nothing(place: Path) -> None:
    """Lay an empty folder over a folder, or an empty file over a file, closed to writing."""
    if place.is_dir():
        flags = _READ_ONLY | _NO_SETUID | _NO_DEVICES
        _mount("tmpfs", str(place), "tmpfs", flags, "size=4k,mode=500")
    else:
        _mount("/dev/null", str(place), None, _BIND)


def mount_processes() -> None:
    """Show only the processes of this namespace below /proc."""
    _mount("proc", "/proc", "proc", _NO_SETUID | _NO_DEVICES)


def make_all_read_only() -> None:
    """Close everything that is mounted now to writing (Linux 5.12)."""
    wanted = (ctypes.c_uint64 * 4)(_READ_ONLY, 0, 0, 0)  # set, cleared, propagation, user
    _call(
        _libc().syscall,
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_HERE),
        ctypes.c_char_p(b"/"),
        ctypes.c_uint(_RECURSIVE),
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )


def drop_rights() -> None:
    """Give up what a new user namespace brings, and what programs with special rights would."""
    _prctl(_NO_MORE_RIGHTS, 1)
    head = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    _call(_libc().capset, ctypes.byref(head), ctypes.byref((ctypes.c_uint32 * 6)()))


def die_with_parent() -> None:
    """Be killed when the process that made this one ends, however it ends."""
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def take_orphans() -> None:
    """Become the parent of all processes below whose own has ended."""
    _prctl(_TAKE_ORPHANS, 1)


def _prctl(option: int, value: int) -> None:
    number = ctypes.c_ulong
    _call(_libc().prctl, ctypes.c_int(option), number(value), number(0), number(0), number(0))


def _mount(source: str | None, place: str, kind: str | None, flags: int, options: str = "") -> None:
    words = [None if one is None else os.fsencode(one) for one in (source, place, kind)]
    flag = ctypes.c_ulong(flags)
    _call(_libc().mount, *map(ctypes.c_char_p, words), flag, ctypes.c_char_p(options.encode()))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(function: "ctypes._NamedFuncPointer", *arguments: object) -> None:
    if function(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
