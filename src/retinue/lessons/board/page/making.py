"""From what a board found to what its page shows."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from retinue.experiments.phrases import points, probability, seconds
from retinue.lessons.board.page.first import first_of
from retinue.lessons.board.page.talking import galleries_of, positions_of, samples_of
from retinue.lessons.board.page.views import BoardPage
from retinue.lessons.board.promises import Promise, in_words
from retinue.lessons.board.sentences import (
    caution_of,
    copies_of,
    how_ranked,
    leak_sentences,
    promise_sentences,
    title_of,
)
from retinue.lessons.board.standing import Standing, on_new
from retinue.lessons.board.verdicts import Judged
from retinue.reporting.facts.pictures import Thumbnail
from retinue.reporting.page.album import Album
from retinue.reporting.page.inside import Drawing, drawing_of
from retinue.reporting.page.views import Table
from retinue.wording import count, percent

# What each figure shows, for those who cannot see it: title and words.
FIGURES = {
    "accuracy": (
        "Accuracy on the hidden pictures, and what was promised",
        "Each run's accuracy with its interval, its ranks, and what its own test said; the tables "
        "on this page have the numbers.",
    ),
    "pairs": (
        "Who is shown to be better than whom",
        "For every two runs, whether the pictures show which is better; the table of pairs has "
        "those that are shown.",
    ),
}
PAIRS = 60  # differences in the table, the largest

Keep = Callable[[Sequence[int]], Mapping[int, Path]]


def page_of_board(standing: Standing, figures: Mapping[str, Path], keep: Keep) -> BoardPage:
    """The page.

    Args:
        standing: what was found.
        figures: files by name.
        keep: writes some hidden pictures, by their positions, and gives their files.
    """
    files = keep(positions_of(standing))
    thumbnails = {place: _thumbnail(standing, place, path) for place, path in files.items()}
    album = Album()
    first = first_of(standing, samples_of(standing, thumbnails, album))
    return BoardPage(
        title=title_of(standing),
        first=first,
        album=album,
        standing=_table(standing),
        copies=copies_of(standing),
        how=how_ranked(standing) if len(standing.judged) > 1 else "",
        groups=tuple(", ".join(group) for group in standing.groups if len(group) > 1),
        pairs=_pairs(standing),
        drawings=tuple(_drawing(name, path) for name, path in figures.items()),
        promises=_promises(standing),
        promised=promise_sentences(standing),
        learnt=leak_sentences(standing),
        galleries=galleries_of(standing, thumbnails, album),
        not_judged=_not_judged(standing),
        facts=_facts(standing),
        caution=caution_of(standing),
    )


def _thumbnail(standing: Standing, place: int, path: Path) -> Thumbnail:
    hidden = standing.hidden
    true = hidden.classes[hidden.truth[place]]
    return Thumbnail(path, hidden.split.ids[place], true, None, None)


def _drawing(name: str, path: Path) -> tuple[Drawing, str]:
    title, alt = FIGURES[name]
    return drawing_of(title, path), alt


def _table(standing: Standing) -> Table:
    head = (
        "", "rank", "accuracy", "95 % interval", "pictures", "macro F1", "log loss", "ECE",
        "parameters", "to predict all", "network",
    )  # fmt: skip
    return Table(
        "Every run that was judged", head, [_row(standing, one) for one in standing.judged]
    )


def _row(standing: Standing, one: Judged) -> tuple[str, ...]:
    found, metrics = on_new(one), standing.metrics[one.name]
    state = "" if one.state == "finished" else f", training {one.state}"
    return (
        one.name,
        standing.places[one.name].told,
        percent(found["value"]),
        f"{percent(found['low'])} to {percent(found['high'])}",
        f"{found['n']:,}",
        f"{metrics['macro']['f1']['value']:.3f}",
        f"{metrics['log_loss']['value']:.3f}",
        f"{metrics['ece']['value']:.3f}",
        f"{one.parameters:,}",
        seconds(one.seconds),
        one.model + state,
    )


def _pairs(standing: Standing) -> Table | None:
    """The differences that are shown, the largest first."""
    shown = sorted(
        (pair for pair in standing.pairs if pair.is_shown), key=lambda pair: -abs(pair.value)
    )
    rows = []
    for pair in shown[:PAIRS]:
        turned = pair.value < 0
        first, second = (pair.second, pair.first) if turned else (pair.first, pair.second)
        ends = (-pair.high, -pair.low) if turned else (pair.low, pair.high)
        value, low, high = points(abs(pair.value), *ends)
        alone = sorted((pair.only_first, pair.only_second), reverse=True)
        p = probability(pair.p_holm).removeprefix("p = ").removeprefix("p ")
        rows.append((first, second, value, f"{low} to {high}", f"{alone[0]} : {alone[1]}", p))
    if not rows:
        return None
    head = ("", "better than", "by points", "95 % interval", "right alone", "p, Holm")
    more = f", the largest {PAIRS} of {len(shown):,}" if len(shown) > PAIRS else ""
    return Table(f"Differences that are shown{more}", head, rows)


def _promises(standing: Standing) -> Table:
    head = ("", "said", "of pictures", "holds", "points more or less", "looks", "in words")
    found = [standing.promises[one.name] for one in standing.judged]
    return Table("What its own test said, and what it holds here", head, list(map(_promise, found)))


def _promise(one: Promise) -> tuple[str, ...]:
    change = ""
    if one.value is not None:
        ends = (
            ""
            if one.low is None or one.high is None
            else " ({} to {})".format(*(f"{100 * end:+.1f}" for end in (one.low, one.high)))
        )
        change = f"{100 * one.value:+.1f}{ends}"
    return (
        one.name,
        "" if one.said is None else percent(one.said),
        "" if one.said_n is None else f"{one.said_n:,}",
        percent(one.holds),
        change,
        "" if one.looks is None else f"{one.looks:,}",
        in_words(one),
    )


def _not_judged(standing: Standing) -> Table | None:
    rows = [(one.name, one.reason) for one in standing.not_judged]
    return Table("Handed in and not judged", ("", "why"), rows, numbers=False) if rows else None


def _facts(standing: Standing) -> tuple[tuple[str, str], ...]:
    hidden, machine = standing.hidden, standing.machine
    facts = [
        (
            "hidden pictures",
            f"{len(hidden):,} of {count(len(hidden.classes), 'class')}".replace(
                "classs", "classes"
            ),
        ),
        ("digest of these", hidden.digest[:16]),
        ("runs judged", f"{len(standing.judged):,}"),
        ("not judged", f"{len(standing.not_judged):,}"),
    ]
    if hidden.repeated:
        facts.append(("copies among the pictures", f"{hidden.repeated:,}"))
    facts += [(key, str(machine[key])) for key in ("processor", "cores") if machine.get(key)]
    return tuple(facts)
