import os
import subprocess
import sys

import pytest

from retinue.lessons.grading.watching import descendants, memory_of, own_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
MIB = 2**20
_GREEDY = """
import os, sys
x = b"1" * (40 * 2**20)
if os.fork() == 0:
    y = b"2" * (40 * 2**20)
print("there", flush=True)
sys.stdin.read()
"""


def test_memory_of_several_is_counted_and_what_they_share_once() -> None:
    command = [sys.executable, "-c", _GREEDY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == process.stdout.readline() == b"there\n"
        found = descendants(process.pid)
        assert len(found) == 2
        assert 120 * MIB < memory_of(found, 0, 1000 * MIB) < 170 * MIB  # coarse: shared ones twice
        assert 80 * MIB < memory_of(found, 0, 0) < 110 * MIB
        assert memory_of(found, 50 * MIB, 0) < 60 * MIB
        process.communicate()


def test_processes_that_are_gone_hold_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert descendants(process.pid) == [process.pid]
    assert memory_of([process.pid], 0, 0) == 0


def test_this_process_holds_something() -> None:
    assert own_memory() > MIB
    assert os.getpid() in descendants(os.getppid())
