"""A sweep's folder, read: what was asked, what each training gave, and what came out."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError
from retinue.experiments.sweeps.collect import collect
from retinue.experiments.sweeps.journal import Journal
from retinue.experiments.sweeps.phrases import setting_name
from retinue.experiments.sweeps.result import Result
from retinue.wording import count, percent

EFFECTS, TABLE, BEST = "effects.json", "table.csv", "best.yaml"


@dataclass(frozen=True)
class Sweep:
    """What `sweep` made: a folder with many runs, and effects.json as a mapping.

    `values` is empty where the sweep was stopped before anything could be said.
    """

    path: Path
    values: dict[str, Any]

    @classmethod
    def load(cls, path: str | Path) -> "Sweep":
        """Open the folder of a sweep.

        Raises:
            UsageError: there is none at this path, or a newer Retinue has written it.
            RetinueError: its files are damaged.
        """
        file = Path(path) / EFFECTS
        try:
            values = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        except (OSError, ValueError) as error:
            raise RetinueError(f"{file}: cannot be read: {error}") from None
        found = cls(Path(path), values)
        _ = found.journal  # what is no sweep has none
        return found

    @cached_property
    def journal(self) -> Journal:
        """What was asked, and the settings."""
        return Journal.load(self.path)

    @cached_property
    def results(self) -> list[Result]:
        """A line for each training, read from the run folders."""
        return collect(self.journal)

    def __repr__(self) -> str:
        best = (self.values.get("findings") or {}).get("best")
        settings = count(len(self.journal.settings), "setting")
        if best is None:
            return f"Sweep({str(self.path)!r}: {settings})"
        told = f"{setting_name(best['values'])}, val {percent(best['val'])}"
        return f"Sweep({str(self.path)!r}: {settings}, best {told})"

    def _repr_html_(self) -> str:
        from retinue.notebook import picture, table

        rows = [
            [
                setting_name(one["values"]),
                one["trainings"],
                *("" if one[key] is None else percent(one[key]) for key in ("val", "test")),
            ]
            for one in (self.values.get("findings") or {}).get("settings", [])
        ]
        rows.sort(key=lambda row: str(row[2]), reverse=True)
        figures = ("effects.png", "interactions.png", "train-test.png", "pareto.png")
        return table(["setting", "trainings", "val", "test"], rows[:20], repr(self)) + "".join(
            picture(self.path / "figures" / name) for name in figures
        )
