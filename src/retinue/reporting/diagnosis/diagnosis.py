"""Diagnosis: one thing that may be wrong with a training."""

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["problem", "hint"]


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, by which figures, and what to try.

    `name` is one of `RULES`, and a heading of docs/troubleshooting.md. A `problem` makes the result
    useless or wrong; a `hint` says what could be better. Names of classes stand in the texts as
    they are, but for what cannot be shown.
    """

    name: str
    title: str
    evidence: str
    advice: str
    severity: Severity = "problem"

    def as_dict(self) -> dict[str, str]:
        """Its fields, as JSON has them."""
        return asdict(self)
