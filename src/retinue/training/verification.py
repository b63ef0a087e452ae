"""Proof that a killed training goes on exactly: train twice, kill one, compare every byte."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError
from retinue.runs import LINES, Run
from retinue.training.saving import FOLDER

TIMED = ("seconds", "pictures_per_second")  # fields of a line that no two runs have alike
OF_ITS_OWN = ("status.json", "environment.json", ".lock")  # processes, times, command lines
POLL = 0.02  # seconds between two looks at a process


@dataclass(frozen=True)
class Verdict:
    """What came out: how often the second training was killed and when, and what differs.

    `moments` counts the kills by what was going on: training, saving, judging, or beginning.
    """

    moments: Mapping[str, int]
    seconds: float
    files: int
    different: tuple[str, ...]

    @property
    def kills(self) -> int:
        """How often it was killed."""
        return sum(self.moments.values())

    @property
    def holds(self) -> bool:
        """Whether everything is equal."""
        return not self.different


def verify_resume(
    options: Sequence[str],
    folder: Path,
    kills: int = 5,
    tell: Callable[[str], None] = print,
    program: Sequence[str] = (sys.executable, "-m", "retinue"),
) -> Verdict:
    """Train twice with the options of `retinue train`, and compare the runs.

    The second training is killed with SIGKILL at random moments, at most `kills` times, and goes on
    each time from its newest checkpoint. The runs are `straight` and `killed` in `folder`.

    Raises:
        RetinueError: a training fails by itself; the message is its own.
    """
    straight, killed = folder / "straight", folder / "killed"
    tell(f"trains without a stop: {straight}")
    started = time.monotonic()
    with _training([*program, "train", *options, "--output", str(straight)]) as process:
        _wait(process)
    seconds = time.monotonic() - started
    # Without the start of a process, in which nothing can be lost.
    told = Run(straight).status
    span = told["heartbeat"] - told["started"]
    moments, draws = Counter[str](), random.Random()  # noqa: S311
    words = [*program, "train", *options, "--output", str(killed)]
    while True:
        # Each life takes its share of the time, so that the kills fall into all of the training.
        is_last = moments.total() == kills
        allowed = None if is_last else draws.uniform(0, 2 * span / (kills + 1))
        with _training(words) as process:
            if not _killed(process, killed, allowed):
                break
        where = Run(killed).status if (killed / "status.json").exists() else {}
        if where.get("state") == "finished":
            break  # it was killed while it told its end
        moment = _moment(killed)
        moments[moment] += 1
        tell(f"killed while {moment}, at step {where.get('step', 0)}; goes on")
        if (killed / "recipe.yaml").exists():
            words = [*program, "train", "--resume", str(killed), *_of_the_run(options)]
        else:
            shutil.rmtree(killed, ignore_errors=True)  # killed before the run began
    return Verdict(moments, seconds, len(_files(straight)), different(straight, killed))


def different(one: Path, other: Path) -> tuple[str, ...]:
    """The files of two runs that do not hold the same, but for what tells how long it took."""
    names = _files(one) | _files(other)
    return tuple(sorted(name for name in names if not same(one / name, other / name)))


def same(one: Path, other: Path) -> bool:
    """Whether two files of runs hold the same, but for the fields that tell how long it took."""
    if not (one.exists() and other.exists()):
        return False
    if one.name in LINES:
        return _untimed(one) == _untimed(other)
    return one.read_bytes() == other.read_bytes()


@contextmanager
def _training(words: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A training in a process of its own, which does not outlive this one's interest in it."""
    process = subprocess.Popen(  # noqa: S603
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _killed(process: subprocess.Popen[str], run: Path, allowed: float | None) -> bool:
    """Kill the process so many seconds after it began to train; False where it ended before."""
    while allowed is not None and process.poll() is None:
        if _trains(run, process.pid):
            time.sleep(allowed)
            break
        time.sleep(POLL)
    if allowed is None or process.poll() is not None:
        _wait(process)
        return False
    process.kill()
    process.communicate()
    return True


def _moment(run: Path) -> str:
    """What a training was at when it was killed, by what it left behind."""
    if not (run / "recipe.yaml").exists():
        return "beginning"
    if any((run / FOLDER).glob(".*.part")):
        return "saving"
    return "judging" if (run / "model.safetensors").exists() else "training"


def _trains(run: Path, process: int) -> bool:
    """Whether this process has taken the run."""
    try:
        return bool(Run(run).status.get("process") == process)
    except RetinueError:
        return False


def _wait(process: subprocess.Popen[str]) -> None:
    """Wait for the end of a training.

    Raises:
        RetinueError: it failed.
    """
    _, errors = process.communicate()
    if process.returncode:
        last = (errors.strip().splitlines() or ["no reason given"])[-1]
        raise RetinueError(f"the training failed: {last.removeprefix('retinue: ')}")


def _of_the_run(options: Sequence[str]) -> list[str]:
    """Those of the options that are not in the recipe, and must be said again."""
    kept = ("--device", "--threads", "--data-root", "--cache-memory", "--checkpoint-every")
    found = []
    for word, following in zip(options, [*options[1:], ""], strict=False):
        name, is_joined, _ = word.partition("=")
        if name in kept:
            found += [word] if is_joined else [word, following]
    return found


def _files(run: Path) -> set[str]:
    return {
        str(path.relative_to(run))
        for path in run.rglob("*")
        if path.is_file() and path.name not in OF_ITS_OWN and path.parent.name != FOLDER
    }


def _untimed(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key not in TIMED} for line in lines]
