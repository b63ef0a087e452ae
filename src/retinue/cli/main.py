"""`retinue`: the commands together, and how failures are told."""

import importlib
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import NoReturn

import typer

import retinue
from retinue.errors import RetinueError
from retinue.wording import printable

_STOPPED = 130  # what Typer makes of Ctrl-C

# The order in which `retinue --help` lists the commands: module, function.
COMMANDS = {
    "demo": ("demo", "demo"),
    "train": ("train", "train"),
    "evaluate": ("evaluate", "evaluate"),
    "compare": ("compare", "compare"),
    "sweep": ("sweep", "sweep"),
    "explain": ("explain", "explain"),
    "report": ("report", "report"),
    "verify-resume": ("verify", "verify_resume"),
    "predict": ("predict", "predict"),
    "show": ("data", "show"),
    "datasets": ("data", "datasets"),
    "describe": ("models", "describe"),
    "models": ("models", "models"),
}
PASSING_ON = ("verify-resume",)  # commands that give another's options on
GROUPS = ("lessons",)  # modules that have COMMANDS and a HELP of their own, listed last


def make_app() -> typer.Typer:
    """All commands in one Typer application."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Train image classifiers, see what they do, and believe the numbers.",
        epilog="Add --debug to any command to see where an error comes from.",
    )
    _add(app, COMMANDS)
    app.callback(invoke_without_command=True)(_common)
    for name in GROUPS:
        module = importlib.import_module(f"retinue.cli.{name}")
        group = typer.Typer(help=module.HELP)
        _add(group, module.COMMANDS)
        group.callback(invoke_without_command=True)(_help_of_group)
        app.add_typer(group, name=name)
    return app


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command; exit with 0, 2 on bad usage, 1 on failure with one line on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    _speak_utf8()
    # A polite request to end is Ctrl-C by another name.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = make_app()(words, prog_name="retinue", standalone_mode=False)
        sys.stdout.flush()
        if code == _STOPPED:
            _fail("stopped", 1, debug)
    except RetinueError as error:
        _fail(str(error), error.exit_code, debug)
    except (KeyboardInterrupt, typer.Abort):
        _fail("stopped", 1, debug)
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; the interpreter must not flush again.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        _fail(f"{name}{error.strerror or error}", 1, debug)
    except Exception as error:
        if hasattr(error, "format_message"):  # of click, which Typer brings under several names
            _fail(error.format_message(), 2, debug)
        _fail(f"unexpected {type(error).__name__}: {error} (--debug shows where)", 1, debug)
    sys.exit(code if isinstance(code, int) else 0)


def _common(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        print(f"retinue {retinue.__version__}")  # noqa: T201
    elif context.invoked_subcommand is None:
        print(context.get_help())  # noqa: T201


def _add(app: typer.Typer, commands: Mapping[str, tuple[str, str]]) -> None:
    """Give an application its commands; each is a module of `retinue.cli` and a function."""
    passing = {"allow_extra_args": True, "ignore_unknown_options": True}
    for name, (module, function) in commands.items():
        settings = passing if name in PASSING_ON else {}
        command = app.command(name, context_settings=settings)
        command(getattr(importlib.import_module(f"retinue.cli.{module}"), function))


def _help_of_group(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())  # noqa: T201


def _fail(text: str, code: int, debug: bool) -> NoReturn:
    if debug:
        traceback.print_exc()
    line = printable(" ".join(str(text).split()))
    print(f"retinue: {line}", file=sys.stderr)  # noqa: T201
    sys.exit(code)


def _speak_utf8() -> None:
    """Arrows and class names must not end a command on a Windows console of another code page."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
