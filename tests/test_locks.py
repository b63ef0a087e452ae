"""A lock that ends with its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from retinue import locks
from retinue.locks import HeldError, held, is_held

HOLDER = """
import sys, time
from pathlib import Path
from retinue.locks import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_nobody_else_gets_what_is_held(tmp_path: Path) -> None:
    with held(tmp_path) as known:
        assert known
        assert is_held(tmp_path)
        with pytest.raises(HeldError), held(tmp_path):
            pass
    assert is_held(tmp_path) is False
    with held(tmp_path):
        pass


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    assert is_held(tmp_path)
    process.kill()
    process.communicate()
    assert is_held(tmp_path) is False


def test_a_folder_that_was_never_held_tells_nothing(tmp_path: Path) -> None:
    assert is_held(tmp_path) is None


def test_without_locks_nothing_is_held_and_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Without:
        LOCK_EX = LOCK_SH = LOCK_NB = 0

        @staticmethod
        def flock(*_: object) -> None:
            raise OSError(37, "No locks available")

    for absent in (None, Without):
        monkeypatch.setattr(locks, "fcntl", absent)
        with held(tmp_path) as known:
            assert not known
            assert is_held(tmp_path) is None
