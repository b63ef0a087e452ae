"""Ranks that the hidden pictures can tell apart, and no others.

Every two runs are compared by McNemar's exact test on the pictures that are new to both, and all
p-values are corrected together (Holm 1979). Then all differences that are shown hold at once in at
least 95 % of boards, and so do ranks that are bounded by them: a run's best rank is one more than
the number of runs shown to be better, its worst is so many from the last as are shown to be worse
(Al Mohamad, Goeman and van Zwet 2022, Mogstad, Romano, Shaikh and Wilhelm 2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from retinue.evaluation.differences import difference, holm, mcnemar
from retinue.lessons.board.verdicts import Judged

LEVEL = 0.05  # of a false claim or more, over all pairs together


@dataclass(frozen=True)
class Pair:
    """The accuracy of the first less that of the second, on the n pictures new to both.

    `low` to `high` is the 95 % interval of this pair alone (Tango 1998); `p_holm` allows for the
    number of pairs.
    """

    first: str
    second: str
    n: int
    value: float
    low: float
    high: float
    only_first: int
    only_second: int
    p: float
    p_holm: float = 1.0

    @property
    def is_shown(self) -> bool:
        """Whether the pictures show that one is better."""
        return self.p_holm <= LEVEL


@dataclass(frozen=True)
class Place:
    """The ranks that a run may have, `best` to `worst`, and who is shown to differ from it."""

    best: int
    worst: int
    better: tuple[str, ...]
    worse: tuple[str, ...]

    @property
    def told(self) -> str:
        """The ranks as text, `3` or `1 to 4`."""
        return str(self.best) if self.best == self.worst else f"{self.best} to {self.worst}"


def by_accuracy(judged: Sequence[Judged]) -> list[Judged]:
    """The most accurate first; equally accurate ones by name, for there must be some order."""
    return sorted(judged, key=lambda one: (-one.accuracy, one.name))


def compare_all(judged: Sequence[Judged]) -> tuple[Pair, ...]:
    """Every two runs, corrected for the number of pairs."""
    pairs = [_compare(first, second) for first, second in combinations(judged, 2)]
    corrected = holm([pair.p for pair in pairs])
    return tuple(replace(pair, p_holm=p) for pair, p in zip(pairs, corrected, strict=True))


def places_of(names: Sequence[str], pairs: Sequence[Pair]) -> dict[str, Place]:
    """The ranks that each run may have."""
    better: dict[str, list[str]] = {name: [] for name in names}
    worse: dict[str, list[str]] = {name: [] for name in names}
    for pair in pairs:
        if pair.is_shown:
            winner, loser = (
                (pair.first, pair.second) if pair.value > 0 else (pair.second, pair.first)
            )
            better[loser].append(winner)
            worse[winner].append(loser)
    return {
        name: Place(
            1 + len(better[name]),
            len(names) - len(worse[name]),
            tuple(better[name]),
            tuple(worse[name]),
        )
        for name in names
    }


def groups_of(order: Sequence[str], pairs: Sequence[Pair]) -> tuple[tuple[str, ...], ...]:
    """Neighbours in this order of whom no two are shown to differ, as many as can be together.

    A run may be in several groups: that a is not told apart from b, nor b from c, does not say that
    a is not told apart from c.
    """
    shown = {frozenset((pair.first, pair.second)) for pair in pairs if pair.is_shown}
    groups: list[tuple[str, ...]] = []
    reached = 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not any(
            frozenset((one, order[end])) in shown for one in order[start:end]
        ):
            end += 1
        if end > reached:  # else it is within the group before
            groups.append(tuple(order[start:end]))
            reached = end
    return tuple(groups)


def _compare(first: Judged, second: Judged) -> Pair:
    both = first.new & second.new
    n = int(both.sum())
    if not n:
        return Pair(first.name, second.name, 0, 0.0, -1.0, 1.0, 0, 0, 1.0)
    one, other = first.correct[both], second.correct[both]
    found, test = difference(one, other), mcnemar(one, other)
    return Pair(
        first.name,
        second.name,
        n,
        found.value,
        found.low,
        found.high,
        test.only_first,
        test.only_second,
        test.p,
    )
