"""Whether TPE with pruning finds as good a recipe as a whole grid, in a third of its time.

    python -m benchmarks.sweep_search --write      a grid of 80, five searches (half an hour)
    python -m benchmarks.sweep_search --smoke      small ones on digits

The space is fixed: learning rate x weight decay x dropout, 5 x 4 x 4. The grid trains all of it; a
search has a third of the grid's time. What each chooses on val is then judged by the same numbers:
the accuracy on test that the grid found for that setting. So a search that chooses a good recipe by
luck, or a grid that does, gains nothing by it.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import arrays, document, machine

VARY = (
    "lr=3e-4,1e-3,3e-3,1e-2,3e-2",
    "weight_decay=0.0,0.01,0.1,1.0",
    "model.dropout=0.0,0.15,0.3,0.5",
)
SETTINGS = 80
TARGET = 0.5  # points below the grid's best
REPEATS = 5
BASE = (
    "cifar10 --model cnn --set epochs=6 --set limit_per_class=500 --set model.width=16 "
    "--set model.depth=4"
)
SMOKE = "digits --model cnn --set epochs=3 --set model.width=8 --set model.depth=2"


def main() -> int:
    """Search, and print a table; 1 where the mean difference is above the target."""
    asked = _arguments()
    words = [*(SMOKE if asked.smoke else BASE).split(), "--workers", "2", "--threads", "1"]
    for axis in VARY:
        words += ["--vary", axis]
    words += ["--data-root", str(asked.data_root)]
    load = machine.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        grid_seconds = _sweep(words, folder / "grid")
        by_values, best = judged(folder / "grid")
        lines = [f"| grid | {len(by_values)} | 0 | {grid_seconds:.0f} s | {100 * best:.1f} % | |"]
        shortfalls = []
        for repeat in range(1 if asked.smoke else REPEATS):
            output = folder / f"tpe-{repeat}"
            limit = f"{grid_seconds / 3 - asked.reserve:.0f}s"
            search = ["--search", "tpe", "--prune", "--trials", str(SETTINGS)]
            search += ["--time-limit", limit, "--set", f"seed={repeat + 1}"]
            seconds = _sweep([*words, *search], output)
            found, pruned, chosen = _chosen(output)
            shortfalls.append(100 * (best - by_values[chosen]))
            lines.append(
                f"| TPE, seed {repeat + 1} | {found} | {pruned} | {seconds:.0f} s "
                f"({seconds / grid_seconds:.2f}) | {100 * by_values[chosen]:.1f} % "
                f"| {shortfalls[-1]:+.2f} |"
            )
            print(lines[-1], file=sys.stderr)
    mean = statistics.mean(shortfalls)
    text = "\n".join(
        [
            "| search | settings trained | of these stopped | time (of the grid's) "
            "| test accuracy of what it chose | points below the grid's |",
            "|---|---|---|---|---|---|",
            *lines,
            "",
            f"Mean: {mean:+.2f} points below, target at most {TARGET}. {machine.describe()}; load "
            f"before it {load:.1f}.",
        ]
    )
    print(text)
    if asked.write:
        document.replace_part(asked.document, "sweep-search", text)
    return int(mean > TARGET)


def judged(grid: Path) -> tuple[dict[tuple[str, ...], float], float]:
    """The accuracy on test of each setting of a grid, and of the one that it chose on val."""
    rows = [row for row in _rows(grid) if row["state"] == "finished"]
    by_values = {_values(row): float(row["test"]) for row in rows}
    best = _best(grid)["setting"]
    return by_values, next(float(row["test"]) for row in rows if int(row["setting"]) == best)


def _chosen(sweep: Path) -> tuple[int, int, tuple[str, ...]]:
    """How many settings it trained and stopped, and the values of the one that it chose."""
    rows = [row for row in _rows(sweep) if row["state"] in ("finished", "pruned")]
    best = _best(sweep)["setting"]
    chosen = next(_values(row) for row in rows if int(row["setting"]) == best)
    return len(rows), sum(row["state"] == "pruned" for row in rows), chosen


def _best(sweep: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sweep / "effects.json").read_text())["findings"]["best"]
    return found


def _rows(sweep: Path) -> list[dict[str, str]]:
    with (sweep / "table.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _values(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[axis.partition("=")[0]] for axis in VARY)


def _sweep(words: list[str], output: Path) -> float:
    """Do a sweep; gives its seconds, from the command's beginning to its end."""
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "retinue", "sweep", *words, "--output", str(output)],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - started


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument("--reserve", type=float, default=20.0, help="seconds for what begun last")
    parser.add_argument("--smoke", action="store_true", help="small ones on digits")
    return document.parse(parser)


if __name__ == "__main__":
    sys.exit(main())
