"""`retinue report`."""

from pathlib import Path
from typing import Annotated

import typer

from retinue.cli.console import make_console, print_json
from retinue.cli.options import Json


def report(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|COMPARISON|SWEEP", help="The folder of a run, a comparison or a sweep."
        ),
    ],
    notebook: Annotated[
        bool, typer.Option("--notebook", help="Write a notebook that draws everything again.")
    ] = False,
    slides: Annotated[bool, typer.Option("--slides", help="Write slides for a talk.")] = False,
    project: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write plain PyTorch code of a run there, to hand in."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="In a run's page: what `retinue explain` shows of it."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The file; default report.html, report.ipynb, slides.pptx in the folder."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show others a run, a comparison or a sweep: as one HTML page, or in other forms.

    Everything is read from the folder; neither the data nor a network is needed.
    """
    from retinue.reporting.forms import report as write_report

    console = make_console(as_json)
    written = write_report(folder, output, notebook, slides, project, explain).as_dict()
    if as_json:
        print_json(written)
        return
    for path in written.values():
        console.print(f"written: {path}", markup=False)
