"""The first screen of a sweep: what was asked, what came out, and the best recipe."""

from collections.abc import Sequence

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.findings import Effect, Findings
from retinue.experiments.sweeps.phrases import difference_text, value_text, verdict_of
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import WAITING
from retinue.reporting.facts.headline import pictures_of
from retinue.reporting.facts.sweep_words import (
    answer_of,
    chosen,
    cut,
    interval_text,
    luck_sentences,
    question_of,
    titles,
    tried,
)
from retinue.reporting.page.charts.intervals import gauge, interval_bar
from retinue.reporting.page.views import Card, First, Rank
from retinue.wording import count, percent

RANKS = 8  # keys on the first screen


def first_of_sweep(findings: Findings, plan: Plan, data: str, pictures: int | None) -> First:
    """The first screen.

    Args:
        findings: what came out.
        plan: what was asked.
        data: what the data is called.
        pictures: how many test has; None where that is not known.
    """
    best = findings.best
    number, caption, scale = "–", "No recipe could be chosen: no training has finished.", None
    if best is not None:
        caption = (
            f"The best recipe, chosen on val, has {percent(best.val)} there; test is not known."
        )
    if best is not None and best.test is not None:
        number, caption = percent(best.test), _caption(findings, pictures)
        low, high = (best.test if end is None else end for end in (best.test_low, best.test_high))
        scale = gauge(best.test, low, high)
    return First(
        kicker=f"Report of a sweep on {data}" + (f": {plan.title}" if plan.title else ""),
        title=question_of(plan, data),
        number=number,
        caption=caption,
        gauge=scale,
        samples=(),
        more=0,
        cards=tuple(_cards(findings, plan.axes)),
        banner=_banner(findings),
        ranks=tuple(_ranks(findings, plan.axes)),
        ranked="How much each matters at most, in points of accuracy on test",
        answer=answer_of(findings, plan.axes),
    )


def _caption(findings: Findings, pictures: int | None) -> str:
    best = findings.best
    assert best is not None  # noqa: S101  who calls has looked
    trainings = findings.settings[best.setting - 1].trainings
    what = "of the test pictures" if pictures is None else f"of {pictures_of('test', pictures)}"
    mean = f", the mean of {count(trainings, 'training')}" if trainings > 1 else ""
    ends = interval_text(best.test_low, best.test_high)
    interval = f"95 % interval {ends}" if ends else "one training a setting has no interval"
    return f"{what} recognised by the best recipe{mean}; {interval}"


def _cards(findings: Findings, axes: Sequence[Axis]) -> list[Card]:
    cards = [Card("What was tried", (tried(findings),))]
    if findings.best is not None:
        cards.insert(0, Card("The best recipe", chosen(findings.best, axes)))
    if findings.luck is not None:
        cards.append(Card("What luck can do", luck_sentences(findings.luck)))
    return cards


def _banner(findings: Findings) -> str:
    waiting = findings.counts.get(WAITING, 0)
    if not waiting:
        return ""
    several = "trainings have" if waiting > 1 else "training has"
    return f"This is what is known so far: {waiting:,} {several} not been made yet."


def _ranks(findings: Findings, axes: Sequence[Axis]) -> list[Rank]:
    """The largest difference that each key makes, on one scale that begins at 0."""
    names = titles(axes)
    known = [one for one in findings.effects if one.differences]
    known.sort(key=lambda one: -one.differences[0].value)
    ends = [
        end
        for one in known
        for end in (one.differences[0].value, one.differences[0].low, one.differences[0].high)
        if end is not None
    ]
    if not ends:
        return []
    margin = 0.04 * (max(*ends, 0.0) - min(*ends, 0.0)) or 0.01
    scale = min(*ends, 0.0) - margin, max(*ends, 0.0) + margin
    return [_rank(one, names[one.key], scale) for one in known[:RANKS]]


def _rank(effect: Effect, name: str, scale: tuple[float, float]) -> Rank:
    largest = effect.differences[0]
    low, high = (largest.value if end is None else end for end in (largest.low, largest.high))
    told, _, interval = difference_text(largest).partition(" (")
    kind = "main" if effect.shown else "side"
    better, worse = (cut(value_text(one)) for one in (largest.better, largest.worse))
    return Rank(
        name,
        told,
        interval.removesuffix(")"),
        interval_bar(low, largest.value, high, scale, kind, (0.0,)),
        f"{better} above {worse}: effect {verdict_of(effect)}",
        effect.shown,
    )
