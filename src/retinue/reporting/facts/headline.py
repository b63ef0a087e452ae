"""The one number of a run, and in words what it is a share of."""

from dataclasses import dataclass
from typing import Any

from retinue.runs import Run
from retinue.wording import count, measured_share, percent


@dataclass(frozen=True)
class Headline:
    """The accuracy that a report opens with: `low` to `high` is its interval at 95 %."""

    split: str
    value: float
    low: float
    high: float
    n: int
    sentence: str


def judged_on(run: Run) -> str | None:
    """What a report is about: test if it was judged, else val, else other data; None for nothing.

    A folder counts only with its metrics.
    """
    names = run.evaluations
    return next((name for name in ("test", "val", *names) if name in names), None)


def headline(run: Run) -> Headline | None:
    """The accuracy on what the report is about; None where nothing was judged."""
    split = judged_on(run)
    if split is None:
        return None
    found = run.metrics(split)["accuracy"]
    value, low, high = (float(found[key]) for key in ("value", "low", "high"))
    return Headline(split, value, low, high, int(found["n"]), _sentence(split, found))


def pictures_of(split: str, n: int) -> str:
    """Pictures of a split or of other data, as `359 test pictures` or `40 pictures of "photos"`."""
    if split in ("train", "val", "test"):
        return count(n, f"{split} picture")
    return f'{count(n, "picture")} of "{split}"'


def _sentence(split: str, found: dict[str, Any]) -> str:
    low, high = percent(found["low"]), percent(found["high"])
    told = (
        f"It recognises {percent(found['value'])} of {pictures_of(split, found['n'])}; "
        f"the 95 % interval is {low} to {high}."
    )
    if split == "val":
        told += " The best epoch was chosen on these pictures, so others may fare a little worse."
    return told


def others(run: Run) -> list[str]:
    """A sentence for each further evaluation."""
    main = judged_on(run)
    return [
        f"On {name} it reaches {measured_share(run.metrics(name)['accuracy'])}."
        for name in run.evaluations
        if name != main
    ]
