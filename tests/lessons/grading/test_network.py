import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retinue.lessons.grading import linux, network
from retinue.lessons.grading.network import Apart, part, ways

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are of Linux")


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    ways.cache_clear()
    yield
    ways.cache_clear()


def forbid(flags: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system forbid namespaces of a kind, as some do."""

    def refuse(asked: int) -> None:
        if asked & flags:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(linux, "unshare", refuse)


def test_where_all_is_forbidden_it_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(linux.NEW_NETWORK, monkeypatch)
    assert part() == Apart(reason="the system forbids it: Operation not permitted")


def test_where_users_are_forbidden_root_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(linux.NEW_USER, monkeypatch)
    found = ways()
    assert found.flags & linux.NEW_NETWORK
    assert not found.flags & linux.NEW_USER


def test_what_fails_half_way_leaves_this_process_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: int) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(linux, "be_own_user", fail)
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(linux, "NEW_NETWORK", linux.NEW_USER)
    before = Path("/proc/self/ns/user").readlink()
    assert ways().reason == "the system forbids it: Permission denied"
    assert Path("/proc/self/ns/user").readlink() == before


def test_other_systems_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert part() == Apart(reason="darwin has no namespaces")


def test_what_python_needs_is_never_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert network._is_needed(Path(sys.prefix).parent)
    assert not network._is_needed(tmp_path)
    monkeypatch.setenv("RETINUE_DATA_ROOT", str(tmp_path / "data"))
    assert network._is_needed(tmp_path)
