"""Measure how fast pictures come in, and how much memory they take, against torchvision.

    python -m benchmarks.input                   both tables (about half an hour on two cores)
    python -m benchmarks.input --only speed      one of them
    python -m benchmarks.input --write           into docs/benchmarks.md too, each in its place
    python -m benchmarks.input --smoke           each in its smallest form, to see that it runs

The peer is torchvision's ImageFolder with a DataLoader of two workers over one whole epoch, at the
same output size; archives are unpacked for it first. Both sides run in turn, A B A B, each in a
fresh process with a cache of its own; the least of all rounds counts, for everything else on the
machine only adds to it. Time is counted after imports, from the first look at the folder on.

torchvision is installed into a folder of its own ($RETINUE_BENCH, or the user's cache folder under
retinue-bench), so that the environment of development stays without it; --peer-python names an
interpreter that has it instead.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import document, machine
from benchmarks.arrays import ROOT, SHARED
from benchmarks.peers.environment import bench_folder

OURS = ("benchmarks.input", "--measure")
FROM_CACHE = "a second run, to its first batch"
# Of 64, 128 and 512 pictures a batch, the size with which the peer was fastest.
BATCH = {"trash6": 64, "cifar10": 512}


def main() -> None:
    """Measure what is asked for, and print it as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["speed", "memory"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", help="an interpreter with torch and torchvision")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    said = document.parse(parser)
    if said.measure:
        side, *words = said.measure
        sides: dict[str, Callable[..., dict[str, Any]]] = {"ours": ours, "again": again}
        print(json.dumps(sides[side](*words)))
        return
    rounds = 1 if said.smoke else said.rounds
    with tempfile.TemporaryDirectory(prefix="retinue-bench-") as folder:
        tables = {
            "speed": lambda: speed(Path(folder), rounds, said.peer_python, said.smoke),
            "memory": lambda: memory(Path(folder), said.smoke),
        }
        for name in [said.only] if said.only else tables:
            lines = [f"On {machine.describe()}, load {machine.load():.1f} at the start.", ""]
            print("\n".join(lines))
            for line in tables[name]():
                print(line, flush=True)
                lines.append(line)
            if said.write:
                document.replace_part(said.document, f"input-{name}", "\n".join(lines))


# --- speed


def speed(folder: Path, rounds: int, peer_python: str | None, smoke: bool) -> Iterator[str]:
    """Lines of first and later passes of both sides, and of what an epoch's batches cost."""
    sources = _small_sources(folder) if smoke else [SHARED / "trash6", SHARED / "cifar10.zip"]
    yield "| what | target | Retinue | ImageFolder, 2 workers | ratio | all rounds |"
    yield "|---|---|---|---|---|---|"
    for source in sources:
        unpacked = _unpacked(source, folder)
        found: dict[str, list[dict[str, Any]]] = {"ours": [], "again": [], "peer": []}
        for number in range(rounds):
            cache = folder / f"cache-{source.stem}-{number}"
            for side in ("ours", "again"):
                found[side].append(_measure(sys.executable, *OURS, side, source, cache=cache))
            size = found["ours"][0]["stored"]
            batch = BATCH.get(source.stem, 32)
            found["peer"].append(_peer(peer_python, unpacked, size, batch))
        yield from _speed_lines(source, found)
    if not smoke:
        yield _share_line(folder)


def _speed_lines(source: Path, found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    peer = _seconds(found["peer"], "seconds")
    one = found["ours"][0]
    what = f"{source.name}, {one['pictures']:,} pictures to {one['stored']}x{one['stored']}"
    lines = [
        ("first pass", ">= 1.5 times", _seconds(found["ours"], "first")),
        ("later pass", ">= 10 times", _seconds(found["again"], "later")),
        (FROM_CACHE, "reads no picture", _seconds(found["again"], "start")),
    ]
    for name, target, seconds in lines:
        rounds = " ".join(f"{value:.2f}" for value in seconds)
        if name == FROM_CACHE:
            theirs, ratio = "", ""
        else:
            theirs, ratio = f"{min(peer):.2f} s", f"{min(peer) / min(seconds):.2f}"
            rounds += " / " + " ".join(f"{value:.2f}" for value in peer)
        cells = [f"{name}: {what}", target, f"{min(seconds):.3f} s", theirs, ratio, rounds]
        yield f"| {' | '.join(cells)} |"


def _share_line(folder: Path) -> str:
    """What an epoch's batches cost, of an epoch of the Keras lesson's network on CIFAR-10."""
    output = folder / "lesson"
    options = ["cifar10", "--data-root", str(SHARED), "--model", "keras-lesson", "--epochs", "2"]
    _retinue(folder / "cache-lesson", *options, "--val-fraction", "0", "--output", str(output))
    lines = (output / "history.jsonl").read_text().splitlines()
    epoch = min(json.loads(line)["seconds"] for line in lines)
    source, cache = SHARED / "cifar10.zip", folder / "cache-lesson"
    drained = min(
        _measure(sys.executable, *OURS, "again", source, cache=cache)["later"] * 50_000 / 60_000
        for _ in range(3)
    )
    cells = ["batches of one epoch (50,000 pictures) without the network", "< 5 % of its epoch"]
    cells += [f"{drained:.3f} s", f"epoch of keras-lesson {epoch:.2f} s"]
    return f"| {' | '.join(cells)} | {100 * drained / epoch:.1f} % | |"


def ours(source: str) -> dict[str, Any]:
    """A first pass: until every picture of a source is in the store."""
    from retinue.data.listing import list_source
    from retinue.data.pool import Wanted, from_files

    started = time.perf_counter()
    pool = from_files(list_source(Path(source)), Wanted(), 0.01, None)
    seconds = time.perf_counter() - started
    return {"first": seconds, "pictures": len(pool.pictures), "stored": pool.preprocess.stored[0]}


def again(source: str) -> dict[str, Any]:
    """A second run, from the cache: its start, and a pass over the batches of all pictures."""
    from retinue.data.batches import Batches
    from retinue.data.listing import list_source
    from retinue.data.load import load_data
    from retinue.data.pool import Wanted, from_files

    started = time.perf_counter()
    data = load_data(source)
    next(Batches(data.train, 128, data.size).epoch(0))
    start = time.perf_counter() - started
    pool = from_files(list_source(Path(source)), Wanted(), 0.01, None)
    batches = Batches(pool.pictures, 128, pool.preprocess.size)
    passes = []
    for number in range(3):
        started = time.perf_counter()
        count = sum(len(labels) for _, labels in batches.epoch(number))
        passes.append(time.perf_counter() - started)
    assert count == len(pool.pictures)
    return {"start": start, "later": min(passes)}


def _peer(python: str | None, unpacked: Path, size: int, batch: int) -> dict[str, Any]:
    roots = [unpacked / name for name in ("train", "test") if (unpacked / name).is_dir()]
    words = ["benchmarks.peers.image_folder", str(size), str(batch), *map(str, roots or [unpacked])]
    if python is not None:
        return _measure(python, *words)
    where = bench_folder() / "torchvision"
    if not where.exists():
        print(f"installing torchvision into {where}", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        wanted = ["torchvision==0.28.0", "-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, "--target", str(where), *wanted], check=True)
    return _measure(sys.executable, *words, more=str(where))


def _measure(
    python: str, *words: str | Path, cache: Path | None = None, more: str = ""
) -> dict[str, Any]:
    """Run a module of ours, with its arguments, in a process of its own."""
    environment = {**os.environ, **({"RETINUE_CACHE": str(cache)} if cache else {})}
    if more:
        environment["PYTHONPATH"] = os.pathsep.join([more, os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [python, "-W", "ignore", "-m", *map(str, words)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _seconds(found: Sequence[dict[str, Any]], key: str) -> list[float]:
    return [float(one[key]) for one in found]


def _unpacked(source: Path, folder: Path) -> Path:
    if source.is_dir():
        return source
    from retinue.data.files import open_files

    unpacked = folder / f"{source.stem}-unpacked"
    files = open_files(source)
    for name, data in files.read([entry.name for entry in files.entries()]):
        path = unpacked / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return unpacked


def _small_sources(folder: Path) -> list[Path]:
    """A folder of a few photos, and a zip of small pictures."""
    noise = np.random.default_rng(0)
    photos, small = folder / "photos", folder / "small.zip"
    with zipfile.ZipFile(small, "w") as archive:
        for number in range(24):
            name = f"{'ab'[number % 2]}/{number}"
            pixels = noise.integers(0, 256, (320, 400, 3), dtype=np.uint8)
            path = photos / f"{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
            Image.fromarray(pixels[:16, :16]).save(folder / "one.png")
            archive.write(folder / "one.png", f"{name}.png")
    return [photos, small]


# --- memory


def memory(folder: Path, smoke: bool) -> Iterator[str]:
    """Lines of the peak memory of trainings whose pictures lie in memory or on the disk."""
    if not Path("/proc/self/status").exists():
        yield "memory is read from /proc, which only Linux has"
        return
    yield "| training | pictures, bytes | peak anonymous | peak in all (VmHWM) | over the base |"
    yield "|---|---|---|---|---|"
    side, limit, counts = (16, "10kB", (60, 120)) if smoke else (64, "256MB", (50_000, 200_000))
    # Enough that every batch of the training is full; on the disk, as those it is compared to.
    base_count = 30 if smoke else 10_000
    for model, groups in _trainings(side, limit, base_count, counts, smoke).items():
        base: float | None = None
        for options, size in groups:
            anonymous, whole = _peak(folder, *options, "--model", model)
            base = anonymous if base is None else base
            cells = [f"`retinue train {' '.join(options)} --model {model}`", _mib(size)]
            cells += [_mib(anonymous), _mib(whole), _mib(anonymous - base)]
            yield f"| {' | '.join(cells)} |".replace(str(SHARED), "../shared/data")


def _trainings(
    side: int, limit: str, base: int, counts: Sequence[int], smoke: bool
) -> dict[str, list[tuple[list[str], int]]]:
    """By network: options and bytes of pixels; the first is the network's own need."""

    def shapes(count: int, size: int, memory: str) -> tuple[list[str], int]:
        options = ["--set", f"data_options.count={count}", "--set", f"data_options.size={size}"]
        return ["shapes", *options, "--epochs", "1", "--cache-memory", memory], count * size**2 * 3

    large = [shapes(count, side, limit) for count in counts]
    found = {"softmax": [shapes(base, side, "1MB"), *large]}
    if not smoke:
        cifar = ["cifar10", "--data-root", str(SHARED), "--epochs", "1"]
        size = 60_000 * 32 * 32 * 3
        found["keras-lesson"] = [
            shapes(base, 32, "1MB"),
            (cifar, size),
            ([*cifar, "--cache-memory", "100MB"], size),
        ]
    return found


def _peak(folder: Path, *options: str) -> tuple[int, int]:
    """Bytes at their highest of a training: anonymous memory, and all that was resident.

    The training runs twice: the second takes its pictures from the cache, and the higher counts.
    """
    cache = folder / "cache-memory"
    found = [_watched(cache, folder / f"run-{time.monotonic_ns()}", *options) for _ in range(2)]
    return max(one for one, _ in found), max(whole for _, whole in found)


def _watched(cache: Path, output: Path, *options: str) -> tuple[int, int]:
    command = [sys.executable, "-m", "retinue", "train", *options, "--output", str(output)]
    with subprocess.Popen(
        command, env={**os.environ, "RETINUE_CACHE": str(cache)}, stdout=subprocess.DEVNULL
    ) as process:
        highest = {"RssAnon": 0, "VmHWM": 0}
        while process.poll() is None:
            for key, value in _status(process.pid).items():
                highest[key] = max(highest[key], value)
            time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return highest["RssAnon"], highest["VmHWM"]


def _status(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(":") for line in lines if line.startswith(("RssAnon:", "VmHWM:")))
    return {key: int(value.split()[0]) * 1024 for key, value in pairs}


def _retinue(cache: Path, *options: str) -> None:
    command = [sys.executable, "-m", "retinue", "train", *options]
    environment = {**os.environ, "RETINUE_CACHE": str(cache)}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


def _mib(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB"


if __name__ == "__main__":
    main()
