"""Everything that a comparison found, before it is told; and which entrant is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from retinue.experiments.entrants import Entrant
from retinue.experiments.groups import Group
from retinue.experiments.numbers import Numbers
from retinue.experiments.pairs import Pair, between


@dataclass(frozen=True)
class Findings:
    """Entrants with their numbers, pairs, groups of classes and who is chosen.

    `winner` is chosen on val; None where not all have val pictures. `data` and `machine` are JSON:
    what was judged on, and where the speed of prediction was measured. `time_limit` is the seconds
    that each training was given, where all had the same. `left_out` maps the names of those that
    could not take part to the reasons.
    """

    data: dict[str, Any]
    entrants: tuple[Entrant, ...]
    numbers: dict[str, Numbers]
    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]
    winner: str | None
    machine: dict[str, Any]
    time_limit: float | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @cached_property
    def by_accuracy(self) -> list[Entrant]:
        """The entrants, the most accurate on test first."""
        return sorted(self.entrants, key=lambda one: -self.numbers[one.name].accuracy.value)

    @property
    def chosen(self) -> Entrant:
        """The winner; where nobody could be chosen, the most accurate on test."""
        return self.entrant(self.winner) if self.winner else self.by_accuracy[0]

    @property
    def others(self) -> list[Entrant]:
        """All but `chosen`, the most accurate on test first."""
        return [one for one in self.by_accuracy if one is not self.chosen]

    def entrant(self, name: str) -> Entrant:
        """The entrant of that name."""
        return next(one for one in self.entrants if one.name == name)

    def pair(self, first: Entrant, second: Entrant) -> Pair:
        """How the first compares with the second."""
        return between(self.pairs, first.name, second.name)


def choose_winner(entrants: Sequence[Entrant], numbers: dict[str, Numbers]) -> str | None:
    """Who has the highest accuracy on val, by the lowest loss there among equals.

    None where an entrant has no val pictures.
    """
    scores = []
    for one in entrants:
        found = numbers[one.name]
        if found.val_accuracy is None:
            return None
        loss = found.val_loss if found.val_loss is not None else float("inf")
        scores.append((-found.val_accuracy, loss, one.name))
    return min(scores, key=lambda score: score[:2])[2]
