"""Which is better, and whether the difference is real."""

from retinue.experiments.findings import Findings
from retinue.experiments.pairs import Pair
from retinue.experiments.phrases import in_points, probability, seconds, share
from retinue.wording import count, percent


def budget(findings: Findings) -> list[str]:
    """What each training was given, where all were given the same time."""
    if findings.time_limit is None:
        return []
    return [f"Each training was given {seconds(findings.time_limit)}, its schedule included."]


def chosen_on_val(findings: Findings) -> list[str]:
    """Who has the highest accuracy on val, and what it reaches on test."""
    chosen = findings.chosen
    reaches = share(findings.numbers[chosen.name].accuracy)
    if findings.winner is None:
        return [
            "Nobody is chosen, for not all have val pictures to choose on. The most accurate on "
            f"test is {chosen.name} with {reaches}; being picked on test flatters it."
        ]
    found = findings.numbers[chosen.name]
    mean = f", the mean of {count(len(chosen.runs), 'seed')}" if chosen.has_seeds else ""
    highest = f"{percent(found.val_accuracy or 0.0)}{mean}"
    equals = [
        other.name
        for other in findings.others
        if findings.numbers[other.name].val_accuracy == found.val_accuracy
    ]
    if equals:
        why = (
            f"it shares the highest accuracy on val, {highest}, with {', '.join(equals)}, and has "
            "the lower log loss there"
        )
    else:
        why = f"of {len(findings.entrants)} it has the highest accuracy on val, {highest}"
    return [
        f"{chosen.name} is chosen: {why}.",
        f"On test, which had no part in the choice, it reaches {reaches}.",
    ]


def against_the_chosen(findings: Findings) -> list[str]:
    """Whether the others are really less accurate."""
    return [tell(findings.pair(findings.chosen, other)) for other in findings.others]


def of_what_this_is_said(findings: Findings) -> list[str]:
    """How far these statements carry."""
    told = []
    if len(findings.pairs) > 1:
        told.append(f"Each p is after Holm's correction for the {len(findings.pairs)} pairs.")
    kinds = {pair.of for pair in findings.pairs}
    if kinds == {"recipes"}:
        told.append(
            "These are statements about recipes: the intervals are over test pictures and seeds."
        )
        if min(len(one.runs) for one in findings.entrants) < 3:
            told.append(
                "Two seeds hardly show how much another would differ, so the intervals are wide; "
                "--seeds 3 usually narrows them much."
            )
    else:
        which = "Statements about single networks are" if len(kinds) > 1 else "These statements are"
        told.append(
            f"{which} about the networks in their run folders and no others: trained with another "
            "seed, each could come out otherwise. With --seeds 3 more could be said."
        )
    return told


def tell(pair: Pair) -> str:
    """Whether a pair differs, with the figures."""
    if pair.value < 0:
        pair = pair.turned()
    figures = in_points(pair.value, pair.low, pair.high)
    p = probability(pair.p_holm)
    networks = pair.of == "networks"
    if pair.is_shown:
        if networks:
            return (
                f"The network {pair.first} is more accurate than the network {pair.second}: "
                f"{figures} more; {pair.only_first:,} test pictures were recognised by the first "
                f"alone, {pair.only_second:,} by the second alone ({p})."
            )
        return f"{pair.first} is more accurate than {pair.second}: {figures} more ({p})."
    who = "the networks " if networks else ""
    text = f"Between {who}{pair.first} and {pair.second} no difference was shown: {figures}, {p}"
    if not pair.low <= 0 <= pair.high:
        text += (
            "; the interval is of this pair alone, and among so many one may leave out 0 by chance"
        )
    return f"{text}."
