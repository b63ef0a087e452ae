"""The confusion matrix, each cell of which opens its pictures."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retinue.plotting.style import shorten_all
from retinue.reporting.facts.pictures import Thumbnail
from retinue.reporting.page.album import Album, within
from retinue.runs import Run
from retinue.writing import from_csv_cell

PER_CELL = 6  # pictures of a cell, as many as a run keeps
MOST = 4000  # pictures of all cells of a page
WIDE = 25  # classes above which a matrix is too wide for paper
LETTERS = 14  # of a name at its edge
LARGE = 4  # classes up to which cells have room for a share
_MARK = "\u200e"  # of left-to-right, which matplotlib needs and a page does not
SHADES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8)  # shares at which a cell becomes darker


@dataclass(frozen=True)
class Cell:
    """How many pictures, which share of their class, and the class of the cell's shade."""

    n: int
    share: float
    shade: str


@dataclass(frozen=True)
class Row:
    """What became of the pictures of a class."""

    name: str
    total: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Shown:
    """A picture of a cell: its key in the album, its id, and how sure the answer was."""

    key: str
    id: str
    probability: float | None


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix; rows are true classes. `runs` trainings are added up in it."""

    id: str
    name: str
    classes: tuple[str, ...]
    rows: tuple[Row, ...]
    runs: int
    opens: str
    pictures: Mapping[tuple[int, int], Sequence[Shown]]

    @property
    def size(self) -> str:
        """Whether it is `large`, of few classes, or `wide`, of too many for paper."""
        k = len(self.classes)
        return "large" if k <= LARGE else "wide" if k > WIDE else "middle"

    @property
    def short(self) -> tuple[str, ...]:
        """Names short enough for its edges, and still unlike one another."""
        return tuple(name.strip(_MARK) for name in shorten_all(self.classes, LETTERS))

    @property
    def turned(self) -> bool:
        """Whether the names above its columns stand on end."""
        return len(self.classes) > LARGE and max(map(len, self.classes)) > 3

    def data(self, album: Album, quota: int) -> dict[str, Any]:
        """What the page's script opens: by cell the key, id and probability of each picture."""
        stored = album.stored
        cells = {
            f"{true}-{predicted}": [
                [one.key, one.id, one.probability and round(one.probability, 4)]
                for one in shown[:quota]
                if one.key in stored
            ]
            for (true, predicted), shown in self.pictures.items()
        }
        return {"id": self.id, "runs": self.runs, "opens": self.opens, "cells": cells}


def make_matrix(
    id_: str,
    name: str,
    classes: Sequence[str],
    confusion: Sequence[Sequence[int]],
    pictures: Mapping[tuple[int, int], Sequence[Shown]],
    runs: int = 1,
) -> Matrix:
    """Shade the cells of a confusion matrix, and say which is to be open at first."""
    rows = tuple(
        _row(position, name, list(counts))
        for position, (name, counts) in enumerate(zip(classes, confusion, strict=True))
    )
    return Matrix(id_, name, tuple(classes), rows, runs, _worst(confusion), pictures)


def shown_in(
    cells: Mapping[tuple[int, int], Sequence[Thumbnail]], album: Album, digests: Mapping[str, str]
) -> dict[tuple[int, int], list[Shown]]:
    """The thumbnails of a run's cells, by their keys in the album."""
    return {
        cell: [
            Shown(album.key(one, digests.get(one.id)), one.id, one.probability)
            for one in thumbnails
        ]
        for cell, thumbnails in cells.items()
    }


def together(
    parts: Sequence[Mapping[tuple[int, int], Sequence[Shown]]],
) -> dict[tuple[int, int], list[Shown]]:
    """The pictures of several runs by cell: each once, in turns, at most six."""
    found: dict[tuple[int, int], list[Shown]] = {}
    for cell in sorted({cell for part in parts for cell in part}):
        lists = [part.get(cell, ()) for part in parts]
        turns = [some[turn] for turn in range(PER_CELL) for some in lists if turn < len(some)]
        found[cell] = list({one.key: one for one in reversed(turns)}.values())[::-1][:PER_CELL]
    return found


def fill(matrices: Sequence[Matrix], album: Album) -> int:
    """Have the pictures of all cells in the page; gives how many each can have at most."""
    lists = [[one.key for one in some] for matrix in matrices for some in matrix.pictures.values()]
    quota = within(lists, PER_CELL, MOST)
    album.want(key for keys in lists for key in keys[:quota])
    return quota


def digests_of(run: Run, split: str) -> dict[str, str]:
    """The digest of each picture of a split by its id; of other data none is known.

    Where splits.csv is missing or damaged none is either.
    """
    found = {}
    try:
        with (run.path / "splits.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                if row[3] == split:
                    found[from_csv_cell(row[0])] = row[4]
    except (OSError, ValueError, IndexError, csv.Error):
        return {}
    return found


def _row(position: int, name: str, counts: list[int]) -> Row:
    total = sum(counts)
    cells = tuple(
        Cell(n, n / total if total else 0.0, _shade(n, total, place == position))
        for place, n in enumerate(counts)
    )
    return Row(name, total, cells)


def _shade(n: int, total: int, right: bool) -> str:
    """`r0` to `r8` for right answers, `w0` to `w8` for mistakes; nothing where there are none."""
    if not n:
        return "d" if right else ""
    return f"{'r' if right else 'w'}{sum(n / total >= share for share in SHADES)}"


def _worst(confusion: Sequence[Sequence[int]]) -> str:
    """The cell with most mistakes; without any the first."""
    cells = [
        (n, -true, -said)
        for true, counts in enumerate(confusion)
        for said, n in enumerate(counts)
        if n and true != said
    ]
    if not cells:
        return "0-0"
    _, true, said = max(cells)
    return f"{-true}-{-said}"
