"""Each limit at work in real processes, and beside it the same without the limit."""

import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from retinue.lessons.grading import workers
from retinue.lessons.grading.child import Setting
from retinue.lessons.grading.limits import Limits
from retinue.lessons.grading.workers import Workers, environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are of Linux")

MIB = 2**20
CHECKS = Path(__file__).with_name("toy_checks.py")
LIMITS = Limits(12.0, 3.0, 120 * MIB, 8 * MIB, 12, reserve=60 * MIB)
# A worker whose processes are held to nothing but their time.
_OPEN = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from retinue.lessons.grading import apart, child, network, worker; "
    "apart.part = lambda: network.Apart(reason='on purpose'); "
    "child.hold_to = lambda *_: None; "
    "worker.watching.memory_of = lambda *_: 0; worker.watching.descendants = lambda _: []; "
    "worker.main()"
)
PLAIN = "x = 1"


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    (folder / "marks.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def closed(hidden: Path) -> Iterator[Workers]:
    with Workers(Setting("toy", CHECKS, LIMITS, (hidden,))) as started:
        started.run([(1, PLAIN)])
        yield started


@pytest.fixture(scope="module")
def unbound() -> Iterator[Workers]:
    with Workers(Setting("toy", CHECKS, LIMITS)) as started:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(workers, "_START", _OPEN)
            started.run([(1, PLAIN)])  # the first notebook starts the worker
        yield started


def run(started: Workers, *sources: str) -> list[dict[str, Any]]:
    return [dict(one) for one in started.run(list(enumerate(sources, 1)))]


def says_yes(events: Sequence[dict[str, Any]]) -> bool:
    """Whether the notebook set `size` to what is right, as a way to tell."""
    checks = [one for one in events if one["did"] == "check" and one["question"] == "size"]
    assert checks, events
    return bool(checks[-1]["passed"])


def how(events: Sequence[dict[str, Any]]) -> str:
    return str(events[-1]["how"])


def errors(events: Sequence[dict[str, Any]]) -> list[str]:
    return [one["error"] for one in events if one["did"] == "cell"]


def apart(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return next(one for one in events if one["did"] == "apart")


def test_no_network_is_reached(closed: Workers, unbound: Workers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = (
            "import socket\n"
            "try:\n"
            f"    socket.create_connection(('127.0.0.1', {port}), 2).close()\n"
            "    size = 26\n"
            "except OSError:\n"
            "    size = 0\n"
        )
        without, within = run(closed, source), run(unbound, source)
    assert says_yes(within)
    assert not says_yes(without)
    assert (apart(without)["network"], apart(within)["network"]) == (True, False)
    assert apart(within)["reason"] == "on purpose"


def test_memory_is_bounded_and_the_next_cells_go_on(closed: Workers, unbound: Workers) -> None:
    hog = "import numpy\nx = numpy.empty(200 * 2**20, 'uint8')\nsize = 26"
    events = run(closed, hog, "def double(x): return 2 * x")
    assert errors(events)[0].startswith("MemoryError")
    assert events[-2]["question"] == "area"
    assert any(one.get("passed") for one in events if one.get("question") == "double")
    assert says_yes(run(unbound, hog))


def test_an_answer_has_memory_after_a_cell_took_all(closed: Workers) -> None:
    hog = """
hog = []
try:
    while True:
        hog.append(bytearray(2**20))
except MemoryError:
    pass
"""
    answer = "import numpy as np\nfor _ in range(2):\n    size = 26"
    events = run(closed, hog, answer)
    assert says_yes(events)
    assert how(events) == "end"


def test_processes_are_bounded_even_roots(closed: Workers, unbound: Workers) -> None:
    many = """
import os, time
numbers = []
try:
    for _ in range(30):
        numbers.append(os.fork())
        if numbers[-1] == 0:
            time.sleep(5)
            os._exit(0)
finally:
    size = 26 if len(numbers) == 30 else 0
    for number in numbers:
        os.kill(number, 9)
        os.waitpid(number, 0)
"""
    events = run(closed, many)
    assert errors(events)[0].startswith("BlockingIOError")
    assert not says_yes(events)
    assert says_yes(run(unbound, many))


@pytest.mark.slow
def test_memory_of_several_processes_is_counted_together(closed: Workers) -> None:
    greedy = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        x = b"1" * (80 * 2**20)
        time.sleep(60)
time.sleep(60)
"""
    events = run(closed, "def double(x): return 2 * x", greedy)
    assert how(events) == "memory"
    assert any(one.get("passed") for one in events if one.get("question") == "double")


def test_one_process_with_little_is_not_ended(closed: Workers) -> None:
    source = """
import os, time
number = os.fork()
if number == 0:
    x = b"1" * (60 * 2**20)
    time.sleep(0.5)
    os._exit(0)
os.waitpid(number, 0)
size = 26
"""
    events = run(closed, source)
    assert (says_yes(events), how(events)) == (True, "end")


def test_files_are_bounded(closed: Workers, unbound: Workers) -> None:
    source = "open('x', 'wb').write(bytes(12 * 2**20)); size = 26"
    assert "OSError" in errors(run(closed, source))[0]
    assert says_yes(run(unbound, source))


def test_files_outside_cannot_be_changed(closed: Workers, unbound: Workers, tmp_path: Path) -> None:
    repository = Path(__file__)
    outside = tmp_path / "outside.txt"
    source = f"""
import os, pathlib
outside = pathlib.Path({str(outside)!r})
outside.parent.mkdir(parents=True, exist_ok=True)
outside.write_text("x")
try:
    open({str(repository)!r}, "r+b").close()
    size = 26
except OSError:
    size = 0
"""
    assert not says_yes(run(closed, source))
    assert not outside.exists()
    assert says_yes(run(unbound, source))
    assert outside.exists()


def test_what_is_hidden_cannot_be_read(closed: Workers, unbound: Workers, hidden: Path) -> None:
    source = (
        f"import pathlib\nsize = 26 if pathlib.Path({str(hidden)!r}, 'marks.json').exists() else 0"
    )
    assert not says_yes(run(closed, source))
    assert says_yes(run(unbound, source))


def test_only_its_own_processes_are_seen(closed: Workers, unbound: Workers) -> None:
    source = "import os\nsize = 26 if sum(one.isdigit() for one in os.listdir('/proc')) > 4 else 0"
    assert not says_yes(run(closed, source))
    assert says_yes(run(unbound, source))


def test_a_loop_is_stopped_and_the_next_cells_go_on(closed: Workers) -> None:
    events = run(closed, "while True:\n    pass", "size = 26")
    assert errors(events) == ["stopped after 3 seconds", ""]
    assert says_yes(events)


def test_a_loop_that_ends_in_time_is_not_stopped(closed: Workers) -> None:
    source = """
import time
end = time.monotonic() + 1
while time.monotonic() < end:
    pass
size = 26
"""
    assert says_yes(run(closed, source))


@pytest.mark.slow
def test_an_answer_that_never_ends_is_wrong(closed: Workers) -> None:
    events = run(closed, "def double(x):\n    while True:\n        pass", "size = 26")
    cases = [one["case"] for one in events if one.get("question") == "double"]
    assert all("stopped" in one for one in cases)
    assert says_yes(events)


@pytest.mark.slow
def test_a_loop_that_hears_nothing_is_killed_from_outside(closed: Workers) -> None:
    started = time.monotonic()
    deaf = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    events = run(closed, "size = 26", deaf)
    assert (says_yes(events), how(events)) == (True, "time")
    assert time.monotonic() - started >= LIMITS.seconds


def test_nothing_that_it_started_outlives_it(closed: Workers, unbound: Workers) -> None:
    source = (
        "import subprocess, time\n"
        "p = subprocess.Popen(['sleep', '{mark}'], start_new_session=True)\n"
        "time.sleep(0.3)\nsize = 26 if p.poll() is None else 0"
    )
    for number, started in enumerate((closed, unbound)):
        mark = f"{86400 + number}.{os.getpid()}"
        assert says_yes(run(started, source.replace("{mark}", mark)))
        assert not _alive(mark)


def _alive(mark: str) -> list[str]:
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = one.read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            found.append(one.parent.name)
    return found


def test_a_process_that_ends_itself_loses_nothing_before(closed: Workers) -> None:
    events = run(closed, "size = 26", "import os\nos._exit(0)", "size = 0")
    assert (says_yes(events), how(events)) == (True, "crashed")
    events = run(closed, "size = 26", "import ctypes\nctypes.string_at(0)")
    assert (says_yes(events), how(events)) == (True, "crashed")


def test_a_fork_tells_nothing(closed: Workers) -> None:
    events = run(closed, "import os\nos.fork()", "size = 26")
    assert [one["cell"] for one in events if one["did"] == "cell"] == [1, 2]
    assert says_yes(events)


@pytest.mark.parametrize("words", ["x" * 10**6, '{"did": 3}\n', "[[1]]\n", '{"did": "end"}\n'])
def test_what_others_tell_is_bounded(closed: Workers, words: str) -> None:
    flood = f"""
import os
for way in range(3, 1000):
    try:
        os.write(way, {words.encode()!r})
    except OSError:
        pass
"""
    events = run(closed, "size = 26", flood, "size = 26")
    assert (says_yes(events), how(events)) == (True, "crashed" if "end" not in words else "end")


@pytest.mark.parametrize(
    "source",
    [
        "exit()",
        "quit",
        "import sys\nsys.exit(2)",
        "raise KeyboardInterrupt",
        "input('?')",
        "def f(:",
        "import sys\nsys.stdout = sys.stderr = None",
        "import sys\nsys.settrace(lambda *_: None)",
        "import os\nos.close(1)\nos.close(2)\nos.closerange(3, 300)",
        "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)",
        "import os\nos.chdir('/')",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()",
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)",
        "print('x' * 10**7)",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()",
        "%unheard_of",
        "import sys\nsys.setrecursionlimit(50)",
        "del __builtins__",
        "import torch\ntorch.set_default_dtype(torch.float64)",
        "import builtins\nbuiltins.isinstance = None",
        "import asyncio\nawait asyncio.sleep(0)",
        "import os\nos.environ.clear()",
        "import gc, sys\nsys.modules.clear()",
    ],
)
def test_a_cell_harms_no_other(closed: Workers, source: str) -> None:
    events = run(closed, source, "size = 26", "def double(x):\n    return 2 * x")
    assert how(events) == "end"
    assert says_yes(events)
    last = [one for one in events if one.get("question") == "double"][-1]
    assert last["passed"], last


def test_shell_commands_are_passed_over_and_told(closed: Workers) -> None:
    cells = ["!touch made", "%pip install x", "files = !ls", "%%bash\ntouch made"]
    look = "import os\nsize = 26 if os.path.exists('made') else 0"
    events = run(closed, *cells, look)
    told = [one["passed_over"] for one in events if one["did"] == "cell"]
    assert told == [["touch made"], ["%pip install x"], ["ls"], ["%bash"], []]
    assert errors(events) == [""] * 5
    assert not says_yes(events)
    control = run(closed, "import os\nos.system('touch made')", look)
    assert says_yes(control)


def test_cells_that_missed_a_name_are_run_again(closed: Workers) -> None:
    events = run(closed, "size = base + 1", "base = 25")
    assert says_yes(events)
    assert [(one["cell"], one["again"]) for one in events if one["did"] == "cell"] == [
        (1, 0),
        (2, 0),
        (1, 1),
    ]


def test_checks_use_the_original_functions(closed: Workers) -> None:
    fake = "import torch\ntorch.nn.functional.conv2d = lambda *_: torch.zeros(1, 1, 5, 5)"
    answer = "import numpy\ndef conv2d(image, kernel):\n    return numpy.zeros((5, 5))"
    events = run(closed, fake, answer)
    last = [one for one in events if one.get("question") == "conv2d"][-1]
    assert not last["passed"]
    assert last["replaced"] == ["torch.nn.functional.conv2d"]


def test_no_secret_is_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    found = environment()
    assert "secret" not in found.values()
    assert found["LANG"] == "C.UTF-8"
    assert found["OMP_NUM_THREADS"] == "1"


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(closed: Workers) -> None:
    killer = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time\ntime.sleep(1)"
    events = run(closed, "size = 26", killer)  # the first of its namespace hears no such signal
    assert how(events) == "end"
    for one in closed._all:
        one._process.kill()
        one._process.wait()
    assert says_yes(run(closed, "size = 26"))


_STARTED = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from retinue.lessons.grading import worker; worker.CAN_FORK = False; worker.main()"
)


@pytest.mark.slow
def test_where_nothing_is_forked_a_new_python_does_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "_START", _STARTED)
    limits = Limits(60.0, 3.0, 512 * MIB)
    with Workers(Setting("toy", CHECKS, limits)) as started:
        events = run(started, "size = 26", "while True: pass", "x = 1")
        assert (says_yes(events), how(events)) == (True, "end")
        assert errors(events) == ["", "stopped after 3 seconds", ""]
        assert apart(events)["network"] is False
        assert "no namespaces" in apart(events)["reason"]
        events = run(started, "size = 26", "import os\nos._exit(1)")
        assert (says_yes(events), how(events)) == (True, "crashed")
