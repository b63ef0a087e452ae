"""The commands that repeat what a report shows, as a shell takes them."""

import re
import shlex
from collections.abc import Sequence

from retinue.experiments.comparison import Comparison
from retinue.reporting.facts.entrants import runs_behind
from retinue.reporting.facts.reading import is_recorded, optional
from retinue.runs import Run
from retinue.wording import STEERING


def commands(what: Run | Comparison) -> list[str]:
    """Commands that train, judge or compare again; none that trains a network made elsewhere."""
    return _of_comparison(what) if isinstance(what, Comparison) else _of_run(what)


def quoted(word: str) -> str:
    """A word as a shell takes it, with nothing in it that could turn a line of text around."""
    if not STEERING.search(word):
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{STEERING.sub(_escaped, plain)}'"


def command_line(run: Run) -> str | None:
    """How the training was started, where that was the command line; None from Python."""
    words = optional(run, "environment.json").get("command", [])
    if not isinstance(words, list) or len(words) < 2 or not re.search(r"retinue\b", str(words[0])):
        return None
    return line_of(["retinue", *map(str, words[1:])])


def _of_run(run: Run) -> list[str]:
    path = str(run.path)
    found = [] if is_recorded(run) or not run.recipe.data else [_training(run)]
    if "test" in run.evaluations:
        own = (
            ["--model", run.recipe.model.name]
            if optional(run, "model.json").get("no_graph")
            else []
        )
        found.append(line_of(["retinue", "evaluate", path, *own]))
    return [*found, line_of(["retinue", "report", path])]


def _training(run: Run) -> str:
    """Training by the same recipe; the data is where it was found then."""
    root = run.data.get("data_root")
    where = ["--data-root", root] if root else []
    return line_of(["retinue", "train", "--recipe", f"{run.path}/recipe.yaml", *where])


def _of_comparison(comparison: Comparison) -> list[str]:
    entrants = comparison.values["entrants"]
    behind = [run for one in entrants for run in runs_behind(comparison, one).runs]
    trained = [_training(run) for run in behind if run.recipe.data and not is_recorded(run)]
    compared = line_of(["retinue", "compare", *(path for one in entrants for path in one["runs"])])
    return [*trained, compared, line_of(["retinue", "report", str(comparison.path)])]


def line_of(words: Sequence[str]) -> str:
    """A command as a shell takes it."""
    return " ".join(map(quoted, words))


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x80 else f"\\u{number:04x}"
