"""Check: what one check found."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """Whether a check was passed, by which figures, and what to do where it was not.

    `passed` is None where the check makes no sense here; `figures` then says why.
    """

    name: str
    title: str
    passed: bool | None
    figures: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Its fields, as JSON has them."""
        return asdict(self)
