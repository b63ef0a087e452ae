"""A comparison's folder, read: everything in it is in comparison.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.experiments.kept import read_values
from retinue.wording import percent

SCHEMA = 1


@dataclass(frozen=True)
class Comparison:
    """What `compare` found: a folder, and its comparison.json as a mapping."""

    path: Path
    values: dict[str, Any]

    @classmethod
    def load(cls, path: str | Path) -> "Comparison":
        """Open the folder of a comparison.

        Raises:
            UsageError: there is none at this path, or a newer Retinue has written it.
            RetinueError: comparison.json is damaged.
        """
        missing = "no comparison; see `retinue compare`"
        return cls(Path(path), read_values(Path(path) / "comparison.json", SCHEMA, missing))

    @property
    def winner(self) -> str | None:
        """Who was chosen on val."""
        name: str | None = self.values["winner"]
        return name

    @property
    def discussion(self) -> str:
        """The discussion as plain text, a sentence a line."""
        parts = [[section["title"], *section["sentences"]] for section in self.values["discussion"]]
        return "\n\n".join("\n".join(part) for part in parts)

    def __repr__(self) -> str:
        names = ", ".join(
            f"{one['name']} {percent(one['accuracy']['value'])}" for one in self.values["entrants"]
        )
        return f"Comparison({str(self.path)!r}: {names})"

    def _repr_html_(self) -> str:
        from retinue.notebook import picture, table

        rows = []
        for one in self.values["entrants"]:
            found = one["accuracy"]
            value, low, high = (percent(found[key]) for key in ("value", "low", "high"))
            rows.append([one["name"], value, f"{low} to {high}", f"{one['f1']['value']:.3f}"])
        head = ["who", "accuracy", "95 % interval", "macro F1"]
        figures = ("accuracy.png", "pareto-training.png", "pareto-prediction.png", "confusion.png")
        return table(head, rows, str(self.path)) + "".join(
            picture(self.path / "figures" / name) for name in figures
        )
