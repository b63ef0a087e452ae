"""From the trainings of a sweep to what each of its settings did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

from retinue.evaluation.differences import holm
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.best import best_of, choosable
from retinue.experiments.sweeps.cells import gather, pooled
from retinue.experiments.sweeps.design import Design, judge, lay_out
from retinue.experiments.sweeps.effects import effect_of
from retinue.experiments.sweeps.error import NOTHING, Error
from retinue.experiments.sweeps.findings import Effect, Findings, Interaction
from retinue.experiments.sweeps.importance import forest_shares, shares_of
from retinue.experiments.sweeps.interactions import interaction_of
from retinue.experiments.sweeps.luck import luck_of
from retinue.experiments.sweeps.model import Term
from retinue.experiments.sweeps.result import Result
from retinue.experiments.sweeps.settings import settings_of
from retinue.experiments.sweeps.tukey import LEVEL

Tested = TypeVar("Tested", Effect, Interaction)


def find(
    axes: Sequence[Axis],
    results: Sequence[Result],
    *,
    adaptive: bool = False,
    pruned: bool = False,
    pictures: int | None = None,
    val_pictures: int | None = None,
) -> Findings:
    """What each setting of a sweep did, how sure that is, and which recipe is best.

    Means are of finished trainings; those that diverged, failed or were stopped are counted. All
    tests of the sweep, of keys and of pairs of keys, are corrected together (Holm 1979), so that a
    sweep in which nothing does anything claims something in at most 5 %;
    `benchmarks/sweep_claims.py` simulates it.

    Args:
        axes: what was varied, at least one key.
        results: the trainings, those of the settings that are impossible among them.
        adaptive: whether settings were chosen by how earlier trainings went.
        pruned: whether trainings were stopped that went worse than others.
        pictures: how many test has; the error is not below one picture's step (of 10,000 if None).
        val_pictures: how many val has; needed to tell luck where settings have one seed.

    Raises:
        ValueError: a setting has a value that its key does not have.
    """
    cells = gather(results)
    design = lay_out(axes, cells, adaptive)
    judged = judge(design, adaptive, pruned, pictures)
    error = judged if isinstance(judged, Error) else None
    seeds = pooled(cells)
    settings = settings_of(cells, seeds)
    shares = shares_of(design) if design.factorial else forest_shares(axes, settings)
    effects, interactions = _corrected(*_worked_out(design, error, shares))
    candidates = choosable(cells)
    return Findings(
        counts=dict(Counter(one.state for one in results)),
        settings=settings,
        effects=effects,
        interactions=interactions,
        tested=error.of if error is not None else NOTHING,
        why_not=judged if isinstance(judged, str) else "",
        spread=seeds.deviation,
        degrees=int(seeds.degrees),
        luck=luck_of(candidates, val_pictures),
        best=best_of(candidates, settings, val_pictures),
    )


def _worked_out(
    design: Design, error: Error | None, shares: Mapping[Term, float]
) -> tuple[list[Effect], list[Interaction]]:
    keys = range(len(design.axes))
    effects = [
        replace(effect_of(design, key, error), importance=shares.get((key,))) for key in keys
    ]
    pairs = combinations(keys, 2) if len(design.trained) else ()
    interactions = [
        replace(interaction_of(design, pair, error), importance=shares.get(pair)) for pair in pairs
    ]
    return effects, interactions


def _corrected(
    effects: Sequence[Effect], interactions: Sequence[Interaction]
) -> tuple[tuple[Effect, ...], tuple[Interaction, ...]]:
    """With Holm's p over all that is tested."""
    several = [one.p for one in effects] + [one.p for one in interactions]
    adjusted = iter(holm([p for p in several if p is not None]))
    every = [None if p is None else next(adjusted) for p in several]
    shown = [p is not None and p < LEVEL for p in every]
    count = len(effects)
    return (
        tuple(map(_judged, effects, every[:count], shown[:count])),
        tuple(map(_judged, interactions, every[count:], shown[count:])),
    )


def _judged(one: Tested, p: float | None, shown: bool) -> Tested:
    return replace(one, p_holm=p, shown=shown)
