"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
DataRoot = Annotated[
    Path | None,
    typer.Option(help="Where built-in data sets lie, or are downloaded to. Default: user's cache."),
]
CacheMemory = Annotated[
    str,
    typer.Option(metavar="BYTES", help="Decoded pictures that lie in memory, as 256MB or 2GB."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any key of the recipe, as model.depth=4."),
]
Download = Annotated[
    bool, typer.Option("--download", help="Fetch weights that are not on this machine.")
]
TrainingDevice = Annotated[str, typer.Option(help="Where to train: auto, cpu, cuda or cuda:N.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
AllowLocal = Annotated[
    bool, typer.Option("--allow-local", help="Fetch from private addresses and any port too.")
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
OwnModel = Annotated[
    str | None,
    typer.Option(
        "--model", help="package.module:factory, for a run that trained a network of your own."
    ),
]
