"""What a run takes for what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retinue.reporting.facts.headline import judged_on, pictures_of
from retinue.runs import Run
from retinue.wording import count, percent


@dataclass(frozen=True)
class Pair:
    """`n` of the `of` pictures of class `true` were taken for `predicted`: the share `share`."""

    true: str
    predicted: str
    n: int
    of: int
    share: float


def worst_pairs(metrics: Mapping[str, Any], classes: Sequence[str], most: int = 3) -> list[Pair]:
    """The largest cells of the confusion matrix off its diagonal, the largest first."""
    confusion = np.asarray(metrics["confusion"], dtype=np.int64).reshape(len(classes), -1)
    mistakes = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:most]
    rows, columns = (places.tolist() for places in np.unravel_index(order, mistakes.shape))
    totals = confusion.sum(axis=1).tolist()
    return [
        Pair(classes[row], classes[column], n, totals[row], n / totals[row])
        for row, column in zip(rows, columns, strict=True)
        if (n := int(mistakes[row, column]))
    ]


def what_goes_wrong(run: Run) -> str:
    """In one or two sentences, how many pictures it gets wrong and what it mixes up most."""
    split = judged_on(run)
    if split is None:
        return "It was not judged on any pictures, so what it gets wrong is not known."
    metrics = run.metrics(split)
    confusion = np.asarray(metrics["confusion"])
    wrong = int(confusion.sum() - np.trace(confusion))
    if not wrong:
        return f"It gets none of {pictures_of(split, metrics['n'])} wrong."
    pairs = worst_pairs(metrics, run.classes, most=2)
    worst = pairs[0]
    told = f"It gets {wrong:,} of {pictures_of(split, metrics['n'])} wrong"
    if wrong == 1:
        return f"{told}: a picture of {worst.true}, which it takes for {worst.predicted}."
    if len(pairs) > 1 and pairs[1].n == worst.n:
        return f"{told}; no two classes stand out, the most common mix-up is {_told(worst)}."
    return f"{told}. Most often it takes {_told(worst)}."


def _told(pair: Pair) -> str:
    return (
        f"{pair.true} for {pair.predicted}: {count(pair.n, 'time')}, "
        f"{percent(pair.share, 0)} of the pictures of {pair.true}"
    )
