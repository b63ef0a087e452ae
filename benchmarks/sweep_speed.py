"""A sweep of short runs by one worker with one core, and by two with one each.

    python -m benchmarks.sweep_speed --write       one, two, one, two (some minutes)
    python -m benchmarks.sweep_speed --smoke       a small sweep, once

Prints the ratio of the times, and whether every training gave the same weights, byte for byte: by
one worker, by two, and by `retinue train` alone with the same recipe and threads.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import arrays, document, machine

SWEEP = (
    "cifar10 --model cnn --set epochs=4 --set limit_per_class=500 --set model.width=16 --threads 1 "
    "--vary model.depth=2,3 --vary lr=1e-3,3e-3 --seeds 6"
)
SMOKE = (
    "digits --model cnn --set epochs=2 --set model.width=8 --threads 1 "
    "--vary model.depth=1,2 --vary lr=1e-3,1e-2"
)
TARGET = 0.6


def main() -> int:
    """Measure, and print a table; 1 where weights differ."""
    asked = _arguments()
    words = (SMOKE if asked.smoke else SWEEP).split()
    words += ["--data-root", str(asked.data_root)]
    times: dict[int, list[float]] = {1: [], 2: []}
    cores = sorted(os.sched_getaffinity(0))[:2]
    load = machine.load()
    with tempfile.TemporaryDirectory() as name:
        folder, found = Path(name), {}
        for turn in range(1 if asked.smoke else 2):
            for workers in (1, 2):
                output = folder / f"{workers}-{turn}"
                started = time.monotonic()
                _run(["sweep", *words, "--workers", str(workers)], output, cores[:workers])
                times[workers].append(time.monotonic() - started)
                found[output.name] = weights(output)
                print(f"  {workers}: {times[workers][-1]:.1f} s", file=sys.stderr)
        same = all(one == found["1-0"] for one in found.values())
        alone = _alone(folder, folder / "1-0", asked.data_root, cores[:1])
        same_alone = all(found["1-0"][name] == digest for name, digest in alone.items())
    one, two = (statistics.median(times[workers]) for workers in (1, 2))
    text = "\n".join(
        [
            "| trainings | one worker, one core | two workers, one core each | ratio | target "
            "| weights |",
            "|---|---|---|---|---|---|",
            f"| {len(found['1-0'])} | {one:.0f} s | {two:.0f} s | **{two / one:.2f}** "
            f"| at most {TARGET} | {'equal' if same and same_alone else '**differ**'}, "
            f"{len(alone)} of them also to `retinue train` alone |",
            "",
            f"{machine.describe()}; load before it {load:.1f}.",
        ]
    )
    print(text)
    if asked.write:
        document.replace_part(asked.document, "sweep-speed", text)
    return int(not (same and same_alone))


def weights(sweep: Path) -> dict[str, str]:
    """The digest of each training's weights."""
    return {
        path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(sweep.glob("trials/*/model.safetensors"))
    }


def _alone(folder: Path, sweep: Path, data_root: Path, cores: list[int]) -> dict[str, str]:
    """The same for the first training of two settings, each done by itself."""
    found = {}
    for name in ("0001-seed0", "0004-seed0"):
        recipe = sweep / "trials" / name / "recipe.yaml"
        words = ["train", "--recipe", str(recipe), "--threads", "1"]
        words += ["--data-root", str(data_root)]
        _run(words, folder / name, cores)
        digest = hashlib.sha256((folder / name / "model.safetensors").read_bytes())
        found[name] = digest.hexdigest()
    return found


def _run(words: list[str], output: Path, cores: list[int]) -> None:
    subprocess.run(
        [sys.executable, "-m", "retinue", *words, "--output", str(output)],
        stdout=subprocess.DEVNULL,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument("--smoke", action="store_true", help="a small sweep of digits, once")
    return document.parse(parser)


if __name__ == "__main__":
    sys.exit(main())
