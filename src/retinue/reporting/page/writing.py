"""Writing the page of a run or a comparison."""

from collections.abc import Sequence
from pathlib import Path

from retinue.errors import RetinueError
from retinue.experiments.comparison import Comparison
from retinue.explaining.explain import Explanation
from retinue.reporting.page.comparison_page import page_of_comparison
from retinue.reporting.page.page import Page
from retinue.reporting.page.rendering import render
from retinue.reporting.page.run_page import page_of_run
from retinue.runs import Run
from retinue.writing import write_text


def write_page(
    what: Run | Comparison, output: Path, explanations: Sequence[Explanation] = ()
) -> Path:
    """Write a run or a comparison as one HTML file that needs nothing else.

    `explanations` are of a run, and are shown in its page.

    Raises:
        RetinueError: files of the folder are damaged.
        OSError: `output` cannot be written.
    """
    write_text(output, render(_page(what, explanations)))
    return output


def _page(what: Run | Comparison, explanations: Sequence[Explanation]) -> Page:
    """What is read of the folder; what cannot be understood there is damage."""
    try:
        if isinstance(what, Comparison):
            return page_of_comparison(what)
        return page_of_run(what, explanations)
    except (LookupError, ValueError, TypeError, AttributeError, OSError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise RetinueError(f"{what.path}: its files are damaged ({reason})") from error
