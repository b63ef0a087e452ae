"""Writing the page of a run or a comparison."""

from pathlib import Path

from retinue.errors import RetinueError
from retinue.experiments.comparison import Comparison
from retinue.reporting.page.comparison_page import page_of_comparison
from retinue.reporting.page.page import Page
from retinue.reporting.page.rendering import render
from retinue.reporting.page.run_page import page_of_run
from retinue.runs import Run
from retinue.writing import write_text


def write_page(what: Run | Comparison, output: Path) -> Path:
    """Write a run or a comparison as one HTML file that needs nothing else.

    Raises:
        RetinueError: files of the folder are damaged.
        OSError: `output` cannot be written.
    """
    write_text(output, render(_page(what)))
    return output


def _page(what: Run | Comparison) -> Page:
    """What is read of the folder; what cannot be understood there is damage."""
    try:
        return page_of_run(what) if isinstance(what, Run) else page_of_comparison(what)
    except (LookupError, ValueError, TypeError, AttributeError, OSError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise RetinueError(f"{what.path}: its files are damaged ({reason})") from error
