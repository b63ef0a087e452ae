"""An IPython without a kernel, which runs a notebook's cells and starts no programs for them."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# Magics that install packages or start programs; these are passed over and told.
_ESCAPES = (
    "pip",
    "conda",
    "mamba",
    "micromamba",
    "uv",
    "system",
    "sx",
    "sc",
    "bg",
    "killbgscripts",
)
_CELL_ESCAPES = (
    *("!", "bash", "sh", "script", "system", "sx", "cmd", "perl", "ruby", "python", "python2"),
    *("python3", "pypy"),
)
_WITHOUT_EFFECT = ("matplotlib", "pylab", "pdb", "debug", "gui")  # there is nobody to look


def make_shell(passed_over: Callable[[str], None]) -> Any:
    """An InteractiveShell whose namespace is `__main__`.

    Args:
        passed_over: told of each shell escape and installation that is not carried out.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0  # what cells give is not kept
    shell: Any = InteractiveShell.instance(config=config)

    def nothing(command: Any, *_: Any, **__: Any) -> None:
        passed_over(str(command)[:80])

    def no_lines(command: Any, *_: Any, **__: Any) -> list[str]:
        passed_over(str(command)[:80])
        return []

    def ignore(*_: Any, **__: Any) -> None:
        """There is nobody to look."""

    shell.system = shell.system_piped = shell.system_raw = nothing
    shell.getoutput = no_lines
    for name in _ESCAPES:
        shell.register_magic_function(_named(name, nothing), "line", name)
    for name in _CELL_ESCAPES:
        shell.register_magic_function(_named(name, nothing), "cell", name)
    for name in _WITHOUT_EFFECT:
        shell.register_magic_function(ignore, "line", name)
    # Tracebacks in colour take long, and the error itself comes with the result.
    shell.showtraceback = shell.showsyntaxerror = ignore
    shell.ask_exit = ignore  # exit() ends nothing
    return shell


def run_cell(shell: Any, source: str) -> BaseException | None:
    """Run a cell; gives the error in which it ended."""
    result = shell.run_cell(source, store_history=False)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


def close_figures() -> None:
    """Forget the figures that a cell drew, as a notebook does after it has shown them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        with suppress(Exception):
            pyplot.close("all")


def _named(name: str, function: Callable[..., None]) -> Callable[..., None]:
    def magic(line: str, *_: Any) -> None:
        function(f"%{name} {line}".strip())

    return magic
