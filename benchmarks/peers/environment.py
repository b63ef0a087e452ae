"""An environment for every peer: a venv of its own with pinned versions, made once and kept.

    python -m benchmarks.peers.environment                 make all of them
    python -m benchmarks.peers.environment keras airbench  make some of them

They lie in $RETINUE_BENCH, or in the user's cache folder under retinue-bench. `TORCH_INDEX` names
PyTorch's wheel index, as for `make`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from platformdirs import user_cache_path

TRIES = 3
PAUSE = 10.0  # seconds between two tries

# The version of torch is Retinue's own (constraints.txt), so that the two differ in nothing else.
REQUIREMENTS = {
    "keras": (
        "tensorflow-cpu==2.21.0; sys_platform != 'darwin'",
        "tensorflow==2.21.0; sys_platform == 'darwin'",
        "keras==3.15.1",
        "numpy==2.4.6",
    ),
    "airbench": ("torch==2.13.0", "numpy==2.4.6"),
    "fastai": ("fastai==2.8.12", "torch==2.13.0", "torchvision==0.28.0", "numpy==2.4.6"),
}


class PeerError(Exception):
    """A peer that cannot be measured here, and why, in one line."""


def bench_folder() -> Path:
    """Where environments, decoded arrays and results are kept."""
    named = os.environ.get("RETINUE_BENCH")
    return Path(named).resolve() if named else user_cache_path("retinue-bench")


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment, which is made if it is not there.

    Raises:
        PeerError: it cannot be made.
    """
    if not is_made(peer):
        _make(peer)
    return _interpreter(peer)


def is_made(peer: str) -> bool:
    """Whether the environment is there, with the versions that are wanted now."""
    note = _note(peer)
    return note.is_file() and json.loads(note.read_text())["wanted"] == list(REQUIREMENTS[peer])


def _make(peer: str) -> None:
    folder, wanted = bench_folder() / peer, REQUIREMENTS[peer]
    started = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    print(f"making an environment for {peer} in {folder}", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", str(folder)], peer)
    index = os.environ.get("TORCH_INDEX")
    extra = ["--extra-index-url", index] if index else []
    pip = [str(_interpreter(peer)), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", *extra, *wanted], peer, TRIES)
    installed = subprocess.run([*pip, "freeze"], stdout=subprocess.PIPE, text=True, check=True)
    note = {
        "wanted": wanted,
        "seconds": round(time.monotonic() - started, 1),
        "installed": installed.stdout.split("\n"),
    }
    # Written last: an environment without it is half made, and is made again.
    _note(peer).write_text(json.dumps(note, indent=2) + "\n")


def _run(command: list[str], peer: str, tries: int = 1) -> None:
    """Run a step of the installation, again where the network may have failed."""
    for last in range(1, tries + 1):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if last < tries:
            time.sleep(PAUSE)
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    why = (errors or done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise PeerError(f"{peer}: its environment cannot be made: {why.removeprefix('ERROR: ')}")


def _note(peer: str) -> Path:
    return bench_folder() / peer / "made.json"


def _interpreter(peer: str) -> Path:
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return bench_folder() / peer / inside


def main() -> int:
    """Make what is asked for, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="*", choices=[*REQUIREMENTS, []], default=[])
    failed = False
    for peer in parser.parse_args().peers or REQUIREMENTS:
        try:
            python_of(peer)
        except PeerError as error:
            print(error, file=sys.stderr)
            failed = True
        else:
            seconds = json.loads(_note(peer).read_text())["seconds"]
            print(f"{peer}: {bench_folder() / peer}, made in {seconds} s")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
