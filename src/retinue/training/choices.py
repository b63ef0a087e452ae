"""A choice that was made where the recipe left something open."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """One setting that was left open: its value, and why; without a reason it is not told."""

    key: str
    value: Any
    why: str
