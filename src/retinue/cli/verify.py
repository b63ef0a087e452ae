"""`retinue verify-resume`: whether a killed training really goes on as if nothing had happened."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from retinue.cli.console import make_console, print_json
from retinue.cli.options import Json


def verify_resume(
    context: typer.Context,
    kills: Annotated[int, typer.Option(min=1, help="How often, at most.")] = 5,
    as_json: Json = False,
) -> None:
    """Train twice, kill one training at random moments, and compare every byte.

    Takes DATA and the options of `retinue train`. What is equal: weights, calibration, predictions,
    metrics, pictures and figures; history and steps in every field but the timed ones.
    """
    from retinue.errors import RetinueError, UsageError
    from retinue.training.verification import verify_resume as verify

    options = list(context.args)
    if not options:
        raise UsageError("verify-resume: name the data to train on, and options of `retinue train`")
    for refused in ("--output", "--resume", "--time-limit", "--json", "--tensorboard"):
        if any(word.partition("=")[0] == refused for word in options):
            why = "no two runs by the clock are alike" if "time" in refused else "is not for this"
            raise UsageError(f"{refused}: {why}; leave it out")
    if not any(word.startswith("--checkpoint-every") for word in options):
        options += ["--checkpoint-every", "10"]
    console = make_console(quiet=as_json)
    with tempfile.TemporaryDirectory() as folder:
        found = verify(options, Path(folder), kills, lambda text: console.print(text, markup=False))
    if as_json:
        print_json({**vars(found), "kills": found.kills, "holds": found.holds})
    if not found.holds:
        raise RetinueError(f"not exact: {', '.join(found.different)} differ")
    when = ", ".join(f"{number} while {what}" for what, number in found.moments.items())
    console.print(
        f"exact: killed {found.kills} times ({when or 'never'}), and all {found.files} files of "
        "the run are those of the training that was never stopped",
        markup=False,
    )
