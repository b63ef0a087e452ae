"""Every setting in a table, those first that are best on val; and those that gave nothing."""

from collections.abc import Sequence

from retinue.experiments.phrases import points
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.findings import Findings, Setting
from retinue.experiments.sweeps.journal import Journal
from retinue.reporting.facts.sweep_words import cut, interval_text, recipe_name, value_of
from retinue.reporting.page.sweeps.effects import Titles
from retinue.reporting.page.views import Table
from retinue.wording import percent

OPEN = 50  # settings that are not folded away
REASON = 300  # letters of one


def settings_of(findings: Findings, axes: Sequence[Axis], titles: Titles) -> tuple[Table, ...]:
    """One table, or where there are many a second one with the rest."""
    known = [one for one in findings.settings if not one.impossible]
    known.sort(key=lambda one: (-1.0 if one.val is None else one.val, -one.number), reverse=True)
    head = (
        *("setting", *(titles[axis.key] for axis in axes), "val", "test", "95 % interval"),
        *("train", "spread", "trainings", "seconds", "multiply-adds"),
        *("parameters", "did not finish"),
    )
    rows = [_row(one, axes) for one in known]
    told = "Settings, the best on val first (spread: the standard deviation over seeds, in points)"
    tables = [Table(told, head, rows[:OPEN])]
    if rows[OPEN:]:
        tables.append(Table(f"The other {len(rows) - OPEN:,} settings", head, rows[OPEN:]))
    return tuple(tables) if rows else ()


def impossible_of(findings: Findings, axes: Sequence[Axis]) -> Table | None:
    """The settings of which no network can be made, and why."""
    rows = [
        (f"{one.number}", recipe_name(axes, one.values), cut(one.impossible, REASON))
        for one in findings.settings
        if one.impossible
    ]
    if not rows:
        return None
    return Table("Settings that are impossible", ("setting", "values", "why"), rows, numbers=False)


def failed_of(journal: Journal, axes: Sequence[Axis]) -> Table | None:
    """The trainings that failed, and why."""
    values = {one.name: journal.settings[one.setting - 1].values for one in journal.trials}
    rows = [
        (name, recipe_name(axes, values[name]), cut(str(reason), REASON))
        for name, reason in sorted(journal.failed.items())
    ]
    if not rows:
        return None
    return Table("Trainings that failed", ("training", "values", "why"), rows, numbers=False)


def _row(one: Setting, axes: Sequence[Axis]) -> tuple[str, ...]:
    return (
        f"{one.number}",
        *(value_of(axis, one.values[axis.key]) for axis in axes),
        *("" if share is None else percent(share) for share in (one.val, one.test)),
        interval_text(one.test_low, one.test_high),
        "" if one.train is None else percent(one.train),
        "" if one.spread is None else points(one.spread)[0],
        f"{one.trainings:,}",
        "" if one.seconds is None else f"{one.seconds:.3g}",
        *("" if n is None else f"{n:,}" for n in (one.multiply_adds, one.parameters)),
        ", ".join(f"{number:,} {word}" for number, word in one.unfinished),
    )
