"""Measured numbers as people read them."""

import re
from collections.abc import Mapping
from typing import Any

# Control characters, and marks that change the direction of writing.
STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage, as `98.3 %`; only 1 itself is called 100."""
    text = f"{100 * share:.{digits}f}"
    if share < 1 and float(text) >= 100:
        text = f"{100 - 10**-digits:.{digits}f}"
    return f"{text} %"


def count(number: int, thing: str) -> str:
    """A number of things, as `1 picture` and `2,000 pictures`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def measured_share(measured: Mapping[str, Any]) -> str:
    """A share with its 95 % interval, as `98.3 % (96.4 % to 99.2 %, n = 360)`."""
    value, low, high = (percent(measured[key]) for key in ("value", "low", "high"))
    return f"{value} ({low} to {high}, n = {measured['n']:,})"


def printable(text: str, longest: int | None = None) -> str:
    """Text from outside without what could steer a terminal or turn the text around it.

    Control characters, line breaks among them, and the marks that change the direction of writing
    become the sign for what cannot be shown. Letters of every script and emoji stay.
    """
    return STEERING.sub("\ufffd", text)[:longest]
