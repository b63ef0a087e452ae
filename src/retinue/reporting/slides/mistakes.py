"""The slides of what goes wrong: the confusion matrix, and the pictures themselves."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np

from retinue.plotting.comparison import confusions
from retinue.plotting.style import styled
from retinue.reporting.facts.mistakes import Pair, what_goes_wrong, worst_pairs
from retinue.reporting.facts.pictures import Thumbnail, pictures_on
from retinue.reporting.slides.pages import (
    END,
    FULL,
    MARGIN,
    TOP,
    Block,
    Box,
    Page,
    Pictures,
    Shown,
    Source,
    Table,
    Words,
)
from retinue.reporting.slides.sources import Book, metrics_of
from retinue.reporting.slides.text import plain, short
from retinue.runs import Run
from retinue.wording import count, percent

MOST = 12  # classes up to which the matrix is a table
PAIRS = 8
SHOWN = 12
WIDE = 8.0  # inches of the matrix, and of the pictures
CAPTIONS = "Under each picture: what it shows, then how surely it was taken for what."


def confusion_page(
    matrix: Sequence[Sequence[int]], classes: Sequence[str], source: Source, who: str
) -> Page:
    """What was taken for what, and the pairs that are mixed up most."""
    pairs = worst_pairs({"confusion": matrix}, classes, PAIRS)
    wide = WIDE if len(classes) <= MOST else 4.6
    left = Box(MARGIN, TOP, wide, END - TOP)
    right = Box(MARGIN + wide + 0.4, TOP, FULL - wide - 0.4, END - TOP)
    drawn = _table(matrix, classes) if len(classes) <= MOST else _drawing(matrix, classes)
    counts = np.asarray(matrix)
    wrong = int(counts.sum() - np.trace(counts))
    taken = [Source("matrix and pairs", source.file, source.key)]
    taken.append(Source(f"{wrong:,}", source.file, f"{source.key}: the sum off its diagonal"))
    return Page(
        "Confusion",
        _title(pairs, wrong, who),
        ((left, drawn), (right, _pairs(pairs, wrong))),
        tuple(taken),
        (
            "Rows are the true classes, columns what they were taken for.",
            "The darker a cell, the larger its share of the row.",
        ),
    )


def _title(pairs: Sequence[Pair], wrong: int, who: str) -> str:
    if not pairs:
        return f"{begun(who)} takes no picture for anything else"
    if len(pairs) > 1 and pairs[0].n == pairs[1].n:
        return f"{begun(who)} makes {count(wrong, 'mistake')}; no two classes stand out"
    worst = pairs[0]
    names = f"{short(worst.true, 30)} for {short(worst.predicted, 30)}"
    return f"Most often {who} takes {names}: {count(worst.n, 'time')}"


def begun(who: str) -> str:
    """As it stands at the beginning of a sentence; names stay as they are."""
    return "It" if who == "it" else who


def _table(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> Table:
    """Counts, coloured by their share of the row; nothing is written into empty cells."""
    counts = np.asarray(matrix, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = tuple(
        (name, *(f"{number:,}" if number else "" for number in row))
        for name, row in zip(classes, matrix, strict=True)
    )
    wide = max(0.55, 2.2 - 0.1 * len(classes))
    first = min(2.2, WIDE * 0.25) / ((WIDE - min(2.2, WIDE * 0.25)) / len(classes)) * wide
    return Table(
        ("true ↓", *classes), rows, "Confusion matrix: rows true, columns predicted",
        (first, *(wide for _ in classes)), tuple(map(tuple, shares.tolist())),
    )  # fmt: skip


def _drawing(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> Pictures:
    """The matrix of many classes as a picture."""
    buffer = BytesIO()
    names = [plain(name) for name in classes]
    drawn = confusions({"": np.asarray(matrix)}, names)
    drawn.set_size_inches(5.4, 4.9)
    with styled():
        drawn.savefig(buffer, format="png", dpi=200, metadata={"Software": None})
    alt = f"Confusion matrix of {len(classes)} classes as shares of the rows; the table beside it "
    return Pictures((Shown(buffer.getvalue(), f"{alt}names the pairs mixed up most"),), 1)


def _pairs(pairs: Sequence[Pair], wrong: int) -> Block:
    if not pairs:
        return Words(("No mistakes.",), (16,))
    rows = tuple(
        (pair.true, pair.predicted, f"{pair.n:,}", percent(pair.share, 0)) for pair in pairs
    )
    return Table(("true", "taken for", "times", "share"), rows,
                 f"The pairs mixed up most, of {count(wrong, 'mistake')}",
                 (1.4, 1.4, 0.8, 0.85), texts=2)  # fmt: skip


def mistakes_page(run: Run, split: str, who: str, before: str = "") -> Page:
    """The wrong answers that it was surest of."""
    metrics = metrics_of(run, split, before)
    some = pictures_on(run, split).mistakes[:SHOWN]
    wide = 7.2 if len(some) <= 8 else WIDE
    left = Box(MARGIN, TOP, wide, END - TOP)
    right = Box(MARGIN + wide + 0.4, TOP, FULL - wide - 0.4, END - TOP)
    drawn = Pictures(tuple(_shown(one) for one in some), 4 if len(some) <= 8 else 6)
    metrics.note("mistakes", "confusion")
    sources = list(metrics.taken)
    if some:
        file = f"{before}evaluation/{split}/predictions.csv"
        sources.append(Source("captions", file, "true, predicted, the largest probability"))
        words = Words((what_goes_wrong(run), CAPTIONS), (15, 14, 13, 12, 11))
        blocks: tuple[tuple[Box, Block], ...] = ((left, drawn), (right, words))
    else:
        told = (what_goes_wrong(run), "In its folder there are no pictures of mistakes.")
        blocks = ((Box(MARGIN, TOP, FULL, END - TOP), Words(told)),)
    return Page(
        "Mistakes",
        _which(metrics, who, bool(some)),
        blocks,
        tuple(sources),
        ("Say which of these a person would get wrong too.",),
    )


def _which(metrics: Book, who: str, shown: bool) -> str:
    counts = np.asarray(metrics.values["confusion"])
    if counts.sum() == np.trace(counts):
        return f"{begun(who)} makes no mistakes"
    return f"The mistakes {who} was surest of" if shown else f"The mistakes {who} makes"


def _shown(one: Thumbnail) -> Shown:
    if one.true is None or one.predicted is None or one.probability is None:
        return Shown(one.path, "A picture that was taken for another class")
    # Percentages are cut, not rounded: only certainty itself is called 100 %.
    sure = int(100 * one.probability + 1e-9) if one.probability < 1 else 100
    alt = f"Shows {plain(one.true)}, taken for {plain(one.predicted)} with {sure} %"
    return Shown(one.path, alt, one.true, one.predicted, f"{sure} %")
