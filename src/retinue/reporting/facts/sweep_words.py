"""What a sweep asked and answered, in a few sentences."""

from collections.abc import Mapping, Sequence

from retinue.experiments.phrases import listed, points
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.error import NOTHING
from retinue.experiments.sweeps.findings import Best, Effect, Findings, Luck
from retinue.experiments.sweeps.phrases import difference_text, value_text
from retinue.experiments.sweeps.places import setting_name, text_on
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import (
    DIVERGED,
    FAILED,
    FINISHED,
    IMPOSSIBLE,
    PRUNED,
    WAITING,
    Value,
)
from retinue.plotting.style import shorten, shorten_all
from retinue.wording import count, percent

LONGEST = 40  # letters of a name or value in a sentence
CELL = 60  # of one in a table
NAMED = 3  # keys of which the answer tells


def question_of(plan: Plan, data: str) -> str:
    """What was asked: by its author, or by what is varied."""
    if plan.question:
        return plan.question
    does = "does" if len(plan.axes) == 1 else "do"
    names = listed(list(titles(plan.axes).values()))
    return f"What {does} {names} do to the accuracy on {data}?"


def titles(axes: Sequence[Axis]) -> dict[str, str]:
    """What each key is called, as different from one another as the keys."""
    names = shorten_all([axis.title for axis in axes], LONGEST)
    return {axis.key: _unmarked(name) for axis, name in zip(axes, names, strict=True)}


def cut(text: str, limit: int = LONGEST) -> str:
    """A name or a value, at most so long."""
    return _unmarked(shorten(text, limit))


def value_of(axis: Axis, value: Value) -> str:
    """A setting's value in a table; numbers of a range in three digits."""
    return cut(text_on(axis, value), CELL)


def recipe_name(axes: Sequence[Axis], values: Mapping[str, Value]) -> str:
    """All values of a setting, as `lr 0.01, depth 3`."""
    return _unmarked(setting_name(axes, values))


def answer_of(findings: Findings, axes: Sequence[Axis]) -> tuple[str, ...]:
    """Which keys mattered and by how much; that no difference is shown; or why none is tested."""
    names = titles(axes)
    if not findings.counts.get(FINISHED):
        return ("No training has finished, so nothing can be said.",)
    if findings.tested == NOTHING:
        reason = findings.why_not.rstrip(".")
        return (f"Whether what was varied matters is not tested: {reason}.",)
    effects = sorted(findings.effects, key=lambda one: -(one.importance or 0.0))
    shown = [one for one in effects if one.shown]
    together = [one for one in findings.interactions if one.shown]
    found = [_mattered(one, names) for one in shown[:NAMED]]
    if len(shown) > NAMED:
        more = [names[one.key] for one in shown[NAMED:]]
        found.append(f"{listed(more)} {'matters' if len(more) == 1 else 'matter'} too.")
    if others := [names[one.key] for one in effects if not one.shown]:
        what = "For" if shown else "No difference is shown for"
        end = ", no difference is shown." if shown else "."
        found.append(f"{what} {listed(others)}{end}")
    if together:
        pairs = [" and ".join(names[key] for key in one.keys) for one in together[:NAMED]]
        found.append(f"Two that depend on one another: {'; '.join(pairs)}.")
    return tuple(f"{sentence[:1].upper()}{sentence[1:]}" for sentence in found)


def tried(findings: Findings) -> str:
    """How many settings and trainings there were, and how these ended."""
    counts = findings.counts
    trainings = sum(number for state, number in counts.items() if state != IMPOSSIBLE)
    ends = [
        f"{counts[state]:,} {word}"
        for state, word in (
            (FINISHED, "finished"),
            (DIVERGED, "diverged"),
            (PRUNED, "stopped early"),
            (FAILED, "failed"),
            (WAITING, "not made yet"),
        )
        if counts.get(state)
    ]
    told = f"{count(len(findings.settings), 'setting')}, {count(trainings, 'training')}"
    told += f": {listed(ends)}." if ends else "."
    if impossible := counts.get(IMPOSSIBLE, 0):
        several = "settings are" if impossible > 1 else "setting is"
        told += f" {impossible:,} {several} impossible."
    return told


def interval_text(low: float | None, high: float | None) -> str:
    """An interval of shares, empty without one; what lies beyond 0 or 1 cannot be."""
    if low is None or high is None:
        return ""
    return f"{percent(max(low, 0.0))} to {percent(min(high, 1.0))}"


def chosen(best: Best, axes: Sequence[Axis]) -> tuple[str, ...]:
    """The best recipe, and who might be as good."""
    found = [f"{recipe_name(axes, best.values)}: chosen on val, where it has {percent(best.val)}."]
    if best.ties:
        several = "settings are" if len(best.ties) > 1 else "setting is"
        found.append(
            f"{len(best.ties):,} other {several} not shown to be worse on val, "
            "and may be as good or better."
        )
    return tuple(found)


def luck_sentences(luck: Luck) -> tuple[str, ...]:
    """How good the best is expected to look by chance alone, and how good it looked."""
    expected, measured = points(luck.expected, luck.measured)
    return (
        f"The best of {luck.tried:,} equally good settings is expected to look {expected} points "
        "better on val than they are, by chance alone.",
        f"Here the best is {measured} points above the mean of all.",
    )


def _unmarked(name: str) -> str:
    """Without the marks of direction that are for figures: a page isolates names by itself."""
    return name.replace("\u200e", "")


def _mattered(one: Effect, names: Mapping[str, str]) -> str:
    name = names[one.key]
    if not one.differences:
        return f"{name} matters."
    largest = one.differences[0]
    return (
        f"{name} matters: with {cut(value_text(largest.better))} the accuracy on test is "
        f"{difference_text(largest)} above that with {cut(value_text(largest.worse))}."
    )
