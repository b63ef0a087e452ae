"""From values to places on a chart, and the round values at its edge."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` lie between the places `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; those beyond the ends lie at the ends."""
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(value) - low) / (high - low) if high > low else 0.5
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values within the scale, at most so many."""
        return (
            _decades(self.low, self.high, most) if self.log else _round(self.low, self.high, most)
        )

    def _bent(self, value: float) -> float:
        return math.log10(max(value, 1e-12)) if self.log else value


def finite(values: Iterable[float | None]) -> list[float]:
    """Those values that are numbers."""
    return [value for value in values if value is not None and math.isfinite(value)]


def widened(low: float, high: float, log: bool = False) -> tuple[float, float]:
    """Ends with some room around what lies between them, also where that is one value."""
    if log:
        margin = max((high / low) ** 0.12, 1.15)
        return low / margin, high * margin
    margin = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def _round(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    step = _step((high - low) / max(most - 1, 1))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(position * step, 12) for position in range(first, last + 1)]


def _step(least: float) -> float:
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-9))


def _decades(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, with 2 and 5 times them where there is room."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [
            times * 10.0**power
            for power in range(first, last + 1)
            for times in steps
            if low <= times * 10.0**power <= high
        ]
        if len(found) <= most:
            return found
    return found[:: -(-len(found) // most)]
