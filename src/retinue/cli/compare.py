"""`retinue compare`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retinue.cli.console import make_console, print_json, print_sections, print_table
from retinue.cli.options import CacheMemory, DataRoot, Download, Json, Set, TrainingDevice
from retinue.wording import percent

if TYPE_CHECKING:
    from rich.console import Console


def compare(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA | RUN RUN ...",
            help="Data to train on, with --models or --recipes; or two runs or more.",
        ),
    ],
    models: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="Models to train where no run of theirs is there."),
    ] = None,
    recipes: Annotated[
        list[Path] | None, typer.Option(help="YAML file of settings, one more entrant each.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each.")] = 1,
    time_limit: Annotated[
        str | None, typer.Option(help="The same for each training, as 90s, 10m or 1h.")
    ] = None,
    settings: Set = None,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=A,B", help="A group of classes, as animals=cat,dog."),
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Whose differing pictures are shown; default the best."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder; default comparisons/<data>-<n>.")
    ] = None,
    download: Download = False,
    data_root: DataRoot = None,
    cache_memory: CacheMemory = "1GiB",
    device: TrainingDevice = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Of the processor; default all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which is better on the same test pictures, and whether the difference is real.

    With --models or --recipes the word is DATA, and what is missing is trained; runs with the same
    recipe, data, seed and version are used again. Otherwise the words are runs.
    """
    from retinue.cli.comparing import Teller
    from retinue.errors import UsageError
    from retinue.experiments.compare import compare as compare_all
    from retinue.recipe import make_recipe, parse_assignments

    trains = bool(models or recipes)
    if trains and len(words) != 1:
        raise UsageError(f"{' '.join(words[1:])}: with --models or --recipes name one DATA")
    console = make_console(as_json)
    teller = Teller(console)
    assigned = parse_assignments(settings or [])
    make_recipe(assigned)  # an unknown key is told by its name
    try:
        found = compare_all(
            words[0] if trains or len(words) == 1 else words,
            models,
            seeds=seeds,
            recipes=recipes or (),
            time_limit=assigned.pop("time_limit", time_limit),
            groups=_groups(group or []),
            pair=_pair(pair),
            output=output,
            data_root=data_root,
            cache_memory=cache_memory,
            device=device,
            threads=threads,
            download=teller.permit(download),
            listener=teller.listener(),
            **assigned,
        )
    finally:
        teller.status.stop()
    if as_json:
        print_json({"comparison": str(found.path), **found.values})
    else:
        _tell(console, found.values)
        console.print(f"written: {found.path}", markup=False)


def _groups(words: list[str]) -> dict[str, list[str]]:
    """`animals=cat,dog` as a mapping."""
    from retinue.errors import UsageError

    found: dict[str, list[str]] = {}
    for word in words:
        name, equals, members = word.partition("=")
        classes = [one.strip() for one in members.split(",") if one.strip()]
        if not equals or not name.strip() or not classes:
            raise UsageError(f"--group {word}: write NAME=A,B, as --group animals=cat,dog")
        found.setdefault(name.strip(), []).extend(classes)
    return found


def _pair(text: str | None) -> tuple[str, str] | None:
    """`A,B` as two names; commas between brackets are parts of a name."""
    from retinue.errors import UsageError

    if text is None:
        return None
    names = [name.strip() for name in re.split(r",(?![^(]*\))", text)]
    if len(names) != 2 or not all(names):
        raise UsageError(f"--pair {text}: write two names, as --pair cnn,mlp")
    return names[0], names[1]


def _tell(console: "Console", values: dict[str, Any]) -> None:
    """The tables, the most accurate first, and the discussion."""
    entrants = values["entrants"]
    data = values["data"]
    console.print(
        f"judged on the same {data['test_pictures']:,} test pictures of {data['name']}",
        markup=False,
    )
    head = ["", "accuracy", "95 % interval", "precision", "recall", "F1", "log loss", "ECE"]
    print_table(console, [*head, "val", "train"], [_quality(one) for one in entrants])
    console.print()
    head = ["", "parameters", "multiply-adds", "file", "training", "pictures/s", "peak memory"]
    print_table(console, [*head, "one picture", "in batches"], [_cost(one) for one in entrants])
    if len(values["pairs"]) > 1:
        console.print()
        head = ["", "before", "by points", "95 % interval", "p, Holm", "shown"]
        print_table(console, head, [_difference(pair) for pair in values["pairs"]])
    print_sections(console, values["discussion"])


def _quality(one: dict[str, Any]) -> list[str]:
    accuracy = one["accuracy"]
    low, high = percent(accuracy["low"]), percent(accuracy["high"])
    scores = [
        f"{one[key]['value']:.3f}" for key in ("precision", "recall", "f1", "log_loss", "ece")
    ]
    shares = [
        "" if one[key] is None else percent(one[key]) for key in ("val_accuracy", "train_accuracy")
    ]
    return [one["name"], percent(accuracy["value"]), f"{low} to {high}", *scores, *shares]


def _cost(one: dict[str, Any]) -> list[str]:
    from retinue.experiments.phrases import seconds, size

    def told(value: Any, how: Any) -> str:
        return "" if value is None else how(value)

    speed = one["prediction"] or {"single": None, "batch": None}
    return [
        one["name"],
        f"{one['parameters']:,}",
        told(one["multiply_adds"], lambda value: f"{value:,}"),
        size(one["size"]),
        told(one["training_seconds"], seconds),
        told(one["training_speed"], lambda value: f"{value:,.0f}"),
        told(one["peak_memory"], size),
        told(speed["single"], seconds),
        told(speed["batch"], lambda value: f"{value:,.0f}/s"),
    ]


def _difference(pair: dict[str, Any]) -> list[str]:
    from retinue.experiments.phrases import points, probability

    first, second, ends = pair["first"], pair["second"], (pair["low"], pair["high"])
    if pair["value"] < 0:
        first, second, ends = second, first, (-ends[1], -ends[0])
    value, low, high = points(abs(pair["value"]), *ends)
    p = probability(pair["p_holm"]).removeprefix("p = ").removeprefix("p ")
    shown = "yes" if pair["shown"] else "no"
    return [first, second, value, f"{low} to {high}", p, shown]
