"""sweep.json: what a sweep was asked, which settings it tries, and what no run folder tells."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import retinue
from retinue.errors import RetinueError, UsageError
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import Values
from retinue.writing import write_json

SCHEMA = 1
FILE, TRIALS = "sweep.json", "trials"


@dataclass(frozen=True)
class Entry:
    """A setting that is tried: its recipe in full, or why it is impossible."""

    number: int
    values: Values
    recipe: dict[str, Any] | None
    impossible: str = ""
    parameters: int | None = None
    multiply_adds: int | None = None


@dataclass(frozen=True, order=True)
class Trial:
    """One training of a sweep: a setting with a seed."""

    setting: int
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.setting:04d}-seed{self.seed}"


@dataclass
class Journal:
    """The settings in the order of their numbers, from 1; which trials were stopped or failed.

    `pruned` and `failed` are by the names of trials; the states of all others are in their folders.
    """

    path: Path
    plan: Plan
    settings: list[Entry] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> "Journal":
        """Open the folder of a sweep.

        Raises:
            UsageError: there is none at this path, or a newer Retinue has written it.
            RetinueError: sweep.json is damaged.
        """
        file = Path(path) / FILE
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            if int(values["schema"]) > SCHEMA:
                raise UsageError(f"{path}: written by a newer Retinue; upgrade to read it")
            return cls(
                Path(path),
                Plan.of_json(values["plan"]),
                [Entry(**entry) for entry in values["settings"]],
                values["pruned"],
                values["failed"],
            )
        except FileNotFoundError:
            raise UsageError(f"{path}: no sweep; see `retinue sweep`") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RetinueError(f"{file}: cannot be read: {error}") from None

    def write(self) -> None:
        """Write sweep.json, whole or not at all."""
        values = {
            "schema": SCHEMA,
            "retinue": retinue.__version__,
            "plan": self.plan.as_json(),
            "settings": [asdict(entry) for entry in self.settings],
            "pruned": self.pruned,
            "failed": self.failed,
        }
        write_json(self.path / FILE, values)

    @property
    def first_seed(self) -> int:
        """That with which every setting begins: the recipe's."""
        return int(self.plan.base.get("seed", 0))

    @property
    def seeds(self) -> range:
        """Those of each setting's trainings."""
        return range(self.first_seed, self.first_seed + self.plan.seeds)

    @property
    def trials(self) -> list[Trial]:
        """All of the settings so far: every setting with the first seed, then with the next."""
        possible = [entry.number for entry in self.settings if not entry.impossible]
        return [Trial(number, seed) for seed in self.seeds for number in possible]

    def folder(self, trial: Trial) -> Path:
        """The run folder of a trial."""
        return self.path / TRIALS / trial.name
