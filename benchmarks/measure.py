"""One measurement: run one side of a figure once, and read how it went."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import arrays, machine
from benchmarks.contests import RETINUE, Contest, Side
from benchmarks.peers.environment import PeerError, bench_folder, python_of
from benchmarks.results import Measurement

ENVIRONMENTS = {"keras_lesson": "keras", "airbench94": "airbench", "fastai_learner": "fastai"}
PEER_SMOKE = ("--batch-size", "40", "--smoke")
OUR_SMOKE = ("--batch-size", "40", "--epochs", "1")


@dataclass(frozen=True)
class How:
    """What all measurements of one call share; passed on to both sides."""

    smoke: bool = False
    root: Path = arrays.SHARED
    threads: int | None = None
    device: str = "auto"

    def data(self, contest: Contest) -> str:
        """The figure's data set, or the small one of smoke tests."""
        return arrays.SMOKE if self.smoke else contest.data

    def command(self, contest: Contest, side: Side) -> list[str]:
        """What is run, but for seed and paths; it tells one measurement from another."""
        options = [*side.options, "--device", self.device]
        if self.threads is not None:
            options += ["--threads", str(self.threads)]
        if side.program != RETINUE:
            return [side.program, *options, *(PEER_SMOKE if self.smoke else ())]
        if self.smoke:
            pairs = (f"data_options.{key}={value}" for key, value in arrays.SMOKE_OPTIONS.items())
            options += [*OUR_SMOKE, *(word for pair in pairs for word in ("--set", pair))]
        return ["retinue", "train", self.data(contest), *options]


def measure(figure: str, contest: Contest, side: Side, seed: int, how: How) -> Measurement:
    """Run one side once.

    Raises:
        PeerError: it cannot be run here, or has failed.
    """
    load = machine.load()
    command = how.command(contest, side)
    if side.program == RETINUE:
        found = _ours(command, f"{figure}-{side.name}", seed, how)
    else:
        found = _theirs(command, how.data(contest), seed, how)
    return Measurement(
        figure=figure,
        side=side.name,
        command=" ".join(command),
        seed=seed,
        load=load,
        date=date.today().isoformat(),
        **found,
    )


def _ours(command: list[str], name: str, seed: int, how: How) -> dict[str, Any]:
    """`retinue train` in a process of its own; the first seed starts from an empty cache."""
    cache = bench_folder() / "cache"
    if seed == 0:
        shutil.rmtree(cache, ignore_errors=True)
    cold = not cache.exists()
    folder = bench_folder() / "runs" / f"{name}-{seed}".replace(", ", "-").replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    words = [sys.executable, "-m", *command, "--seed", str(seed), "--json"]
    words += ["--data-root", str(how.root), "--output", str(folder)]
    told, wall = _run(words, {**os.environ, "RETINUE_CACHE": str(cache)})
    status, counts = _json(folder / "status.json"), _json(folder / "data.json")
    environment = _json(folder / "environment.json")
    seconds = status["training_seconds"]
    accuracy = told["accuracy"]["test"]["value"]
    return {
        "accuracy": accuracy,
        "seconds": seconds,
        "pictures_per_second": _pictures(folder, status, counts) / seconds,
        "wall": wall,
        "cold": wall if cold else None,
        "curve": [(seconds, accuracy)],
        "versions": {"retinue": environment["retinue"], "torch": environment["packages"]["torch"]},
        "precision": environment["precision"],
    }


def _theirs(command: list[str], data: str, seed: int, how: How) -> dict[str, Any]:
    """A peer's script in its own environment; it is given decoded pictures."""
    program, *options = command
    python = python_of(ENVIRONMENTS[program])
    path, decoding = arrays.decoded(data, how.root)
    # Nothing of this environment may reach the peer's.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    words = [str(python), "-m", f"benchmarks.peers.{program}", "--data", str(path)]
    told, wall = _run([*words, *options, "--seed", str(seed)], environment)
    keys = ("accuracy", "seconds", "pictures_per_second", "curve", "versions", "precision")
    return {**{key: told[key] for key in keys}, "wall": wall, "cold": wall + decoding}


def _run(words: list[str], environment: dict[str, str]) -> tuple[dict[str, Any], float]:
    """The JSON that a command ends with, and its seconds."""
    started = time.perf_counter()
    done = subprocess.run(
        words, cwd=arrays.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - started
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PeerError(f"{' '.join(words[2:4])} failed: {last}")
    # A peer's library may print before it; Retinue's JSON has many lines.
    text = done.stdout.strip()
    told: dict[str, Any] = json.loads(text if text.startswith("{") else text.splitlines()[-1])
    return told, wall


def _pictures(folder: Path, status: dict[str, Any], data: dict[str, Any]) -> float:
    """How many pictures the training saw, whatever ended it."""
    from retinue.runs import Run

    count = sum(data["counts"]["train"].values())
    steps = -(-count // Run.load(folder).recipe.batch_size)
    return float(count * status["step"] / steps)


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
