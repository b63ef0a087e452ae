"""The first two slides: the question, and the data with its pictures."""

from collections.abc import Sequence

from retinue.experiments.phrases import listed
from retinue.reporting.facts.headline import pictures_of
from retinue.reporting.facts.pictures import Pictures as Kept
from retinue.reporting.facts.pictures import Thumbnail, pictures_on
from retinue.reporting.slides.pages import (
    BOTTOM,
    FULL,
    HEIGHT,
    MARGIN,
    TOP,
    WIDTH,
    Bar,
    Bars,
    Block,
    Box,
    Page,
    Pictures,
    Shown,
    Table,
    Words,
)
from retinue.reporting.slides.sources import Book, whole
from retinue.reporting.slides.template import OPENING_WIDTH
from retinue.reporting.slides.text import plain, short
from retinue.runs import Run

MOST_BARS = 12
MOST_NAMED = 6
LEFT = 5.9  # inches of the left column
SPLITS = ("train", "val", "test")


def question_of(classes: Sequence[str], data: str) -> str:
    """What the network is asked."""
    if len(classes) == 2:
        return f"Does a picture show {short(classes[0], 30)} or {short(classes[1], 30)}?"
    return f"Which of {len(classes)} classes does a picture of {short(data, 30)} show?"


def opening_of_run(run: Run, split: str) -> Page:
    """What is asked of one network."""
    data = Book("data.json", run.data)
    counts = run.data["counts"]
    total = sum(counts["train"].values())
    data.note(whole(total), "counts.train, the sum")
    data.note(str(len(run.classes)), "classes, how many")
    metrics = Book(f"evaluation/{split}/metrics.json", run.metrics(split))
    judged = metrics.say("n", lambda n: pictures_of(split, n))
    return Page(
        "Image classification",
        question_of(run.classes, run.data["name"]),
        (_right(pictures_on(run, split), run.classes),),
        (*data.taken, *metrics.taken),
        ("Say what the pictures show and who needs the answer.",),
        subtitle=f"{run.recipe.model.name}, trained on {total:,} pictures and judged on {judged}.",
    )


def opening_of_comparison(book: Book, run: Run | None) -> Page:
    """What is asked of several."""
    data, entrants = book.values["data"], book.values["entrants"]
    k, n = len(data["classes"]), len(entrants)
    book.note(str(n), "entrants, how many")
    book.note(str(k), "data.classes, how many")
    names = listed(_named([short(one["name"], 40) for one in entrants]))
    pictures = book.say("data.test_pictures", lambda n: pictures_of("test", n))
    which = f"Which of {n} networks" if n != 2 else "Which of two networks"
    return Page(
        "Image classification",
        f"{which} tells the {k} classes of {short(data['name'], 30)} apart best?",
        (_right(pictures_on(run, "test") if run else Kept(), data["classes"]),),
        tuple(book.taken),
        ("Say what the pictures show and who needs the answer.",),
        subtitle=f"{names}, all judged on the same {pictures}.",
    )


def _named(names: list[str]) -> list[str]:
    """All names, or the first ones and how many more there are."""
    more = len(names) - MOST_NAMED
    return names if more <= 1 else [*names[:MOST_NAMED], f"{more} more"]


def _right(kept: Kept, classes: Sequence[str]) -> tuple[Box, Block]:
    """Twelve pictures beside the panel, of as many classes as may be; without any, the names."""
    box = Box(OPENING_WIDTH + 0.42, 0.42, WIDTH - OPENING_WIDTH - 0.84, HEIGHT - 0.84)
    shown = in_turn(kept)[:12]
    if not shown:
        return box, Words(tuple(short(name, 40) for name in classes[:12]), heading="Classes")
    return box, Pictures(tuple(_plain(one) for one in shown), 3)


def in_turn(kept: Kept) -> list[Thumbnail]:
    """Samples, one of each class after the other, then the second of each."""
    rows = [kept.samples[label] for label in sorted(kept.samples)]
    most = max(map(len, rows), default=0)
    return [row[place] for place in range(most) for row in rows if place < len(row)]


def _plain(one: Thumbnail) -> Shown:
    return Shown(one.path, f"A picture of class {plain(one.true)}")


def data_page(run: Run, split: str, before: str = "") -> Page:
    """Counts, classes and pictures; what there is to warn of."""
    book = Book(f"{before}data.json", run.data)
    counts = run.data["counts"]
    total = sum(sum(counts[one].values()) for one in SPLITS if one in counts)
    book.note(whole(total), "counts, the sum of all")
    book.note(str(len(run.classes)), "classes, how many")
    height = 1.72
    blocks: list[tuple[Box, Block]] = [(Box(MARGIN, TOP, LEFT, height), _counts(run, book))]
    y = TOP + height + 0.12
    remarks = _remarks(run, book)
    high = 0.62 if len(remarks) < 2 else 1.0
    blocks.append((Box(MARGIN, y, LEFT, BOTTOM - y - high - 0.1), _bars(run, book)))
    words = Words(tuple(remarks), (12, 11, 10, 9), quiet=True)
    blocks.append((Box(MARGIN, BOTTOM - high, LEFT, high), words))
    kept = pictures_on(run, split)
    x = MARGIN + LEFT + 0.45
    blocks.append((Box(x, TOP, FULL - LEFT - 0.45, BOTTOM - TOP), _samples(run, kept)))
    return Page(
        "Data",
        f"{short(run.data['name'], 40)}: {total:,} pictures of {len(run.classes)} classes",
        tuple(blocks),
        tuple(book.taken),
        ("Say where the pictures come from, and what is hard about them.",),
        own_words=False,
    )


def _counts(run: Run, book: Book) -> Table:
    """Pictures of each split, and of its smallest and largest class."""
    counts = {one: run.data["counts"].get(one, {}) for one in SPLITS}
    rows = []
    for name, how in (("pictures", sum), ("smallest class", min), ("largest class", max)):
        cells = []
        for one, numbers in counts.items():
            every = [numbers.get(each, 0) for each in run.classes]
            cells.append(whole(how(every)))
            book.note(cells[-1], f"counts.{one}, {name}")
        rows.append((name, *cells))
    return Table(("", *SPLITS), tuple(rows), "Pictures by split", (1.5, 1, 1, 1))


def _bars(run: Run, book: Book) -> Bars:
    """Training pictures of each class; of many classes the largest and the smallest."""
    counts = run.data["counts"]["train"]
    names = sorted(run.classes, key=lambda name: -counts.get(name, 0))
    if len(names) > MOST_BARS:
        names = names[: MOST_BARS // 2] + names[-MOST_BARS // 2 :]
        title = "Training pictures of the largest and the smallest classes"
    else:
        names, title = run.classes, "Training pictures of each class"
    book.note("bars", "counts.train")
    bars = tuple(Bar(name, counts.get(name, 0), whole(counts.get(name, 0))) for name in names)
    return Bars(bars, title, title[:1].lower() + title[1:], shares=False)


def _remarks(run: Run, book: Book) -> list[str]:
    """Size, colour, and whatever was noted when the data were loaded."""
    height, width = run.data["preprocess"]["size"]
    colour = "grey" if run.data["preprocess"]["channels"] == 1 else "colour"
    book.note(f"{height} x {width}", "preprocess.size")
    network = short(run.recipe.model.name, 40)  # others of a comparison may see other sizes
    found = [f"{network} sees {colour} pictures of {height} x {width} pixels."]
    bad = run.data.get("bad_pictures")
    if bad:
        book.note(whole(bad), "bad_pictures")
        found.append(f"{bad:,} could not be read and were left out.")
    notes = run.data.get("notes", [])
    for place, note in enumerate(notes):
        book.note("remark", f"notes[{place}]")
        found.append(f"{note[:1].upper()}{note[1:]}.")
    return found


def _samples(run: Run, kept: Kept) -> Block:
    """One picture of each class or several, under its name; a word where none were kept."""
    if not any(kept.samples.values()):
        return Words(("This run kept no pictures.",), (14,), quiet=True)
    k = len(run.classes)
    columns, rows = (4, 3) if k <= 12 else (6, 4)
    shown = in_turn(kept)[: columns * rows]
    names = [one.true if one.true is not None else "" for one in shown]
    return Pictures(
        tuple(
            Shown(one.path, f"A picture of class {plain(name)}", name)
            for one, name in zip(shown, names, strict=True)
        ),
        columns,
    )
