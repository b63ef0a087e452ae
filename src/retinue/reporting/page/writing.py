"""Writing the page of a run, a comparison or a sweep."""

from collections.abc import Sequence
from pathlib import Path

from retinue.errors import RetinueError
from retinue.experiments.comparison import Comparison
from retinue.experiments.sweeps.sweep import EFFECTS, Sweep
from retinue.explaining.explain import Explanation
from retinue.reporting.page.comparison_page import page_of_comparison
from retinue.reporting.page.page import Page
from retinue.reporting.page.rendering import render
from retinue.reporting.page.run_page import page_of_run
from retinue.reporting.page.sweeps.page import page_of_sweep
from retinue.runs import Run
from retinue.writing import write_text


def write_page(
    what: Run | Comparison | Sweep, output: Path, explanations: Sequence[Explanation] = ()
) -> Path:
    """Write a run, a comparison or a sweep as one HTML file that needs nothing else.

    `explanations` are of a run, and are shown in its page.

    Raises:
        UsageError: a sweep was stopped before anything could be said of it.
        RetinueError: files of the folder are damaged.
        OSError: `output` cannot be written.
    """
    write_text(output, render(_page(what, explanations)))
    return output


def _page(what: Run | Comparison | Sweep, explanations: Sequence[Explanation]) -> Page:
    """What is read of the folder; what cannot be understood there is damage."""
    try:
        if isinstance(what, Comparison):
            return page_of_comparison(what)
        if isinstance(what, Sweep):
            return page_of_sweep(what)
        return page_of_run(what, explanations)
    except (LookupError, ValueError, TypeError, AttributeError, OSError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        if isinstance(what, Sweep):
            raise RetinueError(f"{what.path / EFFECTS}: is damaged ({reason})") from error
        raise RetinueError(f"{what.path}: its files are damaged ({reason})") from error
