"""What the kernel of a lab's notebook is asked at its end: how each answer fares."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from retinue.lessons.checking import outcome_of
from retinue.lessons.labs import find_lab
from retinue.lessons.outcome import Outcome

MIME = "application/vnd.retinue.outcomes+json"


def outcomes_of(lab: str, names: Mapping[str, Any]) -> list[Outcome]:
    """The outcome of each question of a lab, in its order.

    Args:
        lab: its name.
        names: the names of the notebook, answers among them.

    Raises:
        UsageError: there is no such lab.
    """
    found = find_lab(lab)
    return [
        outcome_of(f"{lab}.{name}", question, names.get(question.answer))
        for name, question in found.questions.items()
    ]


def tell(lab: str, names: Mapping[str, Any]) -> None:
    """Put the outcomes out of the notebook that this is called in."""
    from IPython.display import display

    outcomes = [asdict(one) for one in outcomes_of(lab, names)]
    display({MIME: outcomes}, raw=True)
