"""What else is to be said of a sweep: how steady, how costly, how lucky, and what to take."""

from collections.abc import Iterator, Sequence
from itertools import permutations

from scipy.special import fdtrc
from scipy.stats import hypergeom

from retinue.experiments.phrases import points, seconds
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.findings import Effect, Findings, Level, Setting
from retinue.experiments.sweeps.phrases import value_text
from retinue.experiments.sweeps.places import setting_name
from retinue.experiments.sweeps.result import Value, Values
from retinue.wording import count, percent, printable

FEW = 4  # of anything in one sentence
LONGEST = 60  # letters of a name
UNSTEADY = 2.0  # times the spread
GAP = 0.05  # between training and test, and between levels of that
LEVEL = 0.01  # of what is said of steadiness, over all keys: small beside the 5 % of effects


def titled(axis: Axis) -> str:
    """What a key is called in a sentence."""
    return printable(axis.title, LONGEST)


def named(value: Value) -> str:
    """What a value is called in a sentence."""
    return printable(value_text(value), LONGEST)


def setting_named(values: Values, axes: Sequence[Axis]) -> str:
    """All values of a setting, as `lr 0.01, depth 3`."""
    return printable(setting_name(axes, values))


def steadiness(findings: Findings, titles: dict[str, str]) -> list[str]:
    """Values with which seeds differ more, and values with which trainings diverge."""
    told = []
    levels = [len(effect.levels) for effect in findings.effects]
    pairs = sum(number * (number - 1) for number in levels)
    for effect in findings.effects:
        title = titles[effect.key]
        most = max(_unlike(effect, pairs), key=lambda pair: pair[0].spread or 0.0, default=None)
        if most is not None:
            wide, narrow = points(most[0].spread or 0.0, most[1].spread or 0.0)
            told.append(
                f"Seeds differ more with {title} {named(most[0].value)} ({wide} points) than with "
                f"{named(most[1].value)} ({narrow} points)."
            )
        told += [
            f"With {title} {named(level.value)}, {level.diverged} of "
            f"{level.diverged + level.trainings} trainings diverged, with others {others}."
            for level, others in _diverging(effect, sum(levels))
        ]
    diverged = findings.counts.get("diverged", 0)
    if diverged:
        told.append(f"In all, {count(diverged, 'training')} diverged and {_is(diverged)} no mean.")
    return told


def gaps(findings: Findings, titles: dict[str, str]) -> list[str]:
    """Keys by whose values training and test pictures are unlike each other in unlike measure."""
    told = []
    for effect in findings.effects:
        known = [
            (level.train - level.mean, level)
            for level in effect.levels
            if level.train is not None and level.mean is not None
        ]
        if len(known) < 2:
            continue
        (most, wide), (least, narrow) = (f(known, key=lambda one: one[0]) for f in (max, min))
        if most > GAP and most - least > GAP:
            one, other = points(most, least)
            told.append(
                f"With {titles[effect.key]} {named(wide.value)} training pictures are recognised "
                f"{one} points better than test pictures, with {named(narrow.value)} by {other}."
            )
    return told


def best(findings: Findings, axes: Sequence[Axis]) -> list[str]:
    """The recipe to take, who ties with it, and how much of its lead is to be expected by luck."""
    chosen = findings.best
    if chosen is None:
        return []
    told = [
        f"The most accurate on val is {setting_named(chosen.values, axes)}, with "
        f"{percent(chosen.val)}."
    ]
    if chosen.test is not None:
        reach = ""
        if chosen.test_low is not None and chosen.test_high is not None:
            reach = f" ({percent(chosen.test_low)} to {percent(chosen.test_high)} over seeds)"
        told.append(
            f"On test, which had no part in the choice, it reaches {percent(chosen.test)}{reach}."
        )
    if chosen.ties:
        told.append(_ties(findings.settings, chosen.ties, axes))
    luck = findings.luck
    if luck is not None:
        expected, measured = points(luck.expected, luck.measured)
        told.append(
            f"{count(luck.tried, 'setting')} were tried; the best of {luck.tried} equally good "
            f"ones would be expected to look {expected} points above their mean by luck alone; "
            f"the best here is {measured} above."
        )
    return told


def costs(findings: Findings, axes: Sequence[Axis]) -> list[str]:
    """The settings that none beats in accuracy and time."""
    efficient = [one for one in findings.settings if one.efficient]
    if len(efficient) < 2:
        return []
    efficient.sort(key=lambda one: one.seconds or 0.0)
    parts = [
        f"{setting_named(one.values, axes)} ({percent(one.val or 0.0)} on val in "
        f"{seconds(one.seconds or 0.0)})"
        for one in efficient[:FEW]
    ]
    more = f"; and {len(efficient) - FEW} more, slower" if len(efficient) > FEW else ""
    return [
        f"No other setting is both quicker to train and more accurate on val than each of these: "
        f"{'; '.join(parts)}{more}."
    ]


def _unlike(effect: Effect, tests: int) -> Iterator[tuple[Level, Level]]:
    """Pairs of levels with more than twice the spread, beyond chance (F test, Bonferroni)."""
    for one, other in permutations(effect.levels, 2):
        if one.spread is None or not other.spread:
            continue
        ratio = one.spread / other.spread
        chance = fdtrc(_degrees(one), _degrees(other), ratio**2) * tests
        if ratio > UNSTEADY and chance < LEVEL:
            yield one, other


def _diverging(effect: Effect, tests: int) -> Iterator[tuple[Level, str]]:
    """Levels with which more trainings diverge than with the others (Fisher's exact test)."""
    ended = sum(level.diverged + level.trainings for level in effect.levels)
    lost = sum(level.diverged for level in effect.levels)
    for level in effect.levels:
        own = level.diverged + level.trainings
        chance = float(hypergeom.sf(level.diverged - 1, ended, lost, own)) * tests
        if level.diverged and own < ended and chance < LEVEL:
            yield level, f"{lost - level.diverged} of {ended - own}"


def _degrees(level: Level) -> int:
    """Of freedom of the spread; fewer than there are where a setting has no finished training."""
    return max(1, level.trainings - level.settings)


def _ties(settings: Sequence[Setting], ties: Sequence[int], axes: Sequence[Axis]) -> str:
    some = [one for one in settings if one.number in ties]
    some.sort(key=lambda one: -(one.val or 0.0))
    names = [setting_named(one.values, axes) for one in some[:FEW]]
    which = "; ".join(names) + ("; and others" if len(some) > FEW else "")
    verb = "is" if len(some) == 1 else "are"
    return f"{count(len(some), 'other setting')} {verb} not shown to be worse on val: {which}."


def _is(number: int) -> str:
    return "is in" if number == 1 else "are in"
