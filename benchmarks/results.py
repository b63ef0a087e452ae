"""Measurements: one line each in a file that only grows, so that nothing measured is lost."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retinue.writing import write_text


@dataclass(frozen=True)
class Measurement:
    """One training of one side. Accuracies are from 0 to 1.

    `wall` is the time of the whole command; `cold` is what it takes, or would have taken, from
    files that were never decoded before. `curve` holds (seconds, test accuracy).
    """

    figure: str
    side: str
    command: str
    seed: int
    accuracy: float
    seconds: float
    pictures_per_second: float
    wall: float
    cold: float | None
    curve: Sequence[tuple[float, float]]
    versions: Mapping[str, str]
    precision: str
    load: float
    date: str


def append(path: Path, measurement: Measurement) -> None:
    """Add a measurement to the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(measurement)) + "\n")


def merge(path: Path, fresh: Sequence[Measurement]) -> None:
    """Put measurements into the file, in the place of what it has of the same figures."""
    figures = {one.figure for one in fresh}
    kept = [one for one in read(path) if one.figure not in figures]
    lines = [json.dumps(asdict(one)) + "\n" for one in [*kept, *fresh]]
    write_text(path, "".join(lines))


def read(path: Path) -> list[Measurement]:
    """All measurements of the file, in the order in which they were made."""
    if not path.is_file():
        return []
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line
    ]
    return [Measurement(**line) for line in lines]
