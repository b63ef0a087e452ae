"""What a run was trained and judged on."""

import csv
from dataclasses import dataclass

from retinue.runs import Run
from retinue.writing import from_csv_cell


@dataclass(frozen=True)
class Counts:
    """Pictures by class and split; `splits` are those that have any."""

    splits: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def totals(self) -> tuple[int, ...]:
        """The pictures of each split."""
        return tuple(sum(column) for column in zip(*(row for _, row in self.rows), strict=True))

    @property
    def most(self) -> int:
        """The most that a class has in all splits together."""
        return max(sum(row) for _, row in self.rows)


def counts_of(run: Run) -> Counts:
    """How many pictures each class has in each split."""
    counts = run.data["counts"]
    splits = tuple(split for split, found in counts.items() if sum(found.values()))
    rows = ((name, tuple(counts[split].get(name, 0) for split in splits)) for name in run.classes)
    return Counts(splits, tuple(rows))


def bad_pictures(run: Run) -> list[tuple[str, str]]:
    """Path and reason of every picture that was left out."""
    try:
        with (run.path / "bad-pictures.csv").open(encoding="utf-8", newline="") as file:
            rows = [[from_csv_cell(cell) for cell in row] for row in csv.reader(file)][1:]
    except (OSError, csv.Error, ValueError):
        return []
    return [(row[0], row[1]) for row in rows if len(row) > 1]
