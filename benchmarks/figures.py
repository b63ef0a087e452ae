"""Measure the figures that docs/benchmarks.md states, through the commands that it names.

    python benchmarks/figures.py                 all of them (about half an hour on two cores)
    python benchmarks/figures.py digits startup  some of them
    python benchmarks/figures.py --smoke         each in its smallest form, to see that it runs

Prints a Markdown table: figure, target, measured, seconds of each command.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RETINUE = [sys.executable, "-m", "retinue"]


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    what: str
    target: str
    value: str
    seconds: Sequence[float]


def train(*options: str) -> tuple[float, float]:
    """Run `retinue train` in a folder of its own; test accuracy in percent, and wall seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*RETINUE, "train", *options, "--output", f"{folder}/run", "--json"]
        started = time.monotonic()
        # Its progress goes to stderr, and is seen; the result to stdout, and is read.
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seconds = time.monotonic() - started
    return 100 * json.loads(done.stdout)["accuracy"]["test"]["value"], seconds


def digits(smoke: bool) -> list[Measured]:
    """Defaults on digits: the median over five seeds."""
    seeds, extra = (range(1), ["--epochs", "1"]) if smoke else (range(5), [])
    found = [train("digits", "--seed", str(seed), *extra) for seed in seeds]
    accuracies, seconds = zip(*found, strict=True)
    text = f"median {statistics.median(accuracies):.2f} % ({_listed(accuracies)})"
    return [Measured("`retinue train digits`, 5 seeds", ">= 98.5 %, each < 30 s", text, seconds)]


def lesson(smoke: bool) -> list[Measured]:
    """The Keras lesson's network on its two data sets, against what Keras reached here."""
    lines = []
    for data, keras in (("fashion-mnist", 90.1), ("cifar10", 66.6)):
        options = [data, "--data-root", str(SHARED), "--model", "keras-lesson"]
        options += ["--epochs", "5", "--val-fraction", "0"]
        seeds, extra = (range(1), ["--limit-per-class", "20"]) if smoke else (range(3), [])
        found = [train(*options, "--seed", str(seed), *extra) for seed in seeds]
        accuracies, seconds = zip(*found, strict=True)
        text = f"mean {statistics.mean(accuracies):.2f} % ({_listed(accuracies)})"
        what = f"`retinue train {data} --model keras-lesson --epochs 5 --val-fraction 0`, 3 seeds"
        lines.append(Measured(what, f">= {keras - 0.7:.1f} % (Keras {keras} %)", text, seconds))
    return lines


def photos(smoke: bool) -> list[Measured]:
    """A folder of 844 photos from scratch: the mean over three split seeds."""
    seeds, extra = (range(1), ["--epochs", "1"]) if smoke else (range(3), [])
    options = [str(SHARED / "trash6"), "--pretrained", "none"]
    found = [train(*options, "--split-seed", str(seed), *extra) for seed in seeds]
    accuracies, seconds = zip(*found, strict=True)
    text = f"mean {statistics.mean(accuracies):.1f} % ({_listed(accuracies)})"
    what = "`retinue train ../shared/data/trash6 --pretrained none`, 3 split seeds"
    return [Measured(what, ">= 50 %, each < 600 s", text, seconds)]


def startup(smoke: bool) -> list[Measured]:
    """The time until something is on the screen: the median of several runs after a warm-up."""
    commands = {
        "`retinue --help`": ([*RETINUE, "--help"], "< 0.3 s"),
        "`import retinue` over an empty Python": (
            [sys.executable, "-c", "import retinue"],
            "< 0.1 s",
        ),
    }
    lines = []
    for what, (command, target) in commands.items():
        seconds = [_timed(command) for _ in range(3 if smoke else 12)][1:]
        median = statistics.median(seconds)
        if "import" in what:
            empty = statistics.median(_timed([sys.executable, "-c", ""]) for _ in seconds)
            text = f"{median - empty:.3f} s ({median:.3f} with Python's own start)"
        else:
            text = f"{median:.3f} s"
        lines.append(Measured(what, target, text, ()))
    return lines


FIGURES: dict[str, Callable[[bool], list[Measured]]] = {
    "startup": startup,
    "digits": digits,
    "lesson": lesson,
    "photos": photos,
}


def main() -> None:
    """Measure what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", choices=[*FIGURES, []], default=[])
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    print(f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| what | target | measured | seconds |\n|---|---|---|---|")
    for name in arguments.figures or FIGURES:
        for line in FIGURES[name](arguments.smoke):
            seconds = ", ".join(f"{value:.0f}" for value in line.seconds)
            print(f"| {line.what} | {line.target} | {line.value} | {seconds} |", flush=True)


def _timed(command: Sequence[str]) -> float:
    started = time.monotonic()
    subprocess.run(command, capture_output=True, check=True)
    return time.monotonic() - started


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


if __name__ == "__main__":
    main()
