"""The slides that set entrants beside one another: results, differences, classes, trade-offs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retinue.experiments.phrases import points, probability
from retinue.reporting.slides.entrants import chosen_row, marked, places_shown, the_rest
from retinue.reporting.slides.pages import (
    END,
    FULL,
    MARGIN,
    TOP,
    Bar,
    Bars,
    Block,
    Box,
    Dot,
    Dots,
    Page,
    Table,
    Words,
)
from retinue.reporting.slides.sources import Book, three
from retinue.reporting.slides.text import short
from retinue.wording import count, percent

HALF = (FULL - 0.4) / 2
MOST_PAIRS, MOST_CLASSES, MOST_ENTRANTS = 10, 12, 8
SHOWN = (
    "Shown: the interval of the difference leaves out 0, and p, corrected for the number of pairs, "
    "is at most 0.05. What is not shown is not shown to be equal either."
)
COSTS = (
    ("training_seconds", "seconds of training", 1.0),
    ("prediction.single", "milliseconds for one picture alone", 1000.0),
)


def results_of_all(book: Book) -> Page:
    """Accuracies as bars with intervals, other measures as a table."""
    entrants = book.values["entrants"]
    bars, rows = [], []
    for place in places_shown(book):
        one = entrants[place]
        at, found = f"entrants[{place}]", one["accuracy"]
        text = book.say(f"{at}.accuracy.value", percent)
        ends = [book.say(f"{at}.accuracy.{end}", percent) for end in ("low", "high")]
        bars.append(Bar(one["name"], found["value"], text, found["low"], found["high"]))
        scores = [book.say(f"{at}.{key}.value", three) for key in ("f1", "log_loss", "ece")]
        rows.append((one["name"], f"{ends[0]} to {ends[1]}", *scores))
    winner = book.values.get("winner")
    drawn = Bars(tuple(bars), "Accuracy on test with intervals at 95 %", "accuracy on test", winner)
    head = ("network", "95 % interval", "F1", "log loss", "calib. error")
    table = Table(head, tuple(rows), "Measures", (1.7, 2, 0.8, 1, 1.3), mark=marked(book))
    wide = 5.6
    return Page(
        "Results",
        _best(book),
        (
            (Box(MARGIN, TOP, wide, END - TOP), drawn),
            (Box(MARGIN + wide + 0.35, TOP, FULL - wide - 0.35, END - TOP), table),
        ),
        tuple(book.taken),
        ("Who was chosen on val is brought out. Test had no part in the choice.", *the_rest(book)),
    )


def _best(book: Book) -> str:
    row = chosen_row(book)
    name = short(book.values["entrants"][row or 0]["name"], 40)
    value = book.say(f"entrants[{row or 0}].accuracy.value", percent)
    pictures = book.say("data.test_pictures", lambda n: count(n, "test picture"))
    return f"{name} recognises {value} of {pictures}"


def differences_page(book: Book) -> Page:
    """Every two entrants: how far apart, and whether that is shown."""
    pairs: list[dict[str, Any]] = book.values["pairs"]
    winner = book.values.get("winner")
    order = sorted(
        range(len(pairs)),
        key=lambda place: winner not in (pairs[place]["first"], pairs[place]["second"]),
    )[:MOST_PAIRS]
    rows = tuple(_difference(book, place) for place in order)
    shown = sum(one["shown"] for one in pairs)
    book.note(f"{shown} of {len(pairs)}", "pairs[].shown, how many")
    told = () if len(order) == len(pairs) else (
        f"{len(order)} of {len(pairs)} pairs; all are in pairs.csv.",
    )  # fmt: skip
    head = ("more accurate", "less accurate", "points", "95 % interval", "p, corrected", "shown")
    table = Table(head, rows, "Differences", (2.4, 2.4, 1, 1.8, 1.3, 0.9), texts=2)
    under = Words((*told, SHOWN), (13, 12, 11, 10), quiet=True)
    blocks: list[tuple[Box, Block]] = [
        (Box(MARGIN, TOP, FULL, END - TOP - 0.75), table),
        (Box(MARGIN, END - 0.65, FULL, 0.65), under),
    ]
    return Page(
        "Comparison",
        f"{shown} of {count(len(pairs), 'difference')} {'is' if shown == 1 else 'are'} shown",
        tuple(blocks),
        tuple(book.taken),
        ("Points are percentage points of accuracy. p is corrected for the number of pairs.",),
    )


def _difference(book: Book, place: int) -> tuple[str, ...]:
    """The more accurate first, so that the difference is never below 0."""
    pair = book.values["pairs"][place]
    first, second, ends = pair["first"], pair["second"], (pair["low"], pair["high"])
    if pair["value"] < 0:
        first, second, ends = second, first, (-ends[1], -ends[0])
    value, low, high = points(abs(pair["value"]), *ends)
    told = f"{value}, {low} to {high}"
    book.note(told, f"pairs[{place}].value, .low and .high, in points")
    p = book.say(f"pairs[{place}].p_holm", probability)
    return first, second, value, f"{low} to {high}", p.removeprefix("p = ").removeprefix("p "), (
        "yes" if pair["shown"] else "no"
    )  # fmt: skip


def classes_of_all(book: Book) -> Page:
    """Recall of each class by each entrant; of many classes those where they differ most."""
    entrants = book.values["entrants"][:MOST_ENTRANTS]
    classes: list[str] = book.values["data"]["classes"]
    recalls = np.array([_recalls(one["confusion"]) for one in entrants])
    spread = recalls.max(axis=0) - recalls.min(axis=0)
    places = np.argsort(-spread, kind="stable")[:MOST_CLASSES].tolist()
    if len(classes) <= MOST_CLASSES:
        places = list(range(len(classes)))
    rows = tuple(
        (classes[place], *(percent(value, 0) for value in recalls[:, place])) for place in places
    )
    names = [one["name"] for one in entrants]
    least, best = recalls[:, places].min(), recalls[:, places].max()
    reach = max(best - least, 1e-9)
    shades = tuple(tuple(0.1 + 0.45 * (recalls[:, place] - least) / reach) for place in places)
    book.note("table", "entrants[].confusion: the diagonal as shares of its rows")
    most = int(spread.argmax())
    wide = min(FULL, 2.4 + 1.5 * len(names))
    ends = [percent(float(end), 0) for end in (recalls[:, most].min(), recalls[:, most].max())]
    widths = (2.0, *(1.0 for _ in names))
    table = Table(("class", *names), rows, "Share recognised of each class", widths, shades)
    part = "" if len(places) == len(classes) else (
        f" The {len(places)} of {len(classes)} classes where they differ most."
    )  # fmt: skip
    return Page(
        "Classes",
        f"They differ most on {short(classes[most], 40)}: {ends[0]} to {ends[1]} recognised"
        if spread[most] > 0
        else "On no class do they differ",
        (
            (Box(MARGIN, TOP, wide, END - TOP), table),
            (Box(MARGIN + wide + 0.4, TOP, FULL - wide - 0.4, END - TOP), _losses(book, wide)),
        ),
        tuple(book.taken),
        (f"Each number is the share of the class that was recognised.{part}",),
    )


def _losses(book: Book, wide: float) -> Words:
    """What the discussion says of this, where there is room for it beside the table."""
    for place, section in enumerate(book.values["discussion"]):
        if section["title"] == "Where each loses" and FULL - wide > 3.5:
            book.note("sentences", f"discussion[{place}].sentences")
            return Words(tuple(section["sentences"]), (14, 13, 12))
    return Words(())


def _recalls(confusion: Sequence[Sequence[int]]) -> Any:
    counts = np.asarray(confusion, dtype=np.float64)
    return np.diag(counts) / np.maximum(counts.sum(axis=1), 1)


def costs_page(book: Book) -> Page:
    """Accuracy against what training and prediction cost."""
    blocks: list[tuple[Box, Block]] = []
    for place, (key, label, scale) in enumerate(COSTS):
        box = Box(MARGIN + place * (HALF + 0.4), TOP, HALF, END - TOP)
        dots = tuple(
            _dot(book, number, key, scale)
            for number, one in enumerate(book.values["entrants"])
            if _cost(one, key)
        )
        if dots:
            title = f"Accuracy against {label}"
            blocks.append((box, Dots(dots, title, label, book.values["winner"])))
        else:
            blocks.append((box, Words((f"Not known: {label}.",), (14,), quiet=True)))
    return Page(
        "Trade-offs",
        "What accuracy costs: time to train and time to predict",
        tuple(blocks),
        tuple(book.taken),
        (
            "The further up and to the left, the better. Vertical lines are intervals at 95 %.",
            "The dashed line joins those that nobody beats in both.",
        ),
    )


def _cost(one: Mapping[str, Any], key: str) -> float:
    for step in key.split("."):
        one = (one or {}).get(step)  # type: ignore[assignment]
    return float(one or 0)  # type: ignore[arg-type]


def _dot(book: Book, number: int, key: str, scale: float) -> Dot:
    one = book.values["entrants"][number]
    cost = scale * _cost(one, key)
    book.note(f"{cost:.3g}", f"entrants[{number}].{key}" + (" x 1000" if scale != 1 else ""))
    book.note(percent(one["accuracy"]["value"]), f"entrants[{number}].accuracy.value")
    accuracy = one["accuracy"]
    return Dot(one["name"], cost, accuracy["value"], accuracy["low"], accuracy["high"])
