"""What a sweep was asked to do, and as JSON has it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from retinue.errors import UsageError
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.result import Value, Values
from retinue.experiments.sweeps.varying import assigned
from retinue.recipe import Recipe, make_recipe

SEARCHES = ("grid", "random", "tpe")
WITHOUT_GRID = 20  # settings that random and tpe try where nothing is said


@dataclass(frozen=True)
class Plan:
    """All that decides which trainings a sweep has, and what each of them gives.

    `base` are the settings of the recipe that all have, as the user gave them. `trials` is how many
    settings random and tpe try. `threads` are those of each training.
    """

    data: str
    base: dict[str, Any]
    axes: tuple[Axis, ...]
    search: str = "grid"
    trials: int | None = None
    seeds: int = 1
    prune: bool = False
    threads: int = 1
    device: str = "auto"
    data_root: str | None = None
    experiment: str = ""
    title: str = ""
    question: str = ""

    def __post_init__(self) -> None:
        """Refuse what does not go together.

        Raises:
            UsageError: it does not.
        """
        if self.search not in SEARCHES:
            raise UsageError(f"--search {self.search}: is one of {', '.join(SEARCHES)}")
        if self.search == "grid" and any(axis.range for axis in self.axes):
            key = next(axis.key for axis in self.axes if axis.range)
            raise UsageError(f"--vary {key}: a range has no grid; say --search random or tpe")
        if self.search == "grid" and self.trials is not None:
            raise UsageError("--trials: a grid has all settings; say --search random or tpe")
        for name in ("trials", "seeds"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise UsageError(f"--{name}: one at least")
        lengths = [axis.key for axis in self.axes if axis.key in ("epochs", "time_limit")]
        if self.prune and lengths:
            raise UsageError(
                f"--prune: trainings of different {lengths[0]} cannot be told apart on their way"
            )

    @property
    def wanted(self) -> int:
        """How many settings are tried."""
        if self.search != "grid":
            return self.trials or WITHOUT_GRID
        return prod(len(axis.values) for axis in self.axes)

    def recipe(self, values: Values) -> Recipe:
        """The recipe, with much open yet, of a setting.

        Raises:
            UsageError: a value that the recipe does not take.
        """
        layers = [assigned(axis, values[axis.key]) for axis in self.axes]
        # A network's own settings are dropped where another network is named: names go first.
        layers.sort(key=lambda layer: not _names_model(layer))
        return make_recipe(self.base, *layers, {"data": self.data})

    def as_json(self) -> dict[str, Any]:
        """As sweep.json has it."""
        return {**asdict(self), "axes": [_axis_as_json(axis) for axis in self.axes]}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "Plan":
        """What `as_json` was called on."""
        return cls(**{**values, "axes": tuple(_axis_of_json(axis) for axis in values["axes"])})


def _names_model(layer: Mapping[str, Any]) -> bool:
    model = layer.get("model")
    return isinstance(model, str) or (isinstance(model, Mapping) and "name" in model)


def _axis_as_json(axis: Axis) -> dict[str, Any]:
    found = asdict(axis)
    return {key: value for key, value in found.items() if value or key == "key"}


def _axis_of_json(values: Mapping[str, Any]) -> Axis:
    levels: Sequence[Value] = values.get("values", ())
    found = values.get("range")
    return Axis(
        values["key"], tuple(levels), Range(**found) if found else None, values.get("variants", {})
    )
