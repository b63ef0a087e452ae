"""`retinue lessons board`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retinue.cli.console import loading, make_console, print_json, print_table
from retinue.cli.options import DataRoot, Json
from retinue.wording import percent

if TYPE_CHECKING:
    from rich.console import Console


def board(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Run folders, folders of them, or zips of one; NAME=RUN gives a name.",
        ),
    ],
    data: Annotated[
        str, typer.Option(metavar="HIDDEN", help="The hidden pictures: any data with labels.")
    ],
    output: Annotated[Path | None, typer.Option(help="Folder; default boards/<data>-<n>.")] = None,
    anonymous: Annotated[
        bool,
        typer.Option("--anonymous", help="Call the runs A, B, C; the key goes beside the folder."),
    ] = False,
    time_limit: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="For each run; a later one is left out.")
    ] = 300,
    data_root: DataRoot = None,
    as_json: Json = False,
) -> None:
    """Lay a class's runs side by side on one hidden test set, with a page for the discussion.

    No code of the runs' authors is run: a network of one's own needs model.onnx in its run. What
    cannot be judged is listed with the reason.
    """
    from retinue.lessons.board import make_board
    from retinue.lessons.board.judging import Verdict
    from retinue.lessons.board.verdicts import NotJudged

    console = make_console(as_json)

    with loading(console) as progress:

        def on_verdict(done: int, total: int, verdict: Verdict) -> None:
            if isinstance(verdict, NotJudged) and not anonymous:
                told = f"not judged: {verdict.name}: {verdict.reason}"
                console.print(told, markup=False, soft_wrap=not console.is_terminal)
            progress("runs judged", done, total)

        found = make_board(
            runs,
            data,
            output=output,
            anonymous=anonymous,
            data_root=data_root,
            time_limit=time_limit,
            on_load=progress,
            on_verdict=on_verdict,
        )
    if as_json:
        print_json({"board": str(found.path), **found.values})
        return
    _tell(console, found.values)
    console.print(f"written: {found.page}", markup=False)


def _tell(console: "Console", values: dict[str, Any]) -> None:
    """The table, the most accurate first, and what is to be said."""
    from retinue.lessons.board.board import told_rank

    hidden, said = values["hidden"], values["said"]
    console.print(
        f"{len(values['runs'])} runs judged on {hidden['pictures']:,} hidden pictures of "
        f"{hidden['name']}",
        markup=False,
    )
    rows = [
        [
            told_rank(one),
            one["name"],
            percent(one["accuracy"]["value"]),
            f"{percent(one['accuracy']['low'])} to {percent(one['accuracy']['high'])}",
            "" if one["own_test"]["said"] is None else percent(one["own_test"]["said"]),
            one["own_test"]["told"],
        ]
        for one in values["runs"]
    ]
    head = ["rank", "run", "accuracy", "95 % interval", "own test", ""]
    print_table(console, head, rows)
    sentences = [
        values["title"] + ".",
        *said["leaders"],
        *said["copies"],
        *said["promises"],
        *said["learnt"],
    ]
    for sentence in [*sentences, *([said["caution"]] if said["caution"] else [])]:
        console.print(sentence, markup=False, soft_wrap=not console.is_terminal)
