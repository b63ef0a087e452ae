"""Many files are looked at on all cores, and nothing of it outlives the work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from retinue.data import workers
from retinue.data.looking import look
from retinue.errors import RetinueError
from retinue.images import Preprocess

RULE = Preprocess((8, 8), (8, 8), "crop", 3)
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# Where the tests run in the background, Ctrl-C is ignored, and children inherit it.
LISTENING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
# A script as people write it: without a main guard, and it looks at pictures at once.
SCRIPT = """
import io, sys, time
from PIL import Image
from retinue.data import workers
from retinue.images import Preprocess

print("started", flush=True)
rule = Preprocess((8, 8), (8, 8), "crop", 3)
file = io.BytesIO()
Image.new("RGB", (8, 8)).save(file, "PNG")
inner = workers._started
def started(processes):
    found = inner(processes)
    print("workers", *(worker.process.pid for worker in found if worker.is_ready()), flush=True)
    return found
workers._started = started
def files():
    for number in range(1000):
        yield str(number), file.getvalue()
        time.sleep(PAUSE)
done = sum(one.pixels is not None for _, _, one in workers.looks(files(), lambda: rule, 2))
print("done", done, flush=True)
"""


@pytest.fixture
def files(noise: Callable[..., NDArray[np.uint8]]) -> list[tuple[str, bytes]]:
    """900 small files, one of them bad."""
    found = []
    for seed in range(900):
        file = BytesIO()
        Image.fromarray(noise(seed)).save(file, "PNG")
        found.append((f"{seed}.png", file.getvalue()))
    found[500] = ("500.png", b"text")
    return found


@pytest.fixture
def running() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the script in a group of its own, as a terminal does, until it tells its workers."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        script = subprocess.Popen(
            [sys.executable, "-c", LISTENING + SCRIPT.replace("PAUSE", "0.1")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(script)
        return script

    yield start
    for script in started:
        with suppress(ProcessLookupError):
            os.killpg(script.pid, signal.SIGKILL)
        script.communicate()


def worker_pids(script: subprocess.Popen[str]) -> list[int]:
    """What the script tells of its workers."""
    assert script.stdout
    assert script.stdout.readline() == "started\n"
    word, *pids = script.stdout.readline().split()
    assert word == "workers"
    return [int(pid) for pid in pids]


def alive(pids: list[int]) -> list[int]:
    """Those that still run; what ended counts as gone although nobody asked for its code."""
    found = []
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            status = Path(f"/proc/{pid}/stat")
            if not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(pid)
    return found


def wait_until_gone(pids: list[int], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert alive(pids) == []


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_every_file_is_looked_at_in_order(files: list[tuple[str, bytes]], processes: int) -> None:
    found = list(workers.looks(iter(files), lambda: RULE, processes))
    assert [name for name, _, _ in found] == [name for name, _ in files]
    for (_, rule, one), (_, data) in zip(found, files, strict=True):
        assert rule is RULE
        expected = look(data, RULE)
        assert (one.scanned, one.reason) == (expected.scanned, expected.reason)
        if expected.pixels is None:
            assert one.pixels is None
        else:
            assert one.pixels is not None
            assert (one.pixels == expected.pixels).all()


def test_the_rule_may_change_on_the_way(files: list[tuple[str, bytes]]) -> None:
    other = Preprocess((5, 5), (5, 5), "squash", 1)
    rules = [RULE]
    followed = []
    for _, rule, one in workers.looks(iter(files * 5), lambda: rules[-1], 2):
        rules.append(other)
        followed.append(rule)
        assert one.pixels is None or one.pixels.shape == rule.shape
    assert set(followed) == {RULE, other}
    assert followed == sorted(followed, key=[RULE, other].index)


@pytest.mark.parametrize("processes", [0, 2])
def test_what_reading_raises_is_raised(files: list[tuple[str, bytes]], processes: int) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield from files[:300]
        raise RetinueError("gone")

    with pytest.raises(RetinueError, match="gone"):
        list(workers.looks(broken(), lambda: RULE, processes))


def test_only_a_few_files_are_read_ahead(files: list[tuple[str, bytes]]) -> None:
    read = []

    def counted() -> Iterator[tuple[str, bytes]]:
        for _ in range(20):
            for one in files:
                read.append(one[0])
                yield one

    results = workers.looks(counted(), lambda: RULE, 0)
    next(results)
    assert len(read) < 256 * (2 * workers.cores() + 3) < 20 * len(files)
    results.close()  # type: ignore[attr-defined]


# --- processes or threads


@pytest.mark.parametrize(
    ("sizes", "processes"),
    [
        ([], 0),
        ([1000] * (workers.MANY - 1), 0),
        ([1000] * workers.MANY, workers.cores()),
        ([100_000] * workers.MANY, 0),
    ],
)
def test_processes_are_for_many_small_files(sizes: list[int], processes: int) -> None:
    assert workers.processes_for(sizes) == processes


@pytest.mark.parametrize("program", ["", None, "/opt/app/blender", "C:/app/uwsgi.exe"])
def test_a_program_around_python_is_not_started_again(
    monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    sizes = [1000] * workers.MANY
    assert workers.processes_for(sizes), "the control"
    monkeypatch.setattr(sys, "executable", program)
    assert workers.processes_for(sizes) == 0


def test_a_frozen_program_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert workers.processes_for([1000] * workers.MANY) == 0


@pytest.mark.parametrize("what", ["nothing there", "ends at once"])
def test_where_no_process_comes_up_threads_do_the_work(
    tmp_path: Path, files: list[tuple[str, bytes]], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what == "nothing there":
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    else:
        monkeypatch.setattr(workers, "_START", "raise SystemExit(3)")
    found = list(workers.looks(iter(files), lambda: RULE, 2))
    assert sum(one.pixels is not None for _, _, one in found) == len(files) - 1


# --- scripts, interruptions, accidents


def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, timeout=60, **more
    )


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    text = SCRIPT.replace("PAUSE", "0")
    script = tmp_path / "scripts" / "script.py"
    script.parent.mkdir()
    script.write_text(text)
    # Whatever lies in the current folder must not be taken for a module of Python.
    (tmp_path / "json.py").write_text("raise SystemExit('not the real json')")
    for found in (run(str(script), cwd=tmp_path), run("-", input=text, cwd=script.parent)):
        assert found.stderr == ""
        lines = found.stdout.splitlines()
        assert lines[0] == "started"
        assert len(lines[1].split()) == 3, "both workers came up"
        assert lines[2:] == ["done 1000"]


def test_a_closed_iteration_leaves_no_process(
    files: list[tuple[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    inner = workers._started

    def started(processes: int) -> list[Any]:
        kept[:] = inner(processes)
        return kept

    monkeypatch.setattr(workers, "_started", started)
    results = workers.looks(iter(files), lambda: RULE, 2)
    next(results)
    assert [worker.process.poll() for worker in kept] == [None, None], "the control: they run"
    results.close()  # type: ignore[attr-defined]
    assert None not in [worker.process.returncode for worker in kept]


@POSIX
def test_ctrl_c_ends_script_and_workers_at_once(
    running: Callable[..., subprocess.Popen[str]],
) -> None:
    script = running()
    pids = worker_pids(script)
    assert alive(pids) == pids, "the control: they run"
    os.killpg(script.pid, signal.SIGINT)
    _, errors = script.communicate(timeout=10)
    assert errors.count("Traceback") == 1, "only of the script itself"
    assert "KeyboardInterrupt" in errors
    wait_until_gone(pids)


@POSIX
def test_workers_do_not_outlive_a_script_that_is_killed(
    running: Callable[..., subprocess.Popen[str]],
) -> None:
    script = running()
    pids = worker_pids(script)
    script.kill()
    wait_until_gone(pids)


@POSIX
def test_a_killed_worker_is_told_in_one_line(files: list[tuple[str, bytes]]) -> None:
    with workers._team(1) as submit:
        submit([files[0][1]], RULE).result()
        (pid,) = [int(one) for one in children()]
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(RetinueError) as told:
            submit([files[0][1]], RULE).result()
    assert "a process that decodes pictures ended with code -9" in str(told.value)
    assert "\n" not in str(told.value)


def children() -> list[str]:
    """The processes that this one started and that look at pictures."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = status.read_text().rpartition(")")[2].split()[1]
            told = (status.parent / "cmdline").read_bytes()
            if parent == str(os.getpid()) and b"looking import serve" in told:
                found.append(status.parent.name)
    return found
