"""What the rules look at: the files of a run, read once, with what is no number left out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from retinue.experiments.curves import FALLING, Curve
from retinue.models.catalogue import split_way
from retinue.recipe import Recipe
from retinue.training.sanity.guessing import entropy

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Shared:
    """Pictures that are byte for byte in the training split and in another.

    `rest` is the accuracy on the other pictures of that split, None where it was not judged.
    """

    split: str
    pictures: int
    of: int
    rest: float | None


@dataclass(frozen=True)
class Facts:
    """All that is known of a run.

    `history` and `steps` have None in place of what is no finite number, and `broken` says where
    the first such number was. `measures` holds metrics.json by the name of what was judged.
    `kept` is how well the weights that were kept fit, `last` those of the last epoch.
    """

    path: Path
    state: str
    reason: str
    recipe: Recipe
    status: Mapping[str, Any]
    classes: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    history: tuple[Line, ...]
    steps: tuple[Line, ...]
    broken: str
    measures: Mapping[str, Mapping[str, Any]]
    kept: Curve | None
    last: Curve | None
    batch_norm: bool
    shared: tuple[Shared, ...]
    transfer: Mapping[str, Any] | None

    @property
    def recorded(self) -> bool:
        """Whether it was trained in a loop of its own, whose settings are not those of recipe."""
        return "recorded" in self.status

    @property
    def way(self) -> str:
        """Of transfer: linear, finetune, full, or empty."""
        if self.transfer is None:
            return ""
        return split_way(self.recipe.model.name)[1] or str(self.transfer.get("way", ""))

    @property
    def untrained(self) -> bool:
        """Whether no step was asked for, and no weights were taken over either."""
        return not self.recorded and self.recipe.epochs == 0 and self.transfer is None

    def says(self, key: str) -> bool:
        """Whether the recipe's setting is that of the training."""
        return not self.recorded or key in self.status["recorded"]

    @property
    def falling(self) -> bool:
        """Whether the learning rate fell to the end."""
        return self.says("schedule") and self.recipe.schedule in FALLING

    def pictures(self, split: str) -> int:
        """How many a split has."""
        return sum(self.counts[split].values())

    @cached_property
    def guessing(self) -> float:
        """The loss of whoever knows how frequent the training classes are and nothing else."""
        if self.recipe.class_weights == "balanced" and self.says("class_weights"):
            return math.log(len(self.classes))
        return entropy(list(self.counts["train"].values()))

    @cached_property
    def most_frequent(self) -> float:
        """The share of the largest class among the training pictures."""
        counts = self.counts["train"].values()
        return max(counts) / max(1, sum(counts))

    @property
    def judged_on(self) -> str:
        """test, or val where test was not judged; empty where neither was."""
        return next((name for name in ("test", "val") if name in self.measures), "")

    def known(self, key: str) -> list[tuple[int, float]]:
        """(epoch, value) of every epoch of which the history knows it."""
        lines = [(line["epoch"], line.get(key)) for line in self.history]
        return [(epoch, value) for epoch, value in lines if value is not None]

    @property
    def fit(self) -> str:
        """What the history calls the accuracy on training pictures: as they are, or running."""
        return "subset" if self.known("subset_accuracy") else "train"
