"""Whether a run holds on the hidden pictures what its own test promised."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scipy.stats import fisher_exact

from retinue.evaluation.differences import holm
from retinue.evaluation.statistics import Interval, wilson
from retinue.lessons.board.ranks import LEVEL
from retinue.lessons.board.verdicts import Judged
from retinue.wording import percent

SLACK = 1.5  # pictures of the same test that may fall otherwise on another machine

Verdict = Literal["more", "less", "held", "forged", "same", "silent"]


@dataclass(frozen=True)
class Promise:
    """What a run said of itself beside what it holds on the hidden pictures that are new to it.

    Args:
        name: of the run.
        said: its accuracy on its own test; None where it does not say.
        said_n: on how many pictures.
        holds: its accuracy here.
        value: what it holds less what it said, with its interval `low` to `high`.
        p: of no difference (Fisher's exact test).
        p_holm: corrected for the number of runs.
        looks: how often its own test was looked at; None where it does not say.
        verdict: "more" was promised than it holds, "less", "held"; where its own test is these
            very pictures, "same" or, if the two numbers differ, "forged"; "silent" without one.
    """

    name: str
    holds: float
    said: float | None = None
    said_n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    looks: int | None = None
    verdict: Verdict = "silent"


def promises_of(judged: Sequence[Judged], digest: str) -> tuple[Promise, ...]:
    """What every run promised and holds; `digest` is the identity of the hidden pictures."""
    found = [_promise(one, digest) for one in judged]
    tested = [place for place, one in enumerate(found) if one.p is not None]
    corrected = holm([found[place].p or 0.0 for place in tested])
    for place, p in zip(tested, corrected, strict=True):
        found[place] = _settled(found[place], p)
    return tuple(found)


def newcombe(hits: int, n: int, other_hits: int, other_n: int) -> Interval:
    """The 95 % interval of a share less another, of other pictures (Newcombe 1998, method 10)."""
    first, second = hits / n, other_hits / other_n
    (low, high), (other_low, other_high) = wilson(hits, n), wilson(other_hits, other_n)
    value = first - second
    return (
        value - math.hypot(first - low, other_high - second),
        value + math.hypot(high - first, second - other_low),
    )


def in_words(promise: Promise) -> str:
    """A promise in a few plain words."""
    if promise.said is None:
        return "says nothing of a test of its own"
    if promise.verdict == "forged":
        return (
            f"says {percent(promise.said)} of these very pictures, and has "
            f"{percent(promise.holds)}: its files were changed"
        )
    return {
        "more": "promised more than it holds",
        "less": "holds more than it promised",
        "held": "holds what it promised, as far as can be told",
        "same": "was tested on these very pictures: it says what it holds",
        "silent": "",
    }[promise.verdict]


def _promise(one: Judged, digest: str) -> Promise:
    own, n = one.own, int(one.new.sum())
    if own is None:
        return Promise(one.name, one.accuracy)
    hits, said_hits = int(one.correct[one.new].sum()), round(own.value * own.n)
    promise = Promise(one.name, one.accuracy, own.value, own.n, looks=own.looks)
    value = one.accuracy - own.value
    if own.digest == digest and digest:
        is_same = abs(value) * n <= SLACK
        return replace(promise, value=value, verdict="same" if is_same else "forged")
    low, high = newcombe(hits, n, said_hits, own.n)
    test = fisher_exact([[hits, n - hits], [said_hits, own.n - said_hits]])
    return replace(promise, value=value, low=low, high=high, p=min(1.0, float(test.pvalue)))


def _settled(promise: Promise, p_holm: float) -> Promise:
    """The verdict, with all runs allowed for."""
    verdict: Verdict = "held"
    if p_holm <= LEVEL and promise.value:
        verdict = "more" if promise.value < 0 else "less"
    return replace(promise, p_holm=p_holm, verdict=verdict)
