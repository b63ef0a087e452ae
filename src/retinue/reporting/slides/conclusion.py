"""The last slide: what was found, and where it ends."""

from collections.abc import Mapping, Sequence

from retinue.reporting.diagnosis import diagnose
from retinue.reporting.facts.baseline import against_the_largest
from retinue.reporting.facts.card import model_card
from retinue.reporting.facts.headline import headline
from retinue.reporting.facts.mistakes import what_goes_wrong
from retinue.reporting.slides.pages import (
    END,
    FULL,
    MARGIN,
    TOP,
    Box,
    Page,
    Source,
    Words,
)
from retinue.reporting.slides.sources import Book
from retinue.runs import Run

WIDE = (FULL - 0.6) * 0.56
LEFT_OUT = ("One training was made",)  # said by the numbers already


def conclusion_of_run(run: Run, split: str) -> Page:
    """What is known of one network, and what is not."""
    found = headline(run)
    baseline = against_the_largest(run, split)
    told = [found.sentence if found else "", what_goes_wrong(run)]
    told += [baseline.sentence] if baseline else []
    sections = {section.title: section.sentences for section in model_card(run)}
    file = f"evaluation/{split}/metrics.json"
    sources: tuple[Source, ...] = (
        Source("accuracy with its interval", file, "accuracy.value, .low, .high, n"),
        Source("mistakes", file, "confusion"),
        Source("against the largest class", f"evaluation/{split}/predictions.csv",
               "true and predicted"),
        Source("limits", file, "per_class[].n"),
    )  # fmt: skip
    wrong = [f"{one.title[:1].upper()}{one.title[1:]}: {one.evidence}." for one in diagnose(run)]
    if wrong:
        sources = (
            *sources,
            Source("what to look at", "history.jsonl, steps.jsonl, metrics.json", "rules"),
        )
    heading = "What to look at, and limits" if wrong else "Limits"
    return _page(told, "What was found", [*wrong, *sections.get("Limits", ())], heading, sources)


def conclusion_of_comparison(book: Book) -> Page:
    """The sentences of the discussion that answer the question."""
    sections: Mapping[str, Sequence[str]] = {
        one["title"]: one["sentences"] for one in book.values["discussion"]
    }
    places = {one["title"]: place for place, one in enumerate(book.values["discussion"])}
    better = sections.get("Which is better", ())
    choice = sections.get("Which to choose", ())
    for title in ("Which is better", "Which to choose"):
        if title in places:
            book.note(title, f"discussion[{places[title]}].sentences")
    return _page(better, "Which is better", choice, "Which to choose", tuple(book.taken))


def _page(
    left: Sequence[str], left_title: str, right: Sequence[str], right_title: str,
    sources: tuple[Source, ...],
) -> Page:  # fmt: skip
    sizes = (20, 18, 16, 15, 14, 13, 12, 11, 10)
    words = Words(tuple(left), sizes, left_title)
    others = Words(tuple(right), sizes[2:], right_title)
    x = MARGIN + WIDE + 0.6
    return Page(
        "Conclusion",
        "What to take home",
        (
            (Box(MARGIN, TOP, WIDE, END - TOP), words),
            (Box(x, TOP, FULL - WIDE - 0.6, END - TOP), others),
        ),
        sources,
        ("Say what should be done next, and what it would take.",),
    )
