"""What a sweep varies: a key of the recipe with its values, a range, or named variants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retinue.experiments.sweeps.result import Value


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, drawn evenly, or evenly by their logarithm."""

    low: float
    high: float
    log: bool = False
    whole: bool = False  # whole numbers only


@dataclass(frozen=True)
class Axis:
    """One thing that is varied.

    `key` is a key of the recipe, as "lr" or "model.depth"; `values` are its levels, in order. A
    value that is no scalar in the recipe (a kernel of 3 x 5) is the text that stands for it. With a
    `range` there are no levels. With `variants` the levels are names, each of several settings at
    once, and `key` is a name for the whole.
    """

    key: str
    values: tuple[Value, ...] = ()
    range: Range | None = None
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[Value, ...]:
        """Its values, or the names of its variants; none with a range."""
        return self.values or tuple(self.variants)

    @property
    def title(self) -> str:
        """What it is called where people read: without the `model.` before it."""
        return self.key.removeprefix("model.").replace("_", " ")
