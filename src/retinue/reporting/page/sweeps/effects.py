"""What each key did, which share of the variance it explains, and what two do together."""

from collections.abc import Mapping, Sequence

from retinue.experiments.phrases import points, seconds
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.error import NOTHING, SEEDS, SETTINGS
from retinue.experiments.sweeps.findings import (
    Difference,
    Effect,
    Findings,
    Interaction,
    Level,
    Setting,
)
from retinue.experiments.sweeps.phrases import value_text, verdict_of
from retinue.experiments.sweeps.places import by_level, is_ordered
from retinue.recipe import Recipe
from retinue.reporting.facts.sweep_commands import flat, word
from retinue.reporting.facts.sweep_words import CELL, cut, interval_text
from retinue.reporting.page.charts.levels import Point, levels_chart
from retinue.reporting.page.sweeps.views import Cell, EffectView, Grid, Part
from retinue.reporting.page.views import Collected, Table
from retinue.wording import percent

DIFFERENCES = 45  # of a key, the largest first
SHADES = 8

Titles = Mapping[str, str]


def effects_of(
    findings: Findings, axes: Sequence[Axis], titles: Titles, collected: Collected
) -> tuple[EffectView, ...]:
    """Each key's chart and tables, in the order in which they were varied."""
    by_key = {axis.key: axis for axis in axes}
    return tuple(
        _effect(f"effect{place}", one, by_key[one.key], titles[one.key], findings, collected)
        for place, one in enumerate(findings.effects)
    )


def how_tested(findings: Findings) -> str:
    """On what differences are tested, or why nothing is."""
    if findings.tested == NOTHING:
        return f"Nothing is tested: {findings.why_not.rstrip('.')}."
    by = {
        SEEDS: "by how much trainings of the same setting differ with another seed",
        SETTINGS: "by how much settings differ from the sum of what their values do",
    }[findings.tested]
    return (
        f"What is chance is judged {by}. A difference is called shown where p, corrected for "
        "everything that is tested here (Holm), is below 0.05."
    )


def parts_of(findings: Findings, titles: Titles) -> tuple[Part, ...]:
    """Keys and pairs of keys by the share of the variance that they explain, the largest first."""
    found: list[tuple[str, Effect | Interaction]]
    found = [(titles[one.key], one) for one in findings.effects]
    found += [
        (" with ".join(titles[key] for key in one.keys), one) for one in findings.interactions
    ]
    known = [
        Part(name, min(max(one.importance, 0.0), 1.0), percent(one.importance), verdict_of(one))
        for name, one in found
        if one.importance is not None
    ]
    return tuple(sorted(known, key=lambda part: -part.share))


def grids_of(findings: Findings, titles: Titles) -> tuple[Grid, ...]:
    """Every two keys' table of cells: those first that are shown, then by their size."""
    order = sorted(findings.interactions, key=lambda one: (not one.shown, -(one.size or 0.0)))
    return tuple(_grid(one, titles) for one in order)


def _effect(
    id_: str, effect: Effect, axis: Axis, name: str, findings: Findings, collected: Collected
) -> EffectView:
    levels = by_level(axis, effect, findings.settings)
    dots = [
        Point(
            cut(value_text(level.value), CELL),
            level.mean,
            level.low,
            level.high,
            [one.test for one in settings if one.test is not None],
        )
        for level, settings in levels
    ]
    ordered = axis.range is not None or is_ordered([one.value for one in effect.levels])
    chart = levels_chart(id_, f"Accuracy by {name}", dots, name, ordered)
    return EffectView(
        name,
        f"effect {verdict_of(effect)}",
        _meaning(axis),
        _variants(axis, name),
        collected.keep(chart),
        _levels(name, levels),
        _differences(effect, name),
    )


def _meaning(axis: Axis) -> str:
    """What the key is, in the words of the recipe; nothing for a network's own settings."""
    field = None if axis.variants else Recipe.model_fields.get(axis.key)
    return "" if field is None else field.description or ""


def _variants(axis: Axis, name: str) -> Table | None:
    """What each variant's name stands for."""
    if not axis.variants:
        return None
    rows = [
        (
            cut(variant, CELL),
            ", ".join(f"{key}={word(value)}" for key, value in flat(settings).items())
            or "nothing else",
        )
        for variant, settings in axis.variants.items()
    ]
    return Table(f"What {name} stands for", (name, "settings"), rows, numbers=False)


def _levels(name: str, levels: Sequence[tuple[Level, Sequence[Setting]]]) -> Table:
    head = (
        *(name, "accuracy", "95 % interval", "on train", "gap", "spread", "of loss"),
        *("settings", "trainings", "diverged", "training"),
    )
    rows = [
        (
            cut(value_text(one.value), CELL),
            "" if one.mean is None else percent(one.mean),
            interval_text(one.low, one.high),
            "" if one.train is None else percent(one.train),
            _gap(settings),
            "" if one.spread is None else points(one.spread)[0],
            "" if one.loss_spread is None else f"{one.loss_spread:.2g}",
            f"{one.settings:,}",
            f"{one.trainings:,}",
            f"{one.diverged:,}",
            "" if one.seconds is None else seconds(one.seconds),
        )
        for one, settings in levels
    ]
    told = (
        "in points: gap, from train to test; spread, the standard deviation over seeds; beside it "
        "that of the loss on val"
    )
    return Table(f"The values of {name} ({told})", head, rows)


def _gap(settings: Sequence[Setting]) -> str:
    """By how much trainings are better on training pictures than on test, on average, in points.

    It is taken setting by setting: a level's mean on test holds the other keys equal, that on train
    does not.
    """
    gaps = [
        (one.train - one.test, one.trainings)
        for one in settings
        if one.train is not None and one.test is not None and one.trainings
    ]
    if not gaps:
        return ""
    return points(sum(gap * n for gap, n in gaps) / sum(n for _, n in gaps))[0]


def _differences(effect: Effect, name: str) -> Table | None:
    if not effect.differences:
        return None
    head = ("better", "than", "by points", "95 % interval", "in single settings", "shown")
    rows = [_difference(one, effect) for one in effect.differences[:DIFFERENCES]]
    more = len(effect.differences) - len(rows)
    rest = f"; {more:,} smaller ones are in effects.json" if more else ""
    return Table(f"Every two values of {name}{rest}", head, rows)


def _difference(one: Difference, effect: Effect) -> tuple[str, ...]:
    low, high, least, most = one.low, one.high, one.least, one.most
    if low is None or high is None or effect.p_holm is None:
        shown = "not tested"
    else:
        shown = "yes" if effect.shown and (low > 0 or high < 0) else "no"
    return (
        cut(value_text(one.better), CELL),
        cut(value_text(one.worse), CELL),
        points(one.value)[0],
        "" if low is None or high is None else " to ".join(points(low, high)),
        "" if least is None or most is None else " to ".join(points(least, most)),
        shown,
    )


def _grid(one: Interaction, titles: Titles) -> Grid:
    known = [value for row in one.cells for value in row if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    first, second = (titles[key] for key in one.keys)
    rows = tuple(
        (cut(value_text(name), CELL), tuple(_cell(value, low, high) for value in row))
        for name, row in zip(one.rows, one.cells, strict=True)
    )
    size = ""
    if one.departs and one.size is not None:
        size = f"; no cell is further than {points(one.size)[0]} points from what both do alone"
    verdict = {
        "not tested": f"Whether one depends on the other is not tested{size}.",
    }.get(verdict_of(one), f"That one depends on the other is {verdict_of(one)}{size}.")
    columns = tuple(cut(value_text(name), CELL) for name in one.columns)
    return Grid(f"{first} and {second}", (first, second), columns, rows, verdict, one.shown)


def _cell(value: float | None, low: float, high: float) -> Cell:
    if value is None:
        return Cell("–", "")
    share = (value - low) / (high - low) if high > low else 0.0
    return Cell(percent(value), f"w{round(share * SHADES)}")
