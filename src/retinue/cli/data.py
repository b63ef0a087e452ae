"""`retinue show` and `retinue datasets`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from retinue.cli.console import loading, make_console, print_json, print_notes, print_table
from retinue.cli.options import CacheMemory, DataRoot, Json, Set


def show(
    data: Annotated[str, typer.Argument(help="Built-in name, folder, archive or CSV.")],
    augment: Annotated[
        str | None,
        typer.Option(help="Also show originals beside what training sees: basic, strong or none."),
    ] = None,
    size: Annotated[str | None, typer.Option(help="Pixels: one number, or HEIGHTxWIDTH.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="PNG file to write; default <data>-samples.png.")
    ] = None,
    settings: Set = None,
    data_root: DataRoot = None,
    cache_memory: CacheMemory = "1GiB",
    as_json: Json = False,
) -> None:
    """Write a sheet of labelled pictures, and print how many each class has."""
    from retinue.data.load import load_for
    from retinue.data.sheets import augmented_sheet, sample_sheet
    from retinue.plotting import save
    from retinue.recipe import make_recipe, parse_assignments
    from retinue.training.defaults import choose

    console = make_console(as_json)
    given: dict[str, Any] = {"augment": augment, "size": size}
    given = {key: value for key, value in given.items() if value is not None}
    recipe = make_recipe({"data": data}, given, parse_assignments(settings or []))
    with loading(console) as progress:
        loaded = load_for(recipe, None, data_root, progress, cache_memory)
    sheet = output or Path(f"{loaded.name}-samples.png")
    save(sample_sheet(loaded), sheet)
    files = [sheet]
    if augment is not None:
        chosen, _ = choose(recipe, loaded)
        files.append(sheet.with_name(f"{sheet.stem.removesuffix('-samples')}-augmented.png"))
        save(augmented_sheet(loaded, chosen.augment, chosen.flip, chosen.seed), files[1])
    counts = {name: split.counts(loaded.classes) for name, split in loaded.splits.items()}
    if as_json:
        found = {
            "name": loaded.name,
            "classes": loaded.classes,
            "counts": counts,
            "size": loaded.size,
            "channels": loaded.channels,
            "notes": loaded.notes,
            "files": [str(path) for path in files],
        }
        print_json(found)
        return
    rows = [[name, *(counts[split][name] for split in counts)] for name in loaded.classes]
    rows.append(["all", *(len(split) for split in loaded.splits.values())])
    print_table(console, ["class", *counts], rows, str(loaded))
    print_notes(console, loaded)
    for path in files:
        console.print(f"written: {path}", markup=False)


def datasets(data_root: DataRoot = None, as_json: Json = False) -> None:
    """List the built-in data sets, and which of them are on this machine."""
    from retinue.data.builtin import BUILT_IN, where
    from retinue.data.cache import cache_folder

    root = data_root or cache_folder() / "data"
    found = [
        {
            "name": name,
            "about": one.about,
            "pictures": one.pictures,
            "licence": one.licence,
            "where": where(name, root),
        }
        for name, one in BUILT_IN.items()
    ]
    if as_json:
        print_json({"data_root": str(root), "datasets": found})
        return
    console = make_console()
    rows = [[*list(one.values())[:-1], one["where"] or "not here yet"] for one in found]
    print_table(console, ["name", "what", "pictures", "licence", "where"], rows)
    console.print(
        f"\nLooked for in {root} (--data-root). What is missing is downloaded when first used.",
        markup=False,
    )
    console.print("Besides: any folder of class folders, a zip or tar of one, or a CSV.")
