"""What transfer bought, per minute and per picture."""

from itertools import combinations

from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.phrases import in_points, points, seconds
from retinue.experiments.rules.better import tell
from retinue.models.catalogue import split_way


def what_transfer_bought(findings: Findings) -> list[str]:
    """Each transfer beside the best network without, chosen on val."""
    without = [one for one in findings.entrants if not is_transfer(one)]
    if not without:
        return []
    best = max(without, key=lambda one: _merit(findings, one))
    told = []
    for entrant in findings.by_accuracy:
        if is_transfer(entrant):
            told += _beside(findings, entrant, best)
    return told


def ways_of_transfer(findings: Findings) -> list[str]:
    """The ways of transfer of one backbone beside one another."""
    transfers = [one for one in findings.by_accuracy if is_transfer(one)]
    return [
        tell(findings.pair(one, two))
        for one, two in combinations(transfers, 2)
        if one.model != two.model
        and split_way(one.model)[0] == split_way(two.model)[0]
        and findings.chosen not in (one, two)  # else it was told before
    ]


def is_transfer(entrant: Entrant) -> bool:
    """Whether an entrant began with a backbone that was trained on other pictures."""
    return split_way(entrant.model)[1] != ""


def _merit(findings: Findings, entrant: Entrant) -> float:
    found = findings.numbers[entrant.name]
    return found.accuracy.value if found.val_accuracy is None else found.val_accuracy


def _beside(findings: Findings, entrant: Entrant, best: Entrant) -> list[str]:
    pair = findings.pair(entrant, best)
    if not pair.is_shown:
        return [tell(pair), *_price(findings, entrant, best, None)]
    turned = pair if pair.value > 0 else pair.turned()
    verb = "gained" if pair.value > 0 else "lost"
    kind = "the network " if pair.of == "networks" else ""
    text = (
        f"Against {kind}{best.name}, the best without transfer, {entrant.name} {verb} "
        f"{in_points(turned.value, turned.low, turned.high)}"
        f"{_from_the_same(findings, entrant, best)}."
    )
    return [text, *_price(findings, entrant, best, pair.value if pair.value > 0 else None)]


def _from_the_same(findings: Findings, entrant: Entrant, best: Entrant) -> str:
    one, two = findings.numbers[entrant.name], findings.numbers[best.name]
    if one.train_digest != two.train_digest:
        return ""
    return f", from the same {one.train_pictures:,} training pictures"


def _price(findings: Findings, entrant: Entrant, best: Entrant, gain: float | None) -> list[str]:
    """What it takes in training and for every picture predicted."""
    one, two = findings.numbers[entrant.name], findings.numbers[best.name]
    told = []
    if one.training_seconds is not None and two.training_seconds is not None:
        text = (
            f"It was trained for {seconds(one.training_seconds)}, {best.name} for "
            f"{seconds(two.training_seconds)}"
        )
        more = one.training_seconds - two.training_seconds
        if gain is not None and more > 0:
            text += f": {points(gain)[0]} points for {seconds(more)} more"
            if more >= 60:
                text += f", {points(60 * gain / more)[0]} for each minute"
        told.append(f"{text}.")
    if one.speed is not None and two.speed is not None:
        told.append(
            f"A picture alone takes it {seconds(one.speed.single)} to predict, {best.name} "
            f"{seconds(two.speed.single)}; in batches it predicts {one.speed.batch:,.0f} "
            f"pictures/s, {best.name} {two.speed.batch:,.0f}."
        )
    return told
