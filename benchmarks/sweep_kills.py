"""Sweeps whose driver and workers are really killed, at random moments: is the table the same.

    python -m benchmarks.sweep_kills --write         100 kills (half an hour)
    python -m benchmarks.sweep_kills --smoke         a few

A sweep of 12 trainings is done once undisturbed. Then it is done again and again; every few seconds
SIGKILL goes to the driver, which is started again with `--resume`, or to one of its workers. No
training that was finished may be done anew, none may stand in the table twice or not at all, and
the table has to be the same to the last digit, but for the column of seconds.
"""

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import document

SWEEP = (
    "digits --model cnn --set epochs=8 --set model.width=8 --set precision=fp32 --workers 2 "
    "--threads 1 --vary model.depth=1,2,3 --vary lr=1e-3,1e-2 --seeds 2"
)
TRAININGS = 12
PAUSE = 4.0, 14.0  # seconds between two kills: beginnings, trainings and ends are all hit
TIMED = ("seconds",)
AT_MOST = 15  # kills of one sweep, so that it comes to its end


@dataclass
class Tally:
    """What came of the killed sweeps."""

    sweeps: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    lost: int = 0  # trainings that were finished and done again
    wrong: int = 0  # sweeps whose table is another


def main() -> int:
    """Kill as often as asked and print a table; 1 where something is lost or different."""
    asked = _arguments()
    tally, chance = Tally(), random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(["sweep", *SWEEP.split(), "--output", str(folder / "undisturbed")]).wait()
        wanted = table(folder / "undisturbed")
        kills = 4 if asked.smoke else asked.kills
        while (left := kills - tally.kills.total()) > 0:
            tally.sweeps += 1
            sweep = folder / f"killed-{tally.sweeps}"
            tally.lost += _disturbed(sweep, min(AT_MOST, left), chance, tally)
            tally.wrong += table(sweep) != wanted
            print(f"  {dict(tally.kills)}, lost {tally.lost}, wrong {tally.wrong}", file=sys.stderr)
    text = "\n".join(
        [
            "| sweeps | kills of the driver | kills of a worker | finished trainings lost "
            "| tables that differ |",
            "|---|---|---|---|---|",
            f"| {tally.sweeps} of {TRAININGS} trainings | {tally.kills['driver']} "
            f"| {tally.kills['worker']} | {tally.lost or 'none'} | {tally.wrong or 'none'} |",
        ]
    )
    print(text)
    if asked.write:
        document.replace_part(asked.document, "sweep-kills", text)
    return int(bool(tally.lost or tally.wrong or len(wanted) != TRAININGS))


def table(sweep: Path) -> list[dict[str, str]]:
    """The rows of a sweep's table, without the columns of times."""
    with (sweep / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: cell for key, cell in row.items() if key not in TIMED} for row in rows]


def finished(sweep: Path) -> dict[str, float]:
    """When the weights of each finished training were written."""
    found = {}
    for path in sweep.glob("trials/*/status.json"):
        try:
            if json.loads(path.read_text())["state"] == "finished":
                found[path.parent.name] = (path.parent / "model.safetensors").stat().st_mtime
        except (OSError, ValueError, KeyError):
            continue
    return found


def lost(before: dict[str, float], after: dict[str, float]) -> int:
    """How many that were finished before are not, or were done again."""
    return sum(after.get(name) != written for name, written in before.items())


def _disturbed(sweep: Path, kills: int, chance: random.Random, tally: Tally) -> int:
    """Do a sweep, with so many kills at most; gives how many finished trainings were lost."""
    driver = _run(["sweep", *SWEEP.split(), "--output", str(sweep)])
    known: dict[str, float] = {}
    gone = 0
    while True:
        try:
            pause = chance.uniform(*PAUSE) if kills else None
            if driver.wait(pause) == 0:
                return gone + lost(known, finished(sweep))
        except subprocess.TimeoutExpired:
            now = finished(sweep)
            gone, known = gone + lost(known, now), now
            kills -= 1
            if chance.random() < 0.5 and (workers := _children(driver.pid)):
                _kill(chance.choice(workers))
                tally.kills["worker"] += 1
                continue
            driver.kill()
            driver.wait()
            tally.kills["driver"] += 1
        begun = (sweep / "sweep.json").exists()
        words = ["--resume", str(sweep)] if begun else [*SWEEP.split(), "--output", str(sweep)]
        driver = _run(["sweep", *words])


def _run(words: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "retinue", *words],
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("TELL") else subprocess.DEVNULL,
    )


def _children(process: int) -> list[int]:
    """The processes that a process has started, on Linux."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == process:
            found.append(int(path.parent.name))
    return found


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        time.sleep(0)  # it has just ended by itself


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--smoke", action="store_true", help="four kills")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    return document.parse(parser, "into the document")


if __name__ == "__main__":
    sys.exit(main())
