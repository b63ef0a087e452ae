"""The first screen of a board: who may be best, and the ranks that the pictures can tell."""

from retinue.lessons.board.sentences import (
    caution_of,
    leaders_of,
    leak_sentences,
    names,
    promise_sentences,
    title_of,
)
from retinue.lessons.board.standing import Standing, on_new
from retinue.reporting.page.charts.intervals import gauge, interval_bar
from retinue.reporting.page.compared import scale_of
from retinue.reporting.page.first import SAMPLES
from retinue.reporting.page.views import Card, First, Picture, Rank
from retinue.wording import count, percent

RANKS = 16  # runs on the first screen
SENTENCES = 3  # on a card


def first_of(standing: Standing, samples: tuple[Picture, ...]) -> First:
    """The first screen."""
    best, hidden = standing.judged[0], standing.hidden
    found = on_new(best)
    new = " that are new to it" if best.learnt.any() else ""
    judged = len(standing.judged)
    some = f", the first {RANKS} of {judged}" if judged > RANKS else ""
    return First(
        kicker=f"Project board: {count(judged, 'run')} on {hidden.name}",
        title=title_of(standing),
        number=percent(found["value"]),
        caption=f"of {found['n']:,} hidden pictures{new} recognised by {best.name}, the most of "
        f"all; 95 % interval {percent(found['low'])} to {percent(found['high'])}",
        gauge=gauge(found["value"], found["low"], found["high"]),
        samples=samples,
        more=max(0, len(hidden.classes) - SAMPLES),
        cards=_cards(standing),
        banner=caution_of(standing),
        ranks=_ranks(standing),
        ranked=f"Ranks that the pictures can tell{some}",
        answer=leaders_of(standing),
    )


def _ranks(standing: Standing) -> tuple[Rank, ...]:
    runs = standing.judged[:RANKS]
    accuracies = {one.name: on_new(one) for one in runs}
    ends = scale_of([{"accuracy": found} for found in accuracies.values()])
    leaders = standing.leaders
    return tuple(
        Rank(
            one.name,
            percent(found["value"]),
            f"{percent(found['low'])} to {percent(found['high'])}",
            interval_bar(
                found["low"],
                found["value"],
                found["high"],
                ends,
                "main" if one.name in leaders else "side",
            ),
            f"rank {standing.places[one.name].told}",
            one.name in leaders,
        )
        for one in runs
        for found in [accuracies[one.name]]
    )


def _cards(standing: Standing) -> tuple[Card, ...]:
    cards = [
        Card("Did it hold what was promised?", promise_sentences(standing)[:SENTENCES]),
        Card("Was it really hidden?", leak_sentences(standing)[:SENTENCES]),
    ]
    if standing.not_judged:
        some = [one.name for one in standing.not_judged]
        told = f"{count(len(some), 'run')} could not be judged: {names(some)}. Why stands below."
        cards.append(Card("Who is missing", (told,)))
    return tuple(cards)
