"""A process that runs one notebook after another, each in one of its own that is ended in time.

It has imported all that notebooks need, and never more than one thread when it forks. It ends with
whoever started it, and so does what it has started.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from retinue.lessons.grading import limits, linux, network, watching
from retinue.lessons.grading.apart import CAN_FORK, Cells, Process, begin
from retinue.lessons.grading.child import Ready, Setting, load, run_notebook
from retinue.lessons.grading.limits import Limits

TICK = 0.1  # seconds between two looks at a notebook's processes
GRACE = 1.0  # seconds over its time, in which it may still tell that it is done
MOST_LINE, MOST_TOLD = 64 * 1024, 16 * 2**20  # bytes of what a notebook's process tells


def as_setting(values: Mapping[str, Any]) -> Setting:
    """What `as_values` gave."""
    return Setting(
        values["lab"],
        Path(values["checks"]) if values["checks"] else None,
        Limits(**values["limits"]),
        tuple(Path(one) for one in values["hidden"]),
        values["trains"],
    )


def as_values(setting: Setting) -> dict[str, Any]:
    """A setting as JSON values."""
    return {
        "lab": setting.lab,
        "checks": str(setting.checks) if setting.checks else None,
        "limits": asdict(setting.limits),
        "hidden": [str(one) for one in setting.hidden],
        "trains": setting.trains,
    }


def main() -> None:
    """The whole life of a worker: notebooks on stdin, what happens in each on stdout."""
    settings = sys.argv[2]
    answers = os.dup(1)
    os.dup2(2, 1)
    parent = os.getppid()
    if CAN_FORK:
        with suppress(OSError):
            linux.take_orphans()
        network.ways()
    # Elsewhere it only watches: what it starts loads for itself.
    ready = load(as_setting(json.loads(settings))) if CAN_FORK else None
    base = Path(sys.argv[3])
    try:
        _tell(answers, {"did": "ready"})
        for line in iter(sys.stdin.buffer.readline, b""):
            cells = [(int(number), str(source)) for number, source in json.loads(line)]
            place = base / "work"
            for event in _watched(ready, cells, place, settings, parent):
                _tell(answers, event)
            shutil.rmtree(place, ignore_errors=True)
    except BrokenPipeError:
        pass  # nobody listens any more
    finally:
        shutil.rmtree(base, ignore_errors=True)


def run_one() -> None:
    """The whole life of a process that is started for one notebook, where none is forked."""
    work = json.loads(sys.stdin.buffer.readline())
    way_out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    limited = "" if limits.resource else ", and nothing but its time is limited"
    apart = network.Apart(reason=f"{sys.platform} has no namespaces{limited}")
    _tell(way_out, {"did": "apart", **asdict(apart)})
    ready = load(as_setting(work["settings"]))
    run_notebook(ready, work["cells"], Path(work["place"]), apart, way_out)
    os._exit(0)  # threads that never end do not hold it


def _watched(
    ready: Ready | None, cells: Cells, place: Path, settings: str, parent: int
) -> Iterator[Mapping[str, Any]]:
    """Run a notebook; gives what it tells, and as the last how it ended."""
    may_take = as_setting(json.loads(settings)).limits
    own = watching.own_memory()
    process = begin(ready, cells, place, settings)
    lines: Queue[bytes | None] = Queue(1000)
    reader = Thread(target=_read, args=(process.output, lines), daemon=True)
    reader.start()
    how = "crashed"
    try:
        for event in _events(process, lines, may_take, parent, own):
            if event["did"] == "ended":
                how = event["how"]
                break
            yield event
    finally:
        process.end()
        while reader.is_alive():
            with suppress(Empty):
                lines.get_nowait()
            reader.join(0.01)
        process.close()
    yield {"did": "ended", "how": how}


def _events(
    process: Process, lines: "Queue[bytes | None]", may_take: Limits, parent: int, own: int
) -> Iterator[Mapping[str, Any]]:
    """What the process tells until it ends or has to be ended; `ended` comes last."""
    deadline = time.monotonic() + may_take.seconds + GRACE
    told = 0
    while True:
        try:
            line = lines.get(timeout=TICK)
        except Empty:
            how = _why_to_end(process, may_take, deadline, parent, own)
            if how:
                yield {"did": "ended", "how": how}
                return
            continue
        told += len(line or b"")
        event = None if line is None or told > MOST_TOLD else _event(line)
        if event is None or event["did"] == "end":
            yield {"did": "ended", "how": "crashed" if event is None else "end"}
            return
        yield event
        if time.monotonic() > deadline:  # it tells without end
            yield {"did": "ended", "how": "time"}
            return


def _why_to_end(process: Process, may_take: Limits, deadline: float, parent: int, own: int) -> str:
    if process.has_ended():
        return "crashed"
    if hasattr(os, "getppid") and os.getppid() != parent:
        raise BrokenPipeError  # whoever asked is there no more
    if time.monotonic() > deadline:
        return "time"
    number = getattr(process, "number", None)
    if number is None:
        return ""
    all_of_it = watching.descendants(number)
    if len(all_of_it) > may_take.processes + 2:  # the two that keep it
        return "processes"
    most = may_take.memory + may_take.reserve
    return "memory" if watching.memory_of(all_of_it, own, most) > most else ""


def _read(output: int, lines: "Queue[bytes | None]") -> None:
    """Pass lines on until there are no more; a line without end is the last."""
    rest = b""
    while True:
        try:
            data = os.read(output, MOST_LINE)
        except OSError:
            data = b""
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            lines.put(line)
        if not data or len(rest) > MOST_LINE:
            lines.put(None)
            return


def _event(line: bytes) -> Mapping[str, Any] | None:
    """What a line tells; None where it is nothing that our own code tells."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("did"), str) else None


def _tell(answers: int, event: Mapping[str, Any]) -> None:
    line = f"{json.dumps(event)}\n".encode()
    while line:
        line = line[os.write(answers, line) :]
