"""The figures of a sweep."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from statistics import fmean
from typing import TYPE_CHECKING

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.findings import Findings, Setting
from retinue.experiments.sweeps.phrases import value_text, verdict_of
from retinue.experiments.sweeps.places import (
    by_level,
    is_ordered,
    middle_place,
    place_of,
    scale_of,
    setting_name,
)
from retinue.experiments.sweeps.result import DIVERGED, FINISHED, PRUNED, Result
from retinue.plotting.sweeps.costs import Spot, costs
from retinue.plotting.sweeps.curves import Line, curves
from retinue.plotting.sweeps.effects import Mean, Panel, effects
from retinue.plotting.sweeps.importance import Part, importance
from retinue.plotting.sweeps.interactions import Pair, interactions
from retinue.plotting.sweeps.parallel import Trial, parallel
from retinue.plotting.sweeps.stability import Steadiness, stability
from retinue.plotting.sweeps.train_test import train_test

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAPS = 6  # pairs of keys whose interaction is drawn
SECONDS, WORK = "seconds of training", "millions of multiply-adds a picture"


def draw(
    axes: Sequence[Axis], results: Sequence[Result], findings: Findings
) -> "Iterator[tuple[str, Figure]]":
    """Names and figures of a sweep; one that would show nothing is left out.

    Args:
        axes: what was varied, at least one.
        results: every training.
        findings: what came out of these results.
    """
    by_key = {axis.key: axis for axis in axes}
    drawers: Mapping[str, Callable[[], Figure | None]] = {
        "effects": lambda: _effects(by_key, findings),
        "interactions": lambda: _interactions(by_key, findings),
        "stability": lambda: _stability(by_key, results, findings),
        "train-test": lambda: _train_test(_most_important(by_key, findings), findings),
        "pareto": lambda: _pareto(axes, findings),
        "parallel": lambda: _parallel(axes, findings),
        "importance": lambda: _importance(by_key, findings),
        "curves": lambda: _curves(_most_important(by_key, findings), results, findings),
    }
    for name, drawer in drawers.items():
        figure = drawer()
        if figure is not None:
            yield name, figure


def _effects(axes: Mapping[str, Axis], findings: Findings) -> "Figure | None":
    panels = []
    for effect in findings.effects:
        axis = axes[effect.key]
        levels = tuple(
            Mean(value_text(level.value), level.mean, level.low, level.high, _tests(settings))
            for level, settings in by_level(axis, effect, findings.settings)
        )
        ordered = axis.range is not None or is_ordered([one.value for one in effect.levels])
        verdict = verdict_of(effect, "effect shown")
        panels.append(Panel(axis.title, levels, effect.shown, ordered, verdict))
    known = any(level.mean is not None for panel in panels for level in panel.levels)
    return effects(panels) if known else None


def _interactions(axes: Mapping[str, Axis], findings: Findings) -> "Figure | None":
    known = [one for one in findings.interactions if one.p is not None or one.departs]
    known.sort(
        key=lambda one: (
            not one.shown, 1.0 if one.p_holm is None else one.p_holm, -(one.size or 0.0)
        )
    )  # fmt: skip
    pairs = [
        Pair(
            axes[one.keys[0]].title,
            axes[one.keys[1]].title,
            tuple(map(value_text, one.rows)),
            tuple(map(value_text, one.columns)),
            one.cells,
            verdict_of(one, "interaction shown"),
        )
        for one in known[:MAPS]
    ]
    return interactions(pairs) if pairs else None


def _stability(
    axes: Mapping[str, Axis], results: Sequence[Result], findings: Findings
) -> "Figure | None":
    deviations = _deviations(results)
    tried = Counter(one.setting for one in results if one.state in (FINISHED, PRUNED, DIVERGED))
    panels = []
    for effect in findings.effects:
        axis, levels = axes[effect.key], []
        for level, settings in by_level(axis, effect, findings.settings):
            numbers = [one.number for one in settings]
            apart = tuple(chain.from_iterable(deviations.get(one, ()) for one in numbers))
            trainings = sum(tried[one] for one in numbers)
            name = value_text(level.value)
            levels.append(Steadiness(name, apart, level.spread, level.diverged, trainings))
        panels.append((axis.title, levels))
    every = [level for _, levels in panels for level in levels]
    something = any(level.deviations or level.diverged for level in every)
    return stability(panels) if something else None


def _deviations(results: Sequence[Result]) -> dict[int, list[float]]:
    """For each setting with several seeds their accuracies on test, less their mean."""
    by_setting = defaultdict(list)
    for one in results:
        if one.state == FINISHED and one.test is not None:
            by_setting[one.setting].append(one.test)
    return {
        number: [one - fmean(tests) for one in tests]
        for number, tests in by_setting.items()
        if len(tests) > 1
    }


def _train_test(axis: Axis, findings: Findings) -> "Figure | None":
    dots = [
        (one.train, one.test, place_of(axis, one.values[axis.key]))
        for one in findings.settings
        if one.train is not None and one.test is not None
    ]
    return train_test(dots, scale_of(axis)) if len(dots) > 1 else None


def _pareto(axes: Sequence[Axis], findings: Findings) -> "Figure | None":
    known = [one for one in findings.settings if one.test is not None]
    light = _light(known)
    spots = []
    for one in known:
        spent = {SECONDS: one.seconds, WORK: (one.multiply_adds or 0) / 1e6}
        efficient = {SECONDS: one.efficient, WORK: one.number in light}
        spots.append(
            Spot(
                one.number,
                setting_name(axes, one.values),
                one.test or 0.0,
                one.test_low,
                one.test_high,
                {name: cost for name, cost in spent.items() if cost},
                frozenset(name for name, holds in efficient.items() if holds),
                findings.best is not None and one.number == findings.best.setting,
            )
        )
    panels = [
        name
        for name in (SECONDS, WORK)
        if len({spot.costs[name] for spot in spots if name in spot.costs}) > 1
    ]
    return costs(spots, panels) if panels else None


def _light(settings: Sequence[Setting]) -> set[int]:
    """Numbers of those to which no other is both more accurate on val and has less to multiply."""
    known = [
        (one.multiply_adds, -one.val, one.number)
        for one in settings
        if one.multiply_adds and one.val is not None
    ]
    found: set[int] = set()
    best = 1.0
    for _, loss, number in sorted(known):
        if loss < best:
            found.add(number)
            best = loss
    return found


def _parallel(axes: Sequence[Axis], findings: Findings) -> "Figure | None":
    trials = [
        Trial(
            tuple(place_of(axis, one.values[axis.key]) for axis in axes),
            one.val,
            "" if one.val is not None else _end(one),
        )
        for one in findings.settings
    ]
    drawn = [trial for trial in trials if trial.accuracy is not None or trial.end]
    known = any(trial.accuracy is not None for trial in drawn)
    return parallel(drawn, [scale_of(axis) for axis in axes]) if known and len(drawn) > 1 else None


def _end(setting: Setting) -> str:
    """Why a setting has no accuracy, in the words of the figure; empty while it waits."""
    if setting.impossible:
        return "impossible"
    return next((word for _, word in setting.unfinished), "")


def _importance(axes: Mapping[str, Axis], findings: Findings) -> "Figure | None":
    parts = [
        Part((axes[one.key].title,), one.importance, one.shown)
        for one in findings.effects
        if one.importance is not None
    ]
    parts += [
        Part(tuple(axes[key].title for key in one.keys), one.importance, one.shown)
        for one in findings.interactions
        if one.importance is not None
    ]
    return importance(parts) if len(parts) > 1 else None


def _curves(axis: Axis, results: Sequence[Result], findings: Findings) -> "Figure | None":
    by_setting = defaultdict(list)
    for one in results:
        if one.state == FINISHED and one.val_curve:
            by_setting[one.setting].append(one.val_curve)
    courses = {number: _mean(found) for number, found in by_setting.items()}
    if max(map(len, courses.values()), default=0) < 2:
        return None
    known = [one for one in findings.settings if one.number in courses]
    lines = [(middle_place(axis, [one]), courses[one.number]) for one in known]
    means: list[Line] = []
    for effect in findings.effects:
        if effect.key == axis.key:
            for _, settings in by_level(axis, effect, findings.settings):
                trained = [one for one in settings if one.number in courses]
                if trained:
                    mean = _mean([courses[one.number] for one in trained])
                    means.append((middle_place(axis, trained), mean))
    return curves(lines, means, scale_of(axis))


def _mean(courses: Sequence[Sequence[float]]) -> list[float]:
    """The mean by epoch, over those epochs that all have."""
    return [fmean(values) for values in zip(*courses, strict=False)]


def _most_important(axes: Mapping[str, Axis], findings: Findings) -> Axis:
    """The key that explains most; the first one where that is not known."""
    known = [one for one in findings.effects if one.importance is not None]
    if not known:
        return next(iter(axes.values()))
    return axes[max(known, key=lambda one: one.importance or 0.0).key]


def _tests(settings: Sequence[Setting]) -> tuple[float, ...]:
    return tuple(one.test for one in settings if one.test is not None)
