"""Files of a run that may be missing: a training that was stopped has not written them all."""

from typing import Any

from retinue.errors import RetinueError
from retinue.runs import Predictions, Run


def optional(run: Run, name: str) -> dict[str, Any]:
    """One of the run's JSON files; an empty mapping where it is missing or damaged."""
    try:
        found: Any = run.read_json(name)
    except RetinueError:
        return {}
    return found if isinstance(found, dict) else {}


def predictions_on(run: Run, name: str) -> Predictions | None:
    """The predictions on a split or other data; None where the file is missing or damaged."""
    try:
        return run.predictions(name)
    except (RetinueError, ValueError):
        return None


def is_recorded(run: Run) -> bool:
    """Whether the network was trained in a loop of somebody's own."""
    return "recorded" in run.status
