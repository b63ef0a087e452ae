"""What came out of a sweep: what each setting did, how sure that is, and which recipe is best.

Accuracies are shares, 0 to 1; every interval is at 95 % and two-sided. What settings did is told by
accuracies on test; what is chosen is chosen on val.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from retinue.experiments.sweeps.result import Value, Values

ROUNDING = 1e-9  # what an interaction is above by rounding alone


@dataclass(frozen=True)
class Level:
    """One value of a key, over all settings that have it.

    `mean`, with its interval, is the accuracy on test, with the other keys' values held equal;
    `train` the plain mean of the accuracies on training pictures; `seconds` of the training times.
    `spread` is the standard deviation over seeds within a setting, None with one seed;
    `loss_spread` is that of the loss on val. A range has levels too: its numbers in groups of like
    size, with `value` a text such as "0.001 to 0.01".
    """

    value: Value
    settings: int
    trainings: int  # finished ones
    diverged: int
    mean: float | None
    low: float | None
    high: float | None
    train: float | None
    seconds: float | None
    spread: float | None
    loss_spread: float | None = None


@dataclass(frozen=True)
class Difference:
    """By how much level `better` is above level `worse`; intervals hold for all of a key at once.

    `least` and `most` are the difference in single settings of the other keys.
    """

    better: Value
    worse: Value
    value: float
    low: float | None
    high: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True)
class Effect:
    """What varying one key did.

    `differences` are of all pairs of levels, the largest first. `p` is the probability of levels as
    far apart where the key does nothing, `p_holm` the same among all that is tested in the sweep,
    None where nothing can be tested. `shown` is whether that is below 5 %. `importance` is the
    share, 0 to 1, of all variance between settings that the key alone explains.
    """

    key: str
    levels: tuple[Level, ...]
    differences: tuple[Difference, ...]
    p: float | None
    p_holm: float | None
    shown: bool
    importance: float | None


@dataclass(frozen=True)
class Interaction:
    """Whether what one key does depends on another.

    `cells` are the mean accuracies for each pair of levels, rows those of the first key; None where
    no training of the pair finished. `size` is the most by which a cell departs from what both keys
    do by themselves.
    """

    keys: tuple[str, str]
    rows: tuple[Value, ...]
    columns: tuple[Value, ...]
    cells: tuple[tuple[float | None, ...], ...]
    size: float | None
    p: float | None
    p_holm: float | None
    shown: bool
    importance: float | None

    @property
    def departs(self) -> bool:
        """Whether any cell departs from what both keys do by more than rounding."""
        return self.size is not None and self.size > ROUNDING


@dataclass(frozen=True)
class Setting:
    """One combination of values over its seeds: means of what its finished trainings gave.

    `test_low` and `test_high` are the interval of the mean accuracy on test over seeds, by the
    spread that all settings share; None with one seed. `spread` is its own standard deviation.
    `efficient` says whether no other setting is both more accurate on val and quicker.
    """

    number: int
    values: Values
    trainings: int
    diverged: int
    pruned: int
    failed: int
    impossible: str  # the reason, or empty
    test: float | None
    test_low: float | None
    test_high: float | None
    val: float | None
    train: float | None
    val_loss: float | None
    spread: float | None
    seconds: float | None
    multiply_adds: int | None
    parameters: int | None
    efficient: bool

    @property
    def unfinished(self) -> tuple[tuple[int, str], ...]:
        """How many trainings did not finish, by how they ended in words; kinds that there are."""
        kinds = (
            (self.diverged, "diverged"),
            (self.pruned, "stopped early"),
            (self.failed, "failed"),
        )
        return tuple((number, word) for number, word in kinds if number)


@dataclass(frozen=True)
class Luck:
    """How good the best of equally good settings is expected to look on val, by chance alone.

    `tried` settings, each with a mean whose standard deviation by chance is `deviation`: the best
    is expected `expected` above their common accuracy. `measured` is by how much the best was above
    the mean of all.
    """

    tried: int
    deviation: float
    expected: float
    measured: float


@dataclass(frozen=True)
class Best:
    """The setting with the greatest mean accuracy on val, and what it has on test.

    `ties` are the numbers of other settings whose accuracy on val is not shown to be lower.
    """

    setting: int
    values: Values
    val: float
    test: float | None
    test_low: float | None
    test_high: float | None
    ties: tuple[int, ...]


@dataclass(frozen=True)
class Findings:
    """All that came out.

    `counts` has the number of trainings by state; `tested` says on what differences are tested:
    "seeds" (by how seeds differ within settings), "settings" (by how settings differ from the sum
    of what their values do), or "nothing", with the reason in `why_not`. `spread` is the standard
    deviation over seeds within a setting, over all settings, and `degrees` of freedom it has.
    """

    counts: Mapping[str, int]
    settings: tuple[Setting, ...]
    effects: tuple[Effect, ...]
    interactions: tuple[Interaction, ...]
    tested: str
    why_not: str
    spread: float | None
    degrees: int
    luck: Luck | None
    best: Best | None
