"""What is to be varied, as it is written: `lr=1e-3,1e-2`, `model.depth=2..8`, `lr=1e-4..1:log`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from retinue.errors import UsageError
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.result import Value
from retinue.recipe import Recipe, make_recipe, parse_assignments

FIXED = {
    "data": "a sweep has one data set",
    "data_options": "a sweep has one data set",
    "seed": "say --seeds K",
    "split_seed": "all trainings are judged on the same pictures",
    "test_fraction": "all trainings are judged on the same pictures",
    "group_by": "all trainings are judged on the same pictures",
    "classes": "all trainings are judged on the same pictures",
}


def axes_of(vary: Sequence[str] | Mapping[str, Any]) -> tuple[Axis, ...]:
    """The axes of a sweep.

    Args:
        vary: words as `--vary` takes them; or a mapping from keys of the recipe to their values, in
            a sequence, a `Range`, or the text after the `=` of such a word. A mapping from names to
            settings makes variants, each of several settings at once; then the key is any name.

    Raises:
        UsageError: a key that cannot be varied or is named twice, values that are none, or fewer
            than two of them.
    """
    pairs: list[tuple[str, Any]] = []
    if isinstance(vary, Mapping):
        pairs = list(vary.items())
    else:
        for word in vary:
            key, equals, text = word.partition("=")
            if not equals or not key or not text:
                raise UsageError(f"--vary {word}: write KEY=V1,V2, as --vary lr=1e-3,1e-2")
            pairs.append((key.strip(), text))
    if not pairs:
        raise UsageError("nothing is varied; say --vary KEY=V1,V2, as --vary lr=1e-3,1e-2")
    axes = tuple(_axis(key, values) for key, values in pairs)
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise UsageError(f"--vary {key}: is named twice; give all its values at once")
    return axes


def assigned(axis: Axis, value: Value) -> dict[str, Any]:
    """The settings, as layers of a recipe take them, that a value of an axis stands for."""
    if axis.variants:
        return dict(axis.variants[str(value)])
    outer, _, inner = axis.key.partition(".")
    return {outer: {inner: value} if inner else value}


def _axis(key: str, values: Any) -> Axis:
    if isinstance(values, Mapping):
        return _variants(key, values)
    outer, _, inner = key.partition(".")
    if outer in FIXED:
        raise UsageError(f"--vary {key}: cannot be varied; {FIXED[outer]}")
    if outer not in Recipe.model_fields:
        make_recipe({outer: None})  # tells which key is near
    if inner and outer != "model":
        raise UsageError(f"--vary {key}: no such setting; only model has settings of its own")
    if isinstance(values, str):
        values = _range(key, values) if ".." in values else _scalars(key, values.split(","))
    if isinstance(values, Range):
        return Axis(key, range=_checked(key, values))
    levels = tuple(_as_scalar(value) for value in values)
    if len(levels) < 2:
        raise UsageError(f"--vary {key}: takes two values or more, as {key}=V1,V2")
    if len(set(map(repr, levels))) < len(levels):
        raise UsageError(f"--vary {key}: the same value stands there twice")
    return Axis(key, levels)


def _variants(key: str, variants: Mapping[str, Any]) -> Axis:
    """Named settings, each with keys of the recipe as `model.depth`, or none at all."""
    if len(variants) < 2:
        raise UsageError(f"{key}: takes two variants or more")
    found: dict[str, dict[str, Any]] = {}
    for name, settings in variants.items():
        layer: dict[str, Any] = {}
        for setting, value in (settings or {}).items():
            outer, _, inner = str(setting).partition(".")
            if inner:
                layer.setdefault(outer, {})[inner] = value
            else:
                layer[outer] = value
        make_recipe(layer)
        found[str(name)] = layer
    return Axis(key, tuple(found), variants=found)


def _scalars(key: str, words: Sequence[str]) -> list[Value]:
    """Each word as YAML reads it."""
    return [_read(key, word.strip()) for word in words]


def _read(key: str, word: str) -> Value:
    if not word:
        raise UsageError(f"--vary {key}: a value is missing between two commas")
    try:
        return _as_scalar(parse_assignments([f"value={word}"])["value"])
    except UsageError:
        raise UsageError(f"--vary {key}: the value {word} cannot be read") from None


def _as_scalar(value: Any) -> Value:
    """What is no scalar is its text, as a recipe takes it too: (3, 5) is 3x5."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence):
        return "x".join(map(str, value))
    return "none" if value is None else str(value)


def _range(key: str, text: str) -> Range:
    ends, _, how = text.partition(":")
    low, _, high = ends.partition("..")
    if how not in ("", "log"):
        raise UsageError(f"--vary {key}={text}: after the range only :log may follow")
    numbers = [_read(key, low), _read(key, high)]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
        raise UsageError(f"--vary {key}={text}: a range is of numbers, as {key}=1e-4..1e-1:log")
    whole = all(isinstance(one, int) for one in numbers)
    return Range(float(numbers[0]), float(numbers[1]), how == "log", whole)


def _checked(key: str, found: Range) -> Range:
    if not (math.isfinite(found.low) and math.isfinite(found.high) and found.low < found.high):
        raise UsageError(f"--vary {key}: a range begins below its end")
    if found.log and found.low <= 0:
        raise UsageError(f"--vary {key}: a range on a logarithmic scale begins above 0")
    return found
