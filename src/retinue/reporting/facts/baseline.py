"""What a run has to beat: always naming the class with most training pictures."""

from dataclasses import dataclass

import numpy as np

from retinue.evaluation.differences import Difference, difference
from retinue.reporting.facts.headline import pictures_of
from retinue.reporting.facts.reading import predictions_on
from retinue.runs import Run
from retinue.wording import percent


@dataclass(frozen=True)
class Baseline:
    """What naming one class every time would reach on the same pictures.

    `gain` is the run's accuracy less that, `low` to `high` its interval at 95 %; it is `shown`
    where the interval leaves out 0 and McNemar's test gives at most 0.05.
    """

    name: str
    value: float
    gain: float
    low: float
    high: float
    shown: bool
    sentence: str


def largest_class(run: Run) -> str:
    """The class with most training pictures; of equals the first."""
    counts = run.data["counts"]["train"]
    return max(run.classes, key=lambda name: counts.get(name, 0))


def _which(run: Run, name: str) -> str:
    """Whether it is the one class with most training pictures, or one of them."""
    counts = list(run.data["counts"]["train"].values())
    alone = counts.count(run.data["counts"]["train"].get(name, 0)) == 1
    return "the class" if alone else "one of the classes"


def against_the_largest(run: Run, split: str) -> Baseline | None:
    """Compare a run with always naming its largest class; None without predictions."""
    predictions = predictions_on(run, split)
    if predictions is None or not predictions.true:
        return None
    name = largest_class(run)
    true = np.array(predictions.true, dtype=object)
    guessed = true == name
    found = difference((true == np.array(predictions.predicted, dtype=object))[None], guessed[None])
    value = float(guessed.mean())
    # Like any other statement of difference: the interval and the test agree on it.
    shown = found.p <= 0.05 and not found.low <= 0 <= found.high
    sentence = (
        f"Always answering {name}, {_which(run, name)} with most training pictures, would be "
        f"right for {percent(value)} of the {pictures_of(split, len(true))}: {_told(found, shown)}"
    )
    return Baseline(name, value, found.value, found.low, found.high, shown, sentence)


def _told(found: Difference, shown: bool) -> str:
    """The difference in points, as far as it is shown."""
    value, low, high = (100 * one for one in (found.value, found.low, found.high))
    if not shown:
        return (
            "that this network does better was not shown (difference "
            f"{value:.1f} points, {low:.1f} to {high:.1f})."
        )
    if value > 0:
        return f"this network recognises {value:.1f} points more ({low:.1f} to {high:.1f})."
    return f"this network recognises {-value:.1f} points fewer ({-high:.1f} to {-low:.1f})."
