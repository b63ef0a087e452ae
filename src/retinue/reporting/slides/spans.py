"""From where to where an axis goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

FAR_APART = 8  # the largest cost in smallest ones from which an axis is logarithmic


@dataclass(frozen=True)
class Span:
    """The ends of an axis, and from line to line; no step on a logarithmic one."""

    low: float
    high: float
    step: float | None

    @property
    def is_logarithmic(self) -> bool:
        """Whether it goes in powers of ten."""
        return self.step is None

    def share(self, value: float) -> float:
        """Where a value is between the ends, from 0 to 1."""
        if self.is_logarithmic:
            return (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (value - self.low) / (self.high - self.low)


def span_of_costs(costs: Sequence[float]) -> Span:
    """Powers of ten around costs that are far apart, else from 0; with room for names."""
    low, high = min(costs), max(costs)
    if high / low > FAR_APART:
        bottom, top = floor(log10(low * 0.9)), ceil(log10(high * 1.1))
        return Span(10.0**bottom, 10.0**top, None)
    step = step_of(high * 1.3 / 5)
    return Span(0.0, _tidy(step * ceil(high * 1.3 / step)), step)


def span_of_shares(lows: Sequence[float], highs: Sequence[float]) -> Span:
    """Whole steps around all shares, but not beyond 0 and 1."""
    low, high = min(lows), max(highs)
    step = next((one for one in (0.005, 0.01, 0.02, 0.05, 0.1) if high - low <= 6 * one), 0.2)
    bottom, top = step * floor(low / step - 0.2), step * ceil(high / step + 0.2)
    return Span(_tidy(max(0.0, bottom)), _tidy(min(1.0, top)), step)


def step_of(about: float) -> float:
    """The next of 1, 2, 5 and their tenfold."""
    scale = 10.0 ** floor(log10(about))
    return _tidy(next(one * scale for one in (1, 2, 5, 10) if one * scale >= about * 0.999))


def _tidy(value: float) -> float:
    """Without the dust of binary fractions."""
    return float(f"{value:.6g}")
