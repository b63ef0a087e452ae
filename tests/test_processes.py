"""A job in a process of its own: its answer, its errors, its death."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import DiedError, RetinueError
from retinue.processes import Processes

WORK = """
import os, signal, time
from pathlib import Path
from retinue.errors import UsageError

def who(spec):
    print("not an answer")
    return {"process": os.getpid(), "spec": spec, "here": os.getcwd()}

def refuse(spec):
    raise UsageError("no\\nsuch thing")

def fail(spec):
    raise ValueError(spec)

def odd(spec):
    return object()

def die(spec):
    os.kill(os.getpid(), signal.SIGKILL)

def leave(spec):
    os._exit(3)

def wait(spec):
    Path(spec).write_text(str(os.getpid()))
    time.sleep(60)
"""

CALLER = """
import sys
sys.path.insert(0, sys.argv[1])
import work
from retinue.processes import Processes

with Processes() as executor:
    print(executor.submit(getattr(work, sys.argv[2]), sys.argv[3]).result(), flush=True)
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of jobs that other processes can import."""
    import importlib

    (tmp_path / "work.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "work", raising=False)
    return importlib.import_module("work")


def test_each_job_has_a_process_of_its_own(work: Any) -> None:
    with Processes() as executor:
        first, second = (executor.submit(work.who, {"a": "ü"}).result() for _ in range(2))
    assert first["spec"] == {"a": "ü"}
    assert first["here"] == str(Path.cwd())
    assert len({os.getpid(), first["process"], second["process"]}) == 3


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("refuse", "no\nsuch thing"),
        ("fail", "ValueError: 5"),
        ("odd", "TypeError: Object of type object"),
        ("die", "was killed by signal 9 before the work was done"),
        ("leave", "ended with 3 before the work was done"),
    ],
)
def test_errors_come_back_and_the_next_job_is_done(work: Any, job: str, told: str) -> None:
    with Processes() as executor:
        failing, good = executor.submit(getattr(work, job), 5), executor.submit(work.who, 5)
        with pytest.raises(RetinueError, match=told.split("\n", maxsplit=1)[0]):
            failing.result()
        assert good.result()["spec"] == 5


def gone(process: int) -> bool:
    """Whether a process is there no more within ten seconds."""
    for _ in range(200):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def read_when_there(path: Path) -> str:
    for _ in range(400):
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.05)
    raise AssertionError(f"{path} never came")


def test_an_error_ends_the_jobs_at_work(work: Any, tmp_path: Path) -> None:
    path = tmp_path / "process"

    def interrupted() -> None:
        with Processes() as executor:
            executor.submit(work.wait, str(path))
            executor.submit(work.wait, str(tmp_path / "next"))
            read_when_there(path)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert gone(int(path.read_text()))
    assert not (tmp_path / "next").exists()


def test_a_job_ends_when_its_caller_is_killed(work: Any, tmp_path: Path) -> None:
    path = tmp_path / "process"
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, str(tmp_path), "wait", str(path)], stdout=subprocess.DEVNULL
    )
    process = int(read_when_there(path))
    caller.kill()
    caller.wait()
    assert gone(process)


def test_a_script_needs_no_main_guard(work: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(CALLER)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "who", "x"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count("process") == 1
    assert "not an answer" in done.stderr


def test_lasting_processes_do_one_job_after_another_and_end_with_the_block(work: Any) -> None:
    with Processes(lasting=True) as executor:
        first, second = (executor.submit(work.who, number).result() for number in range(2))
        assert first["process"] == second["process"]
        assert [first["spec"], second["spec"]] == [0, 1]
        with pytest.raises(RetinueError, match="ValueError: 5"):
            executor.submit(work.fail, 5).result()
        assert executor.submit(work.who, 2).result()["process"] == first["process"]
    assert gone(first["process"])


def test_a_lasting_process_that_dies_is_replaced(work: Any) -> None:
    with Processes(lasting=True) as executor:
        first = executor.submit(work.who, 0).result()
        with pytest.raises(DiedError, match="killed by signal 9"):
            executor.submit(work.die, 0).result()
        assert executor.submit(work.who, 1).result()["process"] != first["process"]


def test_an_error_ends_lasting_processes_at_work_and_idle_ones(work: Any, tmp_path: Path) -> None:
    path, idle = tmp_path / "process", []

    def interrupted() -> None:
        with Processes(2, lasting=True) as executor:
            executor.submit(work.wait, str(path))
            idle.append(executor.submit(work.who, 0).result()["process"])
            read_when_there(path)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert gone(int(path.read_text()))
    assert gone(idle[0])
