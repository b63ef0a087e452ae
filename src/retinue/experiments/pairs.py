"""Two entrants beside one another: is the difference real, and of what is that said?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from retinue.evaluation.differences import difference, holm, mcnemar
from retinue.experiments.entrants import Entrant

LEVEL = 0.05  # of wrong claims, over all pairs together


@dataclass(frozen=True)
class Pair:
    """The accuracy of the first less that of the second, on the same test pictures.

    `of` is "recipes" where both were trained with several seeds: then the interval is over pictures
    and seeds. Else it is "networks": a statement about the two networks in `runs`, by McNemar's
    exact test on the pictures that only one of them recognised. `p_holm` is `p` after Holm's
    correction for all pairs of the comparison; the interval is of this pair alone.
    """

    first: str
    second: str
    of: str
    runs: tuple[str, ...]
    value: float
    low: float
    high: float
    p: float
    method: str
    p_holm: float = 1.0
    only_first: int | None = None
    only_second: int | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the test pictures show a difference, with all pairs allowed for."""
        return self.p_holm <= LEVEL and not self.low <= 0 <= self.high

    def turned(self) -> "Pair":
        """The same with the second first."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            runs=self.runs[::-1],
            value=-self.value,
            low=-self.high,
            high=-self.low,
            only_first=self.only_second,
            only_second=self.only_first,
        )


def compare_all(entrants: Sequence[Entrant]) -> tuple[Pair, ...]:
    """Every pair of entrants, corrected for their number."""
    pairs = [_compare(first, second) for first, second in combinations(entrants, 2)]
    corrected = holm([pair.p for pair in pairs])
    return tuple(replace(pair, p_holm=p) for pair, p in zip(pairs, corrected, strict=True))


def between(pairs: Iterable[Pair], first: str, second: str) -> Pair:
    """The pair of two entrants, turned so that `first` comes first."""
    for pair in pairs:
        if (pair.first, pair.second) == (first, second):
            return pair
        if (pair.first, pair.second) == (second, first):
            return pair.turned()
    raise KeyError((first, second))


def _compare(first: Entrant, second: Entrant) -> Pair:
    if first.has_seeds and second.has_seeds:
        found = difference(first.correct, second.correct)
        return Pair(
            first.name, second.name, "recipes", (),
            found.value, found.low, found.high, found.p, found.method,
        )  # fmt: skip
    one, two = _networks(first, second)
    found = difference(first.correct[one : one + 1], second.correct[two : two + 1])
    test = mcnemar(first.correct[one], second.correct[two])
    return Pair(
        first.name,
        second.name,
        "networks",
        (str(first.runs[one].path), str(second.runs[two].path)),
        found.value,
        found.low,
        found.high,
        test.p,
        f"McNemar's exact test; interval: {found.method}",
        only_first=test.only_first,
        only_second=test.only_second,
    )


def _networks(first: Entrant, second: Entrant) -> tuple[int, int]:
    """Which runs stand for entrants of which one has a single run: those of one seed, if any."""
    alike = [seed for seed in first.seeds if seed in second.seeds]
    if not alike:
        return 0, 0
    return first.seeds.index(alike[0]), second.seeds.index(alike[0])
