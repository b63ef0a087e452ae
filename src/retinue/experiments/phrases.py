"""How numbers and names stand in a sentence."""

from collections.abc import Sequence
from typing import Protocol

from retinue.wording import percent


class Bounded(Protocol):
    """A measured number with its interval."""

    @property
    def value(self) -> float: ...  # noqa: D102
    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102


def share(measured: Bounded) -> str:
    """A share with its interval, as `91.2 % (90.6 % to 91.7 %)`."""
    low, high = (percent(end) for end in (measured.low, measured.high))
    return f"{percent(measured.value)} ({low} to {high})"


def points(*values: float) -> list[str]:
    """Differences of shares in percentage points, with so many digits that only 0 looks like 0."""
    for digits in (1, 2, 3):
        texts = [f"{100 * value:.{digits}f}" for value in values]
        if all(value == 0 or float(text) for value, text in zip(values, texts, strict=True)):
            break
    return [text.replace("-0.0", "0.0") if not float(text) else text for text in texts]


def in_points(value: float, low: float, high: float) -> str:
    """A difference of shares with its interval, as `1.3 points (0.4 to 2.2)`."""
    texts = points(value, low, high)
    return f"{texts[0]} point{'' if texts[0] == '1.0' else 's'} ({texts[1]} to {texts[2]})"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else list(names))


def seconds(value: float) -> str:
    """A time with a unit that suits it, as `0.42 ms`, `12 s`, `3.4 min`."""
    if value < 1:
        return f"{1000 * value:.3g} ms"
    if value < 90:
        return f"{value:.3g} s"
    return f"{value / 60:.3g} min" if value < 5400 else f"{value / 3600:.3g} h"


def size(count: float) -> str:
    """Bytes, as `3.1 MB`."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} bytes"


def probability(p: float) -> str:
    """A p-value, as `p = 0.034` or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.2g}"
