"""The slides of the training: curves and settings of one, or of several."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

from retinue.experiments.phrases import seconds
from retinue.plotting.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILION
from retinue.reporting.facts.reading import is_recorded, optional
from retinue.reporting.slides.entrants import chosen_row, marked, places_shown, the_rest
from retinue.reporting.slides.pages import (
    END,
    FULL,
    MARGIN,
    TOP,
    Block,
    Box,
    Line,
    Lines,
    Page,
    Source,
    Table,
    Words,
)
from retinue.reporting.slides.sources import MISSING, Book
from retinue.reporting.slides.text import short
from retinue.runs import Run
from retinue.wording import count, percent

HALF = (FULL - 0.4) / 2
CURVES = (("train", "training, running", SKY), ("subset", "training", BLUE),
          ("val", "validation", VERMILION))  # fmt: skip
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, INK, GREY)
MOST_CURVES = 7


def training_page(run: Run) -> Page:
    """Loss and accuracy by epoch, and how it was trained."""
    status = Book("status.json", run.status)
    history = run.history
    blocks: list[tuple[Box, Block]] = []
    height = END - TOP - 0.55
    for place, quantity in enumerate(("loss", "accuracy")):
        lines = _curves(history, quantity)
        box = Box(MARGIN + place * (HALF + 0.4), TOP, HALF, height)
        if lines:
            title = f"{quantity.capitalize()} by epoch"
            blocks.append((box, Lines(lines, title, "epoch", quantity == "accuracy")))
            status.taken.extend(_sources(lines, quantity))
    if not blocks:
        words = Words(("The run tells nothing of its epochs.",))
        blocks.append((Box(MARGIN, TOP, FULL, height), words))
    told = how_trained(run, status)
    box = Box(MARGIN, END - 0.45, FULL, 0.45)
    blocks.append((box, Words((told,), (13, 12, 11, 10, 9), quiet=True)))
    return Page(
        "Training",
        _title(run, status, len(history)),
        tuple(blocks),
        tuple(status.taken),
        ("Say whether it learned the pictures by heart: compare training with validation.",),
    )


def _title(run: Run, status: Book, epochs: int) -> str:
    if run.state != "finished":
        return f"The training is {run.state}, after {count(epochs, 'epoch')}"
    best = run.status.get("best_epoch")
    if best is None:
        return f"Trained for {count(epochs, 'epoch')}" if epochs else "Trained elsewhere"
    line = next((line for line in run.history if line["epoch"] == best), {})
    status.say("best_epoch", str)
    value = line.get("val_accuracy")
    if value is None:
        return f"Trained for {count(epochs, 'epoch')}; the weights after epoch {best} were kept"
    status.taken.append(_source(percent(value), "val_accuracy of the best epoch"))
    return f"Best after epoch {best} of {epochs}: {percent(value)} of the validation pictures"


def _curves(history: Sequence[Mapping[str, Any]], quantity: str) -> tuple[Line, ...]:
    found = []
    for prefix, name, colour in CURVES:
        key = f"{prefix}_{quantity}"
        points = [(row["epoch"], row[key]) for row in history if row.get(key) is not None]
        if points:
            xs, ys = zip(*points, strict=True)
            found.append(Line(name, xs, ys, colour, dashed=prefix == "train"))
    return tuple(found)


def _sources(lines: Sequence[Line], quantity: str) -> list[Source]:
    names = {name: prefix for prefix, name, _ in CURVES}
    return [_source(f"line {line.name}", f"{names[line.name]}_{quantity}") for line in lines]


def _source(shown: str, key: str, before: str = "") -> Source:
    return Source(shown, f"{before}history.jsonl", key)


def how_trained(run: Run, status: Book) -> str:
    """The settings that matter most, in a line; nothing of a loop that was not ours."""
    took = status.say("training_seconds", seconds)
    time = "" if took == MISSING else f"; trained for {took}, validation not counted"
    if is_recorded(run):
        return f"It was trained in a loop of its own{time}."
    if optional(run, "transfer.json").get("way") == "linear":
        return f"Only its last layer was trained, by softmax regression{time}."
    recipe = run.recipe
    parts = (
        str(recipe.opt), f"learning rate {recipe.lr:g}", f"batches of {recipe.batch_size}",
        f"augmentation {recipe.augment}", f"schedule {recipe.schedule}", f"seed {recipe.seed}",
    )  # fmt: skip
    for key in ("lr", "batch_size", "seed"):
        value = getattr(recipe, key)
        shown = f"{value:g}" if key == "lr" else str(value)
        status.taken.append(Source(shown, "recipe.yaml", key))
    return f"{', '.join(parts)}{time}."


def trainings_page(book: Book, runs: Mapping[str, Run]) -> Page:
    """How val rose in the first run of each entrant, and what training cost."""
    lines, sources = _first_runs(book, runs)
    rows = _costs(book)
    wide = 6.6 if lines else 0.0
    table = Table(("network", "training", "train", "val"), tuple(rows), "Training", (2.2, 1, 1, 1),
                  mark=marked(book))  # fmt: skip
    x = MARGIN + (wide + 0.4 if lines else 0)
    blocks: list[tuple[Box, Block]] = [(Box(x, TOP, FULL - (x - MARGIN), END - TOP), table)]
    if lines:
        drawn = Lines(lines, "Accuracy on val by epoch", "epoch", shares=True)
        blocks.insert(0, (Box(MARGIN, TOP, wide, END - TOP), drawn))
    return Page(
        "Training",
        _chosen(book),
        tuple(blocks),
        (*book.taken, *sources),
        (
            "Lines are those of the first training of each; of each run folder that is still "
            "there. Columns train and val are accuracies.",
            *the_rest(book),
        ),
    )


def _chosen(book: Book) -> str:
    row = chosen_row(book)
    if row is None:
        return "Nobody was chosen: there are no val pictures to choose on"
    value = book.say(f"entrants[{row}].val_accuracy", percent)
    return f"{short(book.values['winner'], 50)} was chosen on val, with {value}"


def _costs(book: Book) -> list[tuple[str, ...]]:
    return [
        (
            book.values["entrants"][place]["name"],
            book.say(f"entrants[{place}].training_seconds", seconds),
            book.say(f"entrants[{place}].train_accuracy", percent),
            book.say(f"entrants[{place}].val_accuracy", percent),
        )
        for place in places_shown(book)
    ]


def _first_runs(book: Book, runs: Mapping[str, Run]) -> tuple[tuple[Line, ...], list[Source]]:
    lines, sources = [], []
    colours = cycle(COLOURS)
    for one in book.values["entrants"][:MOST_CURVES]:
        run = runs.get(one["name"])
        history = run.history if run else []
        points = [(row["epoch"], row["val_accuracy"]) for row in history
                  if row.get("val_accuracy") is not None]  # fmt: skip
        if not points:
            continue
        xs, ys = zip(*points, strict=True)
        winner = one["name"] == book.values.get("winner")
        lines.append(Line(one["name"], xs, ys, VERMILION if winner else next(colours)))
        sources.append(_source(f"line {one['name']}", "val_accuracy", f"{one['runs'][0]}/"))
    return tuple(lines), sources
