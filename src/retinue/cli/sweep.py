"""`retinue sweep`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retinue.cli.console import make_console, print_json, print_sections, print_table
from retinue.cli.options import CacheMemory, DataRoot, Download, Json, Set, TrainingDevice
from retinue.wording import percent

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 10  # settings in the table on the terminal


def sweep(
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="Built-in name, folder, archive or CSV."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=V1,V2",
            help="What is varied: values, or a range as lr=1e-4..1e-1:log; again for more keys.",
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A ready-made experiment; 'list' names them."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Network of all trainings; see `retinue models`.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="YAML file of settings that all trainings have.")
    ] = None,
    settings: Set = None,
    search: Annotated[
        str | None, typer.Option(help="grid (all settings; the default), random or tpe.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Settings that random and tpe try; default 20.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Trainings of each setting.")] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Stop trainings that are worse than others on val.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trainings at a time; default one a core, up to 4.")
    ] = None,
    time_limit: Annotated[
        str | None, typer.Option(help="After which none begins any more, as 30m or 2h.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder; default sweeps/<data>-<n>.")] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="SWEEP", help="Go on with a sweep that was stopped.")
    ] = None,
    download: Download = False,
    data_root: DataRoot = None,
    cache_memory: CacheMemory = "1GiB",
    device: TrainingDevice = "auto",
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Of each training; default the processor's, divided."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train with many settings, and say which of them mattered and by how much."""
    from retinue.cli.comparing import Teller
    from retinue.experiments.sweep import sweep as sweep_all
    from retinue.recipe import make_recipe, parse_assignments, read_recipe

    console = make_console(as_json)
    if experiment == "list":
        _tell_experiments(console, as_json)
        return
    teller = Teller(console)
    layers = [{} if recipe is None else read_recipe(recipe)]
    layers += [{} if model is None else {"model": model}, parse_assignments(settings or [])]
    try:
        found = sweep_all(
            data,
            vary or (),
            experiment=experiment,
            recipe=make_recipe(*layers) if any(layers) else None,
            search=search,
            trials=trials,
            seeds=seeds,
            prune=prune,
            workers=workers,
            threads=threads,
            time_limit=time_limit,
            output=output,
            resume=resume,
            data_root=data_root,
            cache_memory=cache_memory,
            device=device,
            download=teller.permit(download),
            listener=teller.listener(),
        )
    finally:
        teller.status.stop()
    if as_json:
        print_json({"sweep": str(found.path), **found.values})
        return
    _tell(console, found.values)
    console.print(f"written: {found.path}", markup=False)
    console.print(f"next: retinue report {found.path}", markup=False)


def _tell_experiments(console: "Console", as_json: bool) -> None:
    from retinue.experiments.sweeps.asking import read_experiment, shipped

    found = [read_experiment(name) for name in shipped()]
    if as_json:
        print_json(
            [{"name": one.name, "title": one.title, "question": one.question} for one in found]
        )
        return
    print_table(console, ["name", "question"], [[one.name, one.question] for one in found])


def _tell(console: "Console", values: dict[str, Any]) -> None:
    """The best settings on val, and what came out in sentences."""
    from retinue.experiments.phrases import seconds
    from retinue.experiments.sweeps.phrases import setting_name

    settings = [one for one in values["findings"]["settings"] if one["val"] is not None]
    settings.sort(key=lambda one: -one["val"])
    rows = [
        [
            setting_name(one["values"]),
            *("" if one[key] is None else percent(one[key]) for key in ("val", "test", "train")),
            "" if one["seconds"] is None else seconds(one["seconds"]),
        ]
        for one in settings[:SHOWN]
    ]
    if rows:
        print_table(console, ["best on val", "val", "test", "train", "training"], rows)
    if len(settings) > SHOWN:
        console.print(f"and {len(settings) - SHOWN} more in table.csv", markup=False)
    print_sections(console, values["discussion"])
