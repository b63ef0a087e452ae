"""The levels of what is varied: its values, or a range's numbers in groups of like size."""

from collections.abc import Sequence

import numpy as np

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.result import Value

GROUPS = 4  # of a range, at most
LEAST_GROUP = 3  # settings in a group, on average


def levels_of(axis: Axis, tried: Sequence[Value]) -> tuple[tuple[Value, ...], list[int]]:
    """The levels of a key, and for each setting the place of its own among them.

    Args:
        axis: the key; the levels of a range are made here, of the numbers that were tried.
        tried: the key's value in each setting.

    Raises:
        ValueError: a setting has a value that the key does not have.
    """
    if axis.range is not None:
        return _groups([float(value) for value in tried])
    levels = axis.levels
    places = {(type(level) is bool, level): place for place, level in enumerate(levels)}
    try:
        return levels, [places[type(value) is bool, value] for value in tried]
    except KeyError as error:
        raise ValueError(f"{axis.key} has no value {error.args[0][1]!r}") from None


def _groups(numbers: Sequence[float]) -> tuple[tuple[Value, ...], list[int]]:
    count = max(1, min(GROUPS, len(numbers) // LEAST_GROUP))
    cuts = np.quantile(numbers, np.arange(1, count) / count) if numbers else np.array([])
    # Equal numbers, as ranges of whole ones have, come into one group, and a group may be empty.
    _, places = np.unique(np.searchsorted(cuts, numbers), return_inverse=True)
    groups = [np.asarray(numbers)[places == place] for place in range(places.max(initial=-1) + 1)]
    for digits in range(3, 18):
        texts = [_text(float(group.min()), float(group.max()), digits) for group in groups]
        if len(set(texts)) == len(texts):
            break
    return tuple(texts), [int(place) for place in places]


def _text(low: float, high: float, digits: int) -> str:
    first, last = f"{low:.{digits}g}", f"{high:.{digits}g}"
    return first if first == last else f"{first} to {last}"
