"""The slides of the networks: layers of one, or sizes of several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from retinue.experiments.phrases import size
from retinue.reporting.facts.layers import Layer, layers
from retinue.reporting.facts.reading import is_recorded, optional
from retinue.reporting.slides.entrants import marked, places_shown, the_rest
from retinue.reporting.slides.pages import BOTTOM, FULL, MARGIN, TOP, Box, Page, Table, Words
from retinue.reporting.slides.sources import MISSING, Book, whole
from retinue.reporting.slides.text import short
from retinue.runs import Run
from retinue.wording import count

MOST, FEWEST = 14, 6  # rows of the table
WAYS = {
    "linear": "a new last layer",
    "finetune": "pretrained and trained on",
    "full": "pretrained and trained on as a whole",
}


@dataclass(frozen=True)
class _Row:
    """A layer, or several that belong together."""

    name: str
    kind: str
    output: tuple[int, ...] | None
    parameters: int
    multiply_adds: int | None


def network_page(run: Run) -> Page:
    """A network layer by layer; of a deep one, part by part."""
    card = Book("model.json", optional(run, "model.json"))
    found = layers(run)
    rows = _few(found)
    parameters = card.say("parameters", whole)
    card.note("table", "name and arguments: the network they describe, layer by layer")
    head = ("part", "what it does", "output", "parameters", "multiply-adds")
    cells = tuple(
        (row.name, row.kind, _sides(row.output), whole(row.parameters), _told(row.multiply_adds))
        for row in rows
    )
    box = Box(MARGIN, TOP, FULL, BOTTOM - TOP - 0.5)
    known = [one.multiply_adds for one in found if one.multiply_adds is not None]
    told = _start(run)
    if known:
        told = f"{sum(known):,} multiply-adds for one picture. {told}".strip()
        card.note(whole(sum(known)), "name and arguments: the sum over the layers")
    name = short(run.recipe.model.name, 40)
    return Page(
        "Network",
        name if parameters == MISSING else f"{name}: {parameters} parameters",
        (
            (box, Table(head, cells, "The network's layers", (2.6, 3.4, 1.8, 1.7, 1.9), texts=2))
            if cells else (box, Words(("Its layers are not known.",))),
            (Box(MARGIN, BOTTOM - 0.4, FULL, 0.4), Words((told,), (14, 12, 11, 10), quiet=True)),
        ),
        tuple(card.taken),
        ("Say why this network suits these pictures.",),
        own_words=False,
    )  # fmt: skip


def _start(run: Run) -> str:
    """With which weights it began."""
    source = optional(run, "transfer.json").get("source")
    if source:
        return f"It began with weights from elsewhere: {source}."
    return "" if is_recorded(run) else "It began with random weights."


def _few(found: Sequence[Layer]) -> list[_Row]:
    """Rows that a slide holds: all layers, or those with weights, or parts of the network."""
    rows = [
        _Row(one.name, one.kind, one.output, one.parameters, one.multiply_adds) for one in found
    ]
    if len(rows) > MOST:
        rows = [row for row in rows if row.parameters]
    depth = max((row.name.count(".") for row in rows), default=0)
    while len(rows) > MOST and depth:
        joined = _joined(rows, depth)
        if len(joined) < FEWEST:  # all that there is to see would be gone
            break
        rows, depth = joined, depth - 1
    if len(rows) > MOST:
        head, tail = rows[: MOST // 2], rows[-MOST // 2 + 1 :]
        middle = rows[MOST // 2 : -MOST // 2 + 1]
        rows = [*head, _sum("…", middle), *tail]
    return rows


def _joined(rows: Sequence[_Row], depth: int) -> list[_Row]:
    """Neighbours joined whose names have their first `depth` parts in common."""
    groups = groupby(rows, key=lambda row: ".".join(row.name.split(".")[:depth]))
    joined = []
    for name, members in groups:
        some = list(members)
        joined.append(_sum(name, some) if len(some) > 1 else some[0])
    return joined


def _sum(name: str, rows: Sequence[_Row]) -> _Row:
    known = [row.multiply_adds for row in rows if row.multiply_adds is not None]
    kinds = sum(_number_in(row.kind) for row in rows)
    return _Row(
        name, f"{kinds} layers", rows[-1].output, sum(row.parameters for row in rows),
        sum(known) if known else None,
    )  # fmt: skip


def _number_in(kind: str) -> int:
    """How many layers a row stands for."""
    number, _, rest = kind.partition(" ")
    return int(number) if rest == "layers" else 1


def _sides(output: tuple[int, ...] | None) -> str:
    return MISSING if output is None else " x ".join(map(str, output))


def _told(number: int | None) -> str:
    return MISSING if number is None else whole(number)


def networks_page(book: Book) -> Page:
    """The entrants of a comparison: their sizes, and what each is."""
    entrants = book.values["entrants"]
    rows = []
    for place in places_shown(book):
        at = f"entrants[{place}]"
        sizes = (("parameters", whole), ("multiply_adds", whole), ("size", size))
        told = [book.say(f"{at}.{key}", how) for key, how in sizes]
        trainings = book.say(f"{at}.seeds", lambda seeds: str(len(seeds)))
        rows.append((entrants[place]["name"], *told, trainings))
    head = ("network", "parameters", "multiply-adds", "file", "trainings")
    some = [one["parameters"] for one in entrants]
    book.note(whole(min(some)), "entrants[].parameters, the least")
    book.note(whole(max(some)), "entrants[].parameters, the most")
    table = Table(head, tuple(rows), "The networks", (3.4, 1.6, 1.7, 1.2, 1.2),
                  mark=marked(book))  # fmt: skip
    words = Words(tuple(_remarks(book)), (14, 13, 12, 11, 10, 9), quiet=True)
    high = min(0.42 * (len(rows) + 1), 0.62 * (BOTTOM - TOP))
    return Page(
        "Networks",
        f"{count(len(entrants), 'network')}, from {min(some):,} to {max(some):,} parameters",
        (
            (Box(MARGIN, TOP, FULL, high), table),
            (Box(MARGIN, TOP + high + 0.25, FULL, BOTTOM - TOP - high - 0.25), words),
        ),
        tuple(book.taken),
        ("Say why these were compared.",),
        own_words=False,
    )


def _remarks(book: Book) -> Iterator[str]:
    """What the networks are, who is left out, and what is to be borne in mind."""
    yield from the_rest(book)
    for model in dict.fromkeys(one["model"] for one in book.values["entrants"]):
        if told := _summary(model):
            yield f"{short(model, 40)}: {told}."
    for place, (name, why) in enumerate(book.values["left_out"]):
        book.note("left out", f"left_out[{place}]")
        yield f"{name} is left out: {why}."
    for place, note in enumerate(book.values["notes"]):
        book.note("remark", f"notes[{place}]")
        yield f"{note[:1].upper()}{note[1:]}."


def _summary(model: str) -> str:
    """What the catalogue says of a network, in a line; nothing of one from elsewhere."""
    from retinue.models.catalogue import MODELS, split_way

    name, way = split_way(model)
    known = MODELS.get(name)
    told = known.summary if known else ""
    return f"{WAYS[way]}; {told}".removesuffix("; ") if way else told
