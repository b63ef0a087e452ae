"""A board's folder, read: everything in it is in board.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.experiments.kept import read_values
from retinue.lessons.board.values import SCHEMA
from retinue.wording import percent


@dataclass(frozen=True)
class Board:
    """What `make_board` found: a folder, and its board.json as a mapping."""

    path: Path
    values: dict[str, Any]

    @classmethod
    def load(cls, path: str | Path) -> "Board":
        """Open the folder of a board.

        Raises:
            UsageError: there is none at this path, or a newer Retinue has written it.
            RetinueError: board.json is damaged.
        """
        missing = "no board; see `retinue lessons board`"
        return cls(Path(path), read_values(Path(path) / "board.json", SCHEMA, missing))

    @property
    def page(self) -> Path:
        """The page for the class."""
        return self.path / "board.html"

    def __repr__(self) -> str:
        return f"Board({str(self.path)!r}: {self.values['title']})"

    def _repr_html_(self) -> str:
        from retinue.notebook import picture, table

        rows = [
            [
                told_rank(one),
                one["name"],
                percent(one["accuracy"]["value"]),
                f"{percent(one['accuracy']['low'])} to {percent(one['accuracy']['high'])}",
                one["own_test"]["told"],
            ]
            for one in self.values["runs"]
        ]
        head = ["rank", "run", "accuracy on hidden pictures", "95 % interval", "its own test"]
        shown = table(head, rows, self.values["title"])
        return shown + picture(self.path / "figures" / "accuracy.png")


def told_rank(run: dict[str, Any]) -> str:
    """The ranks that a run may have, `3` or `1 to 4`."""
    best, worst = run["rank"]["best"], run["rank"]["worst"]
    return str(best) if best == worst else f"{best} to {worst}"
