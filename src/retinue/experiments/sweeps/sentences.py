"""What came out of a sweep, in sentences: only what is tested and shown is claimed."""

from collections.abc import Sequence

from retinue.evaluation.statistics import wilson
from retinue.experiments.discussion import Section
from retinue.experiments.phrases import listed, points, probability
from retinue.experiments.sweeps import remarks
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.error import NOTHING, SEEDS
from retinue.experiments.sweeps.findings import Effect, Findings, Interaction
from retinue.experiments.sweeps.phrases import difference_text
from retinue.experiments.sweeps.remarks import named, titled
from retinue.wording import count, percent


def tell(findings: Findings, axes: Sequence[Axis], pictures: int | None = None) -> list[Section]:
    """What settings did, and which recipe is best; sections without a sentence are not there.

    Args:
        findings: what came out.
        axes: what was varied.
        pictures: how many test has.
    """
    titles = {axis.key: titled(axis) for axis in axes}
    told = {
        "What mattered": [
            *what_mattered(findings, titles),
            *judged_by(findings),
            *judged_on(findings, pictures),
        ],
        "What depends on what": together(findings, titles),
        "How steady it is": remarks.steadiness(findings, titles),
        "Training and test pictures": remarks.gaps(findings, titles),
        "The best recipe": remarks.best(findings, axes),
        "What it costs": remarks.costs(findings, axes),
    }
    return [Section(title, tuple(some)) for title, some in told.items() if some]


def what_mattered(findings: Findings, titles: dict[str, str]) -> list[str]:
    """Each key: what it did by how much, or that no difference is shown."""
    if findings.tested == NOTHING:
        return []
    shown = [one for one in findings.effects if one.shown]
    shown.sort(key=lambda one: -one.differences[0].value)
    others = [one for one in findings.effects if not one.shown]
    return [
        *(_shown(one, titles[one.key]) for one in shown),
        *(_not_shown(one, titles[one.key]) for one in others),
    ]


def judged_by(findings: Findings) -> list[str]:
    """What differences are judged by, or why by nothing."""
    if findings.tested == NOTHING:
        return [f"Whether settings differ was not tested: {findings.why_not}."]
    tests = [*(one.p for one in findings.effects), *(one.p for one in findings.interactions)]
    number = count(sum(p is not None for p in tests), "test")
    holm = f"every p is after Holm's correction for {number}"
    if findings.tested == SEEDS:
        (spread,) = points(findings.spread or 0.0)
        by = "not at all" if not findings.spread else f"by {spread} points (standard deviation)"
        return [
            f"Differences are judged by how trainings with the same settings differ from seed to "
            f"seed: {by}; {holm}."
        ]
    return [
        "Differences are judged by how far settings are from the sum of what their values do; "
        f"{holm}."
    ]


def judged_on(findings: Findings, pictures: int | None) -> list[str]:
    """That other test pictures would give other numbers, and by how much."""
    best = findings.best
    if findings.tested == NOTHING or not pictures or best is None or best.test is None:
        return []
    low, high = (percent(end) for end in wilson(best.test * pictures, pictures))
    return [
        f"All are judged on the same {pictures:,} test pictures. Intervals are over seeds alone: "
        f"on other pictures {percent(best.test)} might as well be {low} or {high}."
    ]


def together(findings: Findings, titles: dict[str, str]) -> list[str]:
    """Pairs of keys of which one changes what the other does."""
    tested = [one for one in findings.interactions if one.p is not None]
    shown = [one for one in tested if one.shown]
    told = [_depends(one, titles) for one in shown]
    if tested and not shown:
        told.append("That what one setting does depends on another is not shown for any pair.")
    elif len(tested) > len(shown):
        told.append("For no other pair is it shown.")
    return told


def _shown(effect: Effect, title: str) -> str:
    apart = [one for one in effect.differences if one.low is not None and one.low > 0]
    largest = apart[0] if apart else effect.differences[0]
    text = (
        f"{title[:1].upper()}{title[1:]} matters: {named(largest.better)} is above "
        f"{named(largest.worse)} by {difference_text(largest)}"
    )
    if largest.least is not None and largest.most is not None and largest.least < largest.most:
        least, most = points(largest.least, largest.most)
        text += f", in single settings by {least} to {most}"
    text += f" ({probability(effect.p_holm or 0.0)})"
    if len(effect.differences) > 1:
        pairs = count(len(effect.differences), "pair")
        text += f"; of {pairs} of values {len(apart)} {'is' if len(apart) == 1 else 'are'} apart"
    return f"{text}."


def _not_shown(effect: Effect, title: str) -> str:
    widths = [
        (one.high - one.low) / 2
        for one in effect.differences
        if one.low is not None and one.high is not None
    ]
    if not widths or effect.p_holm is None:
        return f"What {title} does cannot be told from these trainings."
    (noticed,) = points(max(widths))
    return (
        f"Between the values of {title} no difference is shown ({probability(effect.p_holm)}); "
        f"the largest measured is {difference_text(effect.differences[0])}, and one has to be "
        f"measured as {noticed} points to stand out by itself."
    )


def _depends(one: Interaction, titles: dict[str, str]) -> str:
    first, second = (titles[key] for key in one.keys)
    best = []
    for place, level in enumerate(one.columns):
        column = {row: cells[place] for row, cells in zip(one.rows, one.cells, strict=True)}
        known = {row: mean for row, mean in column.items() if mean is not None}
        if len(known) > 1:
            top = max(known, key=lambda row: known[row])
            (width,) = points(known[top] - min(known.values()))
            best.append(
                f"with {second} {named(level)} it is best at {named(top)} "
                f"({percent(known[top])}, {width} points above the worst)"
            )
    text = f"What {first} does depends on {second} ({probability(one.p_holm or 0.0)})"
    return f"{text}: {listed(best[: remarks.FEW])}." if best else f"{text}."
