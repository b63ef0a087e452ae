"""`retinue predict`."""

import csv
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from retinue.cli.console import loading, make_console, print_json, print_table
from retinue.cli.options import AllowLocal, Device, Json, OwnModel, RunPath
from retinue.wording import percent, printable
from retinue.writing import csv_cell

if TYPE_CHECKING:
    from retinue.prediction.predict import Prediction


def predict(
    run: RunPath,
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Files, folders, archives, web addresses, or -."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show a picture.")] = 3,
    model: OwnModel = None,
    device: Device = "cpu",
    allow_local: AllowLocal = False,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
) -> None:
    """Say what is on pictures, with probabilities; exit 1 if one could not be read."""
    from retinue.fetch import WebLimits
    from retinue.models.own import own_module
    from retinue.prediction.classifier import Classifier
    from retinue.prediction.predict import predictions

    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    classifier = Classifier.load(run, own_module(model, run), device)
    found = []
    with loading(make_console(quiet=True)) as progress:
        for one in predictions(classifier, inputs, WebLimits(local=allow_local)):
            found.append(one)
            progress("predicting", len(found), 0)
    if as_json:
        print_json([one.as_dict(top) for one in found])
    elif as_csv:
        _print_csv(found, top)
    else:
        _print_table(found, top)
    if any(one.error for one in found):
        raise typer.Exit(1)


def _print_csv(found: "list[Prediction]", top: int) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    ranks = range(1, top + 1)
    pairs = [name for rank in ranks for name in (f"class_{rank}", f"probability_{rank}")]
    writer.writerow(["input", *pairs, "unsure", "error"])
    for one in found:
        cells = [cell for name, value in one.top(top) for cell in (name, f"{value:.6f}")]
        padding = [""] * (2 * top - len(cells))
        row = [one.name, *cells, *padding, str(one.unsure).lower(), one.error]
        shown = [printable(cell) for cell in row] if sys.stdout.isatty() else row
        writer.writerow([csv_cell(cell) for cell in shown])


def _print_table(found: "list[Prediction]", top: int) -> None:
    console = make_console()
    rows = []
    for one in found:
        said = [f"{name} {percent(value)}" for name, value in one.top(top)]
        padding = [""] * (top - len(said))
        remark = one.error or ("unsure" if one.unsure else "")
        rows.append([one.name, *said, *padding, remark])
    head = ["picture", "predicted", *(f"{rank}." for rank in range(2, top + 1)), "remark"]
    print_table(console, head, rows)
    if any(one.unsure for one in found):
        console.print("unsure: less confident than answers were on val where 95 % are right")
