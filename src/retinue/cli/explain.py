"""`retinue explain`."""

from pathlib import Path
from typing import Annotated

import typer

from retinue.cli.console import loading, make_console, print_json
from retinue.cli.options import AllowLocal, DataRoot, Json, OwnModel, RunPath
from retinue.wording import percent


def explain(
    run: RunPath,
    picture: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="A file, a web address, -, or one of its own data as test:17."
        ),
    ],
    layer: Annotated[
        str | None, typer.Option(metavar="NAME", help="For feature maps, fields and Grad-CAM.")
    ] = None,
    view: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this view; may be repeated. `all` is every view."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The folder; default explained/INPUT in the run's.")
    ] = None,
    model: OwnModel = None,
    data_root: DataRoot = None,
    allow_local: AllowLocal = False,
    as_json: Json = False,
) -> None:
    """Show what is inside a run's network, and what it does with a picture.

    Filters, feature maps, receptive field, what counted for the answer, dropout at work; on request
    batch norm, all test pictures in a plane, and one training step.
    """
    from retinue.explaining.explain import explain as explain_run
    from retinue.fetch import WebLimits
    from retinue.models.own import own_module

    console = make_console(as_json)
    with loading(console) as progress:
        found = explain_run(
            run,
            picture,
            layer=layer,
            views="all" if view == ["all"] else view,
            output=output,
            model=own_module(model, run),
            data_root=data_root,
            web=WebLimits(local=allow_local),
            progress=progress,
        )
    if as_json:
        print_json(found.as_dict())
        return
    said = f"{found.picture}: {found.predicted}, {percent(found.probability)}"
    console.print(said, markup=False)
    for one in found.shown:
        console.print(f"  {one.file:26} {one.title}", markup=False)
    for name, reason in found.left_out.items():
        console.print(f"  without {name}: {reason}", markup=False)
    console.print(f"written: {found.path}", markup=False)
