"""Which one to choose: for accuracy, for speed, for size."""

from collections.abc import Callable

from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.phrases import in_points, listed, seconds, size
from retinue.wording import count

CLEARLY = 1.25  # times as fast: less may be the mood of the machine


def for_accuracy(findings: Findings) -> list[str]:
    """The one chosen on val, and those that were not shown to be less accurate."""
    if findings.winner is None:
        return []
    near = [one.name for one in _as_accurate(findings)]
    text = f"For accuracy: {findings.winner}"
    if near:
        verb = "was" if len(near) == 1 else "were"
        text += f"; {listed(near)} {verb} not shown to be less accurate"
    return [f"{text}."]


def for_speed(findings: Findings) -> list[str]:
    """The quickest for a picture alone and in batches, and what it costs."""
    if any(findings.numbers[one.name].speed is None for one in findings.entrants):
        return []

    def alone(one: Entrant) -> float:
        speed = findings.numbers[one.name].speed
        return speed.single if speed else 0.0

    def each(one: Entrant) -> float:
        speed = findings.numbers[one.name].speed
        return 1 / speed.batch if speed else 0.0

    told = []
    single, batch = _least(findings, alone), _least(findings, each)
    if single:
        text = f"For speed, a picture alone: {listed([one.name for one in single])} with "
        text += listed([seconds(alone(one)) for one in single])
        told.append(f"{text}{_beside_chosen(findings, single, alone, seconds)}.")
    if batch:
        text = f"For speed, in batches: {listed([one.name for one in batch])} with "
        text += f"{listed([f'{1 / each(one):,.0f}' for one in batch])} pictures/s"
        told.append(
            f"{text}{_beside_chosen(findings, batch, each, lambda s: f'{1 / s:,.0f} pictures/s')}."
        )
    near = min([findings.chosen, *_as_accurate(findings)], key=alone)
    if near is not findings.chosen and near not in single and _is_clear(alone, near, findings):
        told.append(
            f"Of those not shown to be less accurate than {findings.chosen.name}, {near.name} is "
            f"the quickest for a picture alone: {seconds(alone(near))}."
        )
    return told


def for_size(findings: Findings) -> list[str]:
    """The smallest file, and what it costs."""

    def of(one: Entrant) -> float:
        return findings.numbers[one.name].size

    least = min(findings.entrants, key=of)
    if sum(of(one) == of(least) for one in findings.entrants) > 1:
        return []
    parameters = count(findings.numbers[least.name].parameters, "parameter")
    text = f"For size: {least.name} with {size(of(least))} and {parameters}"
    return [f"{text}{_beside_chosen(findings, [least], of, size)}."]


def _least(findings: Findings, of: Callable[[Entrant], float]) -> list[Entrant]:
    """Those with the least, as far as it can be told; none where that is all of them."""
    bound = CLEARLY * min(of(one) for one in findings.entrants)
    found = sorted((one for one in findings.entrants if of(one) <= bound), key=of)
    return found if len(found) < len(findings.entrants) else []


def _as_accurate(findings: Findings) -> list[Entrant]:
    """Others that were not shown to be less accurate than the chosen one."""
    pairs = [(findings.pair(findings.chosen, one), one) for one in findings.others]
    return [one for pair, one in pairs if not pair.is_shown or pair.value < 0]


def _is_clear(of: Callable[[Entrant], float], one: Entrant, findings: Findings) -> bool:
    return of(findings.chosen) > CLEARLY * of(one)


def _beside_chosen(
    findings: Findings,
    some: list[Entrant],
    of: Callable[[Entrant], float],
    unit: Callable[[float], str],
) -> str:
    """The figure of the chosen one, and how much accuracy each of some costs against it."""
    chosen = findings.chosen
    if chosen in some:
        return "" if len(some) > 1 else ", which is also the one chosen"
    told = f"; {chosen.name}: {unit(of(chosen))}"
    for one in some:
        pair = findings.pair(chosen, one)
        figures = in_points(pair.value, pair.low, pair.high)
        who = one.name if len(some) > 1 else "it"
        if not pair.is_shown:
            told += f"; that {who} is less accurate was not shown: {figures}"
        elif pair.value > 0:
            told += f"; {who} costs {figures} of accuracy"
        else:
            turned = pair.turned()
            more = in_points(turned.value, turned.low, turned.high)
            told += f"; {who} is more accurate on test by {more}"
    return told
