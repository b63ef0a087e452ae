"""`retinue lessons grade`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retinue.cli.console import make_console, print_json, print_table
from retinue.cli.options import Json
from retinue.wording import count, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from retinue.lessons.grading.grades import Grades
    from retinue.lessons.grading.grading import Listener

SHOWN = 5  # mistakes on the terminal
LONGEST = 40  # letters of a name in the table
GIB = 2**30


def grade(
    source: Annotated[
        Path,
        typer.Argument(metavar="DIR|ZIP", help="What a class handed in, as a platform exports it."),
    ],
    lab: Annotated[
        str | None, typer.Option(help="Which lab, as lab2; default what most notebooks say.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder; default grades/<lab>-<n>, the same for the same DIR or ZIP."),
    ] = None,
    checks: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The checks of a lab of your own; its code is run."),
    ] = None,
    rubric: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Points and comments for written answers, as rubric.html saves."
        ),
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="CSV with right names: file, or name as it was made; right name."
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="That a notebook may take.")] = 120,
    memory: Annotated[
        float, typer.Option(min=0.25, metavar="GIB", help="Memory that a notebook may take.")
    ] = 2,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Notebooks at a time; default one a core.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run what a class handed in, check the answers, and write grades and feedback.

    What was graded already is not run again. This is no exam security: answers and checks share a
    process, and who sets out to deceive can.
    """
    from retinue.lessons.grading.grading import grade as grade_all

    console = make_console(as_json)
    status = console.status("")
    try:
        grades = grade_all(
            source,
            lab,
            output,
            checks=checks,
            seconds=seconds,
            memory=int(memory * GIB),
            workers=workers,
            rubric=rubric or (),
            names=names,
            listener=_listener(console, status),
        )
    finally:
        status.stop()
    if as_json:
        print_json(grades.as_dict())
        return
    _tell(console, grades)


def _listener(console: "Console", status: "Status") -> "Listener":
    """Shows on a terminal how many are graded."""
    from rich.text import Text

    from retinue.lessons.grading.grading import Listener

    def show(told: str) -> None:
        if console.is_terminal:
            status.update(Text(printable(told)))
            status.start()

    return Listener(
        on_begin=lambda lab, total: show(f"grading {lab.name}: {count(total, 'submission')}"),
        on_graded=lambda one, done, total: show(f"graded {done} of {total}: {one.student[:80]}"),
    )


def _tell(console: "Console", grades: "Grades") -> None:
    """The table of all, the commonest mistakes, and where everything lies."""
    from retinue.lessons.grading.grades import INDEX, RUBRIC_PAGE

    _tell_table(console, grades)
    _tell_mistakes(console, grades)
    told = list(grades.notes)
    if unread := sum(one.answered - one.read for one in grades.breakdown.readings):
        told.append(f"written answers to be read: {unread}, in {grades.path / RUBRIC_PAGE}")
    told.append(f"written: {grades.path / INDEX}")
    for line in told:
        console.print(line, markup=False, soft_wrap=not console.is_terminal)


def _tell_table(console: "Console", grades: "Grades") -> None:
    from retinue.lessons.grading.table import STATES, points_in_words
    from retinue.plotting.style import shorten

    rows = [
        [
            shorten(one.student, LONGEST),
            shorten(one.file, LONGEST),
            STATES[one.state],
            f"{sum(mark.passed for mark in one.marks)} of {len(grades.lab.questions)}",
            f"{points_in_words(one.points)} of {points_in_words(one.out_of)}",
        ]
        for one in grades.graded
    ]
    title = f"{grades.lab.name}: {grades.lab.title}"
    print_table(console, ["name", "handed in as", "run", "right", "points so far"], rows, title)


def _tell_mistakes(console: "Console", grades: "Grades") -> None:
    rows = [
        [mistake.n, tally.question, mistake.told, mistake.hint]
        for tally, mistake in grades.breakdown.commonest[:SHOWN]
    ]
    if rows:
        console.print()
        print_table(console, ["times", "question", "mistake", "hint"], rows)
        console.print()
