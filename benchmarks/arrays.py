"""The same decoded pictures for every peer: one file of arrays a data set, made once.

python -m benchmarks.arrays cifar10 pictures.npz
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.environment import bench_folder

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
# In smoke tests: big enough for a batch, small enough for a test, and generated.
SMOKE = "shapes"
SMOKE_OPTIONS: dict[str, Any] = {"count": 240}


def decoded(data: str, root: Path = SHARED) -> tuple[Path, float]:
    """The .npz of a data set, and the seconds that reading and decoding its files took."""
    path = bench_folder() / "arrays" / f"{data}.npz"
    note = path.with_suffix(".json")
    if not note.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as cache:
            # In a process of its own with an empty cache: every picture is decoded.
            command = [sys.executable, "-m", "benchmarks.arrays", data, str(path)]
            environment = {**os.environ, "RETINUE_CACHE": cache}
            done = subprocess.run(
                [*command, "--root", str(root)],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        note.write_text(done.stdout)
    return path, json.loads(note.read_text())["seconds"]


def main() -> None:
    """Decode one data set, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("path", type=Path)
    parser.add_argument("--root", type=Path, default=SHARED, help="where the data lies")
    asked = parser.parse_args()
    from retinue.data.load import load_data

    options = SMOKE_OPTIONS if asked.data == SMOKE else {}
    started = time.perf_counter()
    loaded = load_data(asked.data, val_fraction=0, data_root=asked.root, **options)
    train_images, test_images = loaded.train.images, loaded.test.images
    seconds = time.perf_counter() - started
    np.savez(
        asked.path,
        train_images=train_images,
        train_labels=loaded.train.labels,
        test_images=test_images,
        test_labels=loaded.test.labels,
    )
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
