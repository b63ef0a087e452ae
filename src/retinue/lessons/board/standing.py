"""Everything that a board found, before it is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from retinue.evaluation.metrics import measure
from retinue.evaluation.scores import Result, share
from retinue.lessons.board.disputes import Talk, talk_of
from retinue.lessons.board.hidden import Hidden
from retinue.lessons.board.promises import Promise, promises_of
from retinue.lessons.board.ranks import (
    Pair,
    Place,
    by_accuracy,
    compare_all,
    groups_of,
    places_of,
)
from retinue.lessons.board.verdicts import Judged, NotJudged


@dataclass(frozen=True)
class Standing:
    """What a board found.

    Args:
        hidden: the pictures.
        judged: the most accurate on pictures new to it first.
        not_judged: the others, with reasons.
        pairs: of every two that were judged.
        places: the ranks that each may have, by name.
        groups: of whom no two are shown to differ.
        metrics: of each on all hidden pictures, by name, as `measure` has them.
        promises: what each said of itself, by name.
        talk: pictures to talk about.
        before: boards on these very pictures that were made here before.
        machine: on which the seconds were taken.
    """

    hidden: Hidden
    judged: tuple[Judged, ...]
    not_judged: tuple[NotJudged, ...]
    pairs: tuple[Pair, ...]
    places: dict[str, Place]
    groups: tuple[tuple[str, ...], ...]
    metrics: dict[str, Result]
    promises: dict[str, Promise]
    talk: Talk
    before: int = 0
    machine: dict[str, Any] = field(default_factory=dict)

    @property
    def leaders(self) -> tuple[str, ...]:
        """Those of whom nobody is shown to be better: each may be the best."""
        return tuple(one.name for one in self.judged if self.places[one.name].best == 1)

    @property
    def leaking(self) -> tuple[Judged, ...]:
        """Those that learnt from hidden pictures."""
        return tuple(one for one in self.judged if one.learnt.any())


def stand(
    hidden: Hidden,
    judged: Sequence[Judged],
    not_judged: Sequence[NotJudged],
    before: int = 0,
    machine: dict[str, Any] | None = None,
) -> Standing:
    """Compare all runs that were judged, one or more."""
    order = by_accuracy(judged)
    names = [one.name for one in order]
    pairs = compare_all(order)
    return Standing(
        hidden=hidden,
        judged=tuple(order),
        not_judged=tuple(not_judged),
        pairs=pairs,
        places=places_of(names, pairs),
        groups=groups_of(names, pairs),
        metrics={one.name: measure(one.truth, one.probabilities, hidden.classes) for one in order},
        promises={one.name: one for one in promises_of(order, hidden.digest)},
        talk=talk_of(order, len(hidden.classes)),
        before=before,
        machine=machine or {},
    )


def on_new(one: Judged) -> Result:
    """A run's accuracy on the pictures that are new to it, with its interval."""
    return share(int(one.correct[one.new].sum()), int(one.new.sum()))
