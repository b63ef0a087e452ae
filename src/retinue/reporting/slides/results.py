"""The slides of one network's results: the number, its classes, and what it has to beat."""

from typing import Any

from retinue.reporting.facts.baseline import Baseline, against_the_largest
from retinue.reporting.facts.headline import pictures_of
from retinue.reporting.facts.mistakes import what_goes_wrong
from retinue.reporting.facts.test_looks import test_looks
from retinue.reporting.slides.pages import (
    END,
    FULL,
    MARGIN,
    TOP,
    Bar,
    Bars,
    Big,
    Block,
    Box,
    Page,
    Source,
    Table,
    Words,
)
from retinue.reporting.slides.sources import MISSING, Book, metrics_of, resolve, three, whole
from retinue.reporting.slides.text import short
from retinue.runs import Run
from retinue.wording import percent

LEFT = 4.6
MOST = 12  # classes on a slide
# What is shown, where it stands, and how it is told.
MEASURES = (
    ("accuracy", "accuracy", percent),
    ("among the first five", "top5", percent),
    ("precision, mean of classes", "macro.precision", three),
    ("recall, mean of classes", "macro.recall", three),
    ("F1, mean of classes", "macro.f1", three),
    ("area under ROC", "roc_auc_macro", three),
    ("log loss", "log_loss", three),
    ("calibration error", "ece", three),
)


def results_page(run: Run, split: str) -> Page:
    """The accuracy, large, beside all measures with their intervals."""
    book = metrics_of(run, split)
    value = book.say("accuracy.value", percent)
    judged = book.say("n", lambda n: pictures_of(split, n))
    low, high = (book.say(f"accuracy.{end}", percent) for end in ("low", "high"))
    under = f"of {judged} recognised. The 95 % interval is {low} to {high}."
    table = Table(("measure", "value", "from", "to"), _measures(book),
                  "Measures with their intervals at 95 %", (2.6, 1, 1, 1))  # fmt: skip
    x = MARGIN + LEFT + 0.5
    more = (what_goes_wrong(run), test_looks(run))
    blocks: tuple[tuple[Box, Block], ...] = (
        (Box(MARGIN, TOP, LEFT, 2.3), Big(value, under)),
        (Box(MARGIN, TOP + 2.45, LEFT, END - TOP - 2.45), Words(more, (15, 14, 13, 12, 11, 10),
                                                               quiet=True)),
        (Box(x, TOP, FULL - LEFT - 0.5, END - TOP), table),
    )  # fmt: skip
    looks = Source(str(run.test_looks), "status.json", "test_looks")
    book.note("mistakes", "confusion")
    return Page(
        "Results",
        f"It recognises {value} of {judged}",
        blocks,
        (*book.taken, looks),
        ("An interval at 95 % says between which values the share among very many such pictures "
         "would lie.",),
    )  # fmt: skip


def _measures(book: Book) -> tuple[tuple[str, ...], ...]:
    """Rows of the measures that were taken."""
    rows = []
    for name, key, how in MEASURES:
        if resolve(book.values, f"{key}.value") is not None:
            ends = [book.say(f"{key}.{one}", how) for one in ("value", "low", "high")]
            rows.append((name, *ends))
    return tuple(rows)


def classes_page(run: Run, split: str) -> Page:
    """Recall of every class, or of those recognised least; with precision and F1."""
    book = metrics_of(run, split)
    known = [place for place, one in enumerate(book.values["per_class"]) if one["n"]]
    recall = {place: book.values["per_class"][place]["recall"]["value"] for place in known}
    places = sorted(known, key=lambda place: recall[place])[:MOST]
    bars = tuple(_bar(book, place) for place in places)
    rows = tuple(_class_row(book, place) for place in places)
    part = "Recall of every class" if len(places) == len(run.classes) else (
        f"Recall of the {len(places)} classes recognised least, of {len(run.classes)}"
    )  # fmt: skip
    table = Table(("class", "pictures", "recall", "precision", "F1"), rows, "Measures by class",
                  (1.9, 1.1, 1, 1.2, 0.9))  # fmt: skip
    wide = 6.0
    x = MARGIN + wide + 0.4
    return Page(
        "Classes",
        _hardest(book, places),
        (
            (Box(MARGIN, TOP, wide, END - TOP), Bars(bars, part, part[:1].lower() + part[1:])),
            (Box(x, TOP, FULL - wide - 0.4, END - TOP), table),
        ),
        tuple(book.taken),
        ("Recall: how many of a class were found. Precision: how many of those called so are.",
         "Lines across the bars are intervals at 95 %."),
    )  # fmt: skip


def _hardest(book: Book, places: list[int]) -> str:
    classes = book.values["per_class"]
    if not places:
        return "No class was judged"
    first = places[0]
    value = book.say(f"per_class[{first}].recall.value", percent)
    same = [place for place in places
            if classes[place]["recall"]["value"] == classes[first]["recall"]["value"]]  # fmt: skip
    if len(same) > 1:
        return f"{len(same)} classes are the hardest: {value} of each recognised"
    return f"{short(classes[first]['class'], 40)} is the hardest class: {value} recognised"


def _bar(book: Book, place: int) -> Bar:
    one = book.values["per_class"][place]
    recall = one["recall"]
    text = book.say(f"per_class[{place}].recall.value", percent)
    return Bar(one["class"], recall["value"], text, recall["low"], recall["high"])


def _class_row(book: Book, place: int) -> tuple[str, ...]:
    at = f"per_class[{place}]"
    scores = [
        book.say(f"{at}.{key}.value", percent if key != "f1" else three)
        for key in ("recall", "precision", "f1")
    ]
    return book.values["per_class"][place]["class"], book.say(f"{at}.n", whole), *scores


def baseline_page(run: Run, split: str) -> Page:
    """Beside chance, the largest class, and what it reaches on other pictures."""
    book = metrics_of(run, split)
    found = against_the_largest(run, split)
    accuracy: dict[str, Any] = book.values["accuracy"]
    k = len(run.classes)
    text = book.say("accuracy.value", percent)
    ends = [book.say(f"accuracy.{end}", percent) for end in ("low", "high")]
    name = f"this network, on {split}"
    bars = [Bar("guessing blindly", 1 / k, percent(1 / k))]
    sources = [Source(percent(1 / k), "data.json", "classes: one divided by how many")]
    if found is not None:
        always = f"always {found.name}"
        bars.append(Bar(always, found.value, percent(found.value)))
        sources += _baseline_sources(found, split)
    bars.append(Bar(name, accuracy["value"], text))
    others, more = _elsewhere(run, split)
    drawn = Bars(tuple(bars + others), "Accuracy beside what needs no network",
                 "accuracy", mark=name)  # fmt: skip
    told = found.sentence if found else "Its predictions are not there to compare with a guess."
    said = Words(
        (told, f"The interval of its accuracy is {ends[0]} to {ends[1]}."), (16, 14, 13, 12)
    )
    x = MARGIN + 7.0
    return Page(
        "Comparison",
        _better(found),
        (
            (Box(MARGIN, TOP, 6.7, END - TOP), drawn),
            (Box(x, TOP, FULL - 7.0, END - TOP), said),
        ),
        (*book.taken, *sources, *more),
        ("To compare with other networks: retinue compare.",),
    )


def _better(found: Baseline | None) -> str:
    if found is None:
        return "What has to be beaten"
    if not found.shown:
        return "That it beats a guess was not shown"
    way = "better" if found.gain > 0 else "worse"
    return f"{abs(100 * found.gain):.1f} points {way} than always naming the largest class"


def _baseline_sources(found: Baseline, split: str) -> list[Source]:
    file = f"evaluation/{split}/predictions.csv"
    points = [f"{abs(100 * one):.1f}" for one in (found.gain, found.low, found.high)]
    return [
        Source(percent(found.value), file, f"true: the share of {found.name}"),
        Source(" ".join(points), file, "true and predicted: the paired difference, and its ends"),
    ]


def _elsewhere(run: Run, split: str) -> tuple[list[Bar], list[Source]]:
    """Bars of up to four other evaluations."""
    bars, sources = [], []
    for name in [one for one in run.evaluations if one != split][:4]:
        book = metrics_of(run, name)
        text = book.say("accuracy.value", percent)
        if text != MISSING:
            told = f"this network, on {name}"
            bars.append(Bar(told, book.values["accuracy"]["value"], text))
            sources += book.taken
    return bars, sources
