"""What the peers' scripts share: their arguments, their clock, and the line that they end with.

The scripts run in environments of their own: nothing but NumPy is imported here.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Task:
    """What a peer is asked to do. Images are (N, H, W, C) uint8, labels (N,) int64."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    seed: int
    epochs: int
    batch_size: int
    precision: str
    threads: int | None
    device: str
    smoke: bool

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.train_labels.max()) + 1


class Clock:
    """The seconds between every `start` and its `stop`; evaluation stands outside.

    `wait` lets a device that works on its own finish first.
    """

    def __init__(self, wait: Callable[[], object] = lambda: None) -> None:
        self.seconds = 0.0
        self._wait = wait
        self._since = 0.0

    def start(self) -> None:
        """Go on."""
        self._wait()
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Pause, or end."""
        self._wait()
        self.seconds += time.perf_counter() - self._since


def read_task(about: str | None, epochs: int, batch_size: int) -> Task:
    """The task that the command line names; epochs and batch size have the peer's defaults."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--data", type=Path, required=True, help="an .npz of decoded pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--threads", type=int, help="by default the peer's own choice")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--smoke", action="store_true", help="one epoch, to see that it runs")
    asked = parser.parse_args()
    with np.load(asked.data) as arrays:
        return Task(
            train_images=arrays["train_images"],
            train_labels=arrays["train_labels"],
            test_images=arrays["test_images"],
            test_labels=arrays["test_labels"],
            seed=asked.seed,
            epochs=1 if asked.smoke else asked.epochs,
            batch_size=asked.batch_size,
            precision=asked.precision,
            threads=asked.threads,
            device=asked.device,
            smoke=asked.smoke,
        )


def tell(
    accuracy: float,
    clock: Clock,
    pictures: int,
    curve: Sequence[tuple[float, float]],
    versions: Mapping[str, str],
    **more: Any,
) -> None:
    """Print the result as the last line: accuracies from 0 to 1, seconds by the clock."""
    result = {
        "accuracy": accuracy,
        "seconds": clock.seconds,
        "pictures_per_second": pictures / clock.seconds,
        "curve": list(curve),
        "versions": dict(versions),
        **more,
    }
    print(json.dumps(result), flush=True)
