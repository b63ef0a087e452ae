"""`retinue lessons`: the course's notebooks, copied and checked; a teacher's own labs; grading."""

from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retinue.cli.console import make_console, print_json, print_table
from retinue.cli.options import DataRoot, Json
from retinue.wording import count

if TYPE_CHECKING:
    from rich.console import Console

    from retinue.lessons.executing import Ran
    from retinue.lessons.new import Made

# The order in which `retinue lessons --help` lists them: module, function.
COMMANDS = {
    "list": ("lessons", "list_lessons"),
    "copy": ("lessons", "copy"),
    "check": ("lessons", "check"),
    "new": ("lessons", "new"),
    "grade": ("grade", "grade"),
    "board": ("board", "board"),
}
HELP = "A course on convolutional networks: notebooks, labs with hints, grading."

Force = Annotated[
    bool, typer.Option("--force", help="Write also over notebooks that somebody has worked on.")
]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", help="That each cell may take.")]


def list_lessons(as_json: Json = False) -> None:
    """List the lessons and their labs."""
    from retinue.lessons.catalogue import entries

    found = entries()
    if as_json:
        told = [
            {"name": one.name, "number": one.number, "kind": one.kind, "title": one.title}
            | {"notebook": one.notebook}
            for one in found
        ]
        print_json(told)
        return
    console = make_console()
    print_table(console, ["name", "title"], [[one.name, one.title] for one in found])
    console.print("\nretinue lessons copy DIR writes them into a folder, as notebooks.")


def copy(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder; made where there is none.")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="lesson2, lab2, or 2 for both. Repeatable."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Copy the notebooks of the lessons and labs into a folder.

    A notebook that somebody has worked on is never written over, unless --force says so.
    """
    from retinue.lessons.copying import copy as copy_notebooks

    done = copy_notebooks(folder, only or (), force)
    if as_json:
        print_json({name: list(map(str, getattr(done, name))) for name in ("written", "kept")})
        return
    console = make_console()
    for path in done.written:
        console.print(f"written: {path}", markup=False)
    if done.kept:
        console.print(f"{count(len(done.kept), 'notebook')} there already, left as they are.")
    console.print(f"\nOpen them: jupyter lab {folder}, or the folder in VS Code.", markup=False)


def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of notebooks, or one notebook.")
    ],
    data_root: DataRoot = None,
    timeout: Timeout = 300.0,
    as_json: Json = False,
) -> None:
    """Run every notebook of a folder from top to bottom, and say what came of it.

    Each runs in a folder of its own; the files stay as they are. Of labs it also says how each
    question fares; what nobody has answered yet is no failure.
    """
    from retinue.lessons.executing import run_each

    console = make_console(as_json)
    done: list[Ran] = []
    for ran in run_each(folder, data_root, timeout):
        done.append(ran)
        if not as_json:
            _tell_run(console, ran)
    if as_json:
        print_json([_as_dict(one) for one in done])
    failed = [one.file for one in done if not one.ok]
    if not as_json:
        notebooks = count(len(done), "notebook")
        console.print(
            f"\n{len(failed)} of {notebooks} failed." if failed else f"\n{notebooks}: ok."
        )
    if failed:
        raise typer.Exit(1)


def new(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.py", help="The master; written where there is none.")
    ],
    force: Force = False,
    timeout: Timeout = 300.0,
    as_json: Json = False,
) -> None:
    """Make a lab of your own, from one file with its text, solution and checks.

    The first call writes an example of such a file. The next ones take the solution out, try that
    it passes and that the students' copy does not, and write a folder to hand out.
    """
    from retinue.lessons.new import new_lab

    made = new_lab(file, force, timeout)
    if as_json:
        questions = list(made.lab.questions) if made.lab else []
        print_json({"files": list(map(str, made.files)), "questions": questions})
        return
    _tell_made(made, file)


def _tell_run(console: "Console", ran: "Ran") -> None:
    if ran.lab is not None and not ran.stopped:
        state = f"{ran.right} of {count(len(ran.outcomes), 'question')} right"
        state += f", {ran.unanswered} not answered" if ran.unanswered else ""
    else:
        state = "runs" if ran.ok else "fails"
    console.print(f"{ran.file}: {state} ({ran.seconds:.1f} s)", markup=False)
    # What leans on answers that are not there yet fails, and nobody can mend it.
    errors = () if ran.unanswered else ran.errors
    for text in filter(None, [*errors, ran.stopped, *map(str, ran.outcomes)]):
        console.print(indent(text, "    "), markup=False, soft_wrap=not console.is_terminal)


def _as_dict(ran: "Ran") -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(ran), "ok": ran.ok}


def _tell_made(made: "Made", file: Path) -> None:
    console = make_console()
    for path in made.files:
        console.print(f"written: {path}", markup=False)
    if made.lab is None or made.untouched is None:
        console.print(
            f"\nA master to change. When it is as you want it: retinue lessons new {file}",
            markup=False,
        )
        return
    number, folder = len(made.lab.questions), file.with_suffix("")
    questions = count(number, "question")
    console.print(f"\nThe solution passes {questions}; the students' copy passes none of them.")
    console.print(
        f"Hand out {folder / 'student'}; keep {folder / 'solution'}. To grade what comes back: "
        f"retinue lessons grade ZIP --checks {folder / 'student' / made.lab.name}_checks.py",
        markup=False,
        soft_wrap=True,
    )
