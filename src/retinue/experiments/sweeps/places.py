"""Where the values of a key lie: names, order and scales for what is drawn."""

from collections.abc import Mapping, Sequence
from statistics import median

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.findings import Effect, Level, Setting
from retinue.experiments.sweeps.grouping import levels_of
from retinue.experiments.sweeps.phrases import value_text
from retinue.experiments.sweeps.result import Value
from retinue.plotting.style import shorten
from retinue.plotting.sweeps.scale import Scale


def is_ordered(values: Sequence[Value]) -> bool:
    """Whether all are numbers, so that one is larger than the other."""
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def in_order(values: Sequence[Value]) -> tuple[Value, ...]:
    """Numbers from small to large, names as they come."""
    return tuple(sorted(values, key=_number)) if is_ordered(values) else tuple(values)


def scale_of(axis: Axis) -> Scale:
    """The scale of a key: its levels by name, or its range."""
    if axis.range is not None:
        found = axis.range
        return Scale(axis.title, low=found.low, high=found.high, log=found.log)
    levels = in_order(axis.levels)
    return Scale(axis.title, tuple(map(value_text, levels)), is_ordered(levels))


def place_of(axis: Axis, value: Value) -> float:
    """The value's place on the scale of its key: the number of its level, or itself in a range."""
    return _number(value) if axis.range is not None else float(in_order(axis.levels).index(value))


def by_level(
    axis: Axis, effect: Effect, settings: Sequence[Setting]
) -> list[tuple[Level, list[Setting]]]:
    """The effect's levels, numbers and groups of numbers from small to large, each with its own.

    Args:
        axis: the key.
        effect: what it did.
        settings: all of the sweep, by which a range was cut into groups.
    """
    values, places = levels_of(axis, [one.values[axis.key] for one in settings])
    members: dict[Value, list[Setting]] = {value: [] for value in values}
    for one, place in zip(settings, places, strict=True):
        members[values[place]].append(one)
    levels = {level.value: level for level in effect.levels}
    order = tuple(levels) if axis.range is not None else in_order(tuple(levels))
    return [(levels[value], members[value]) for value in order]


def middle_place(axis: Axis, settings: Sequence[Setting]) -> float:
    """The place in the middle of those of some settings: that of their level, if it is one."""
    return float(median(place_of(axis, one.values[axis.key]) for one in settings))


def setting_name(axes: Sequence[Axis], values: Mapping[str, Value]) -> str:
    """All values of a setting, as `lr 0.01, depth 3`; numbers of a range in three digits."""
    return ", ".join(
        f"{axis.title} {shorten(text_on(axis, values[axis.key]), 24)}" for axis in axes
    )


def text_on(axis: Axis, value: Value) -> str:
    """A value of a key in words; numbers of a range in three digits."""
    drawn = axis.range is not None and isinstance(value, float)
    return f"{value:.3g}" if drawn else value_text(value)


def _number(value: Value) -> float:
    return float(value)
