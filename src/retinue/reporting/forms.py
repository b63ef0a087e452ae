"""`report`: a run, a comparison or a sweep as a page; the first two in other forms too."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from retinue.errors import UsageError
from retinue.experiments.comparison import Comparison
from retinue.experiments.sweeps.journal import FILE as SWEEP
from retinue.experiments.sweeps.sweep import Sweep
from retinue.runs import Run
from retinue.wording import printable

if TYPE_CHECKING:
    from retinue.explaining.explain import Explanation

PAGE, NOTEBOOK, SLIDES = "report.html", "report.ipynb", "slides.pptx"


@dataclass(frozen=True)
class Report:
    """What was written; None is what was not asked for."""

    page: Path | None = None
    notebook: Path | None = None
    slides: Path | None = None
    project: Path | None = None

    def as_dict(self) -> dict[str, str]:
        """The paths of what was written, by form."""
        return {form: str(path) for form, path in asdict(self).items() if path is not None}

    def _repr_html_(self) -> str:
        items = (
            f"<li>{form}: {escape(printable(path))}</li>" for form, path in self.as_dict().items()
        )
        return f"<ul>{''.join(items)}</ul>"


def report(
    what: Run | Comparison | Sweep | str | Path,
    output: str | Path | None = None,
    notebook: bool = False,
    slides: bool = False,
    project: str | Path | None = None,
    explain: bool = False,
) -> Report:
    """Write what others can see of a run, a comparison or a sweep, from its folder alone.

    A sweep has a page and no other form. Of the others a page is written without `notebook`,
    `slides` and `project`, else what these ask for.

    Args:
        what: what `train`, `compare` or `sweep` gave, or its folder.
        output: the file to write, where it is one; by default report.html, report.ipynb or
            slides.pptx in the folder.
        notebook: write a notebook that loads the folder and draws everything again.
        slides: write slides for a talk.
        project: a new folder for plain PyTorch code that trains the run's network again, to be
            handed in, with slides where the extra for them is installed; of a run only.
        explain: put into a run's page what `explain` drew, or, where it drew nothing yet, have it
            draw an answer that was right and the surest mistake.

    Raises:
        UsageError: there is no such folder, or it cannot be shown so.
        MissingExtraError: a form needs a package that is not installed.
        RetinueError: files of the folder are damaged.
    """
    source = opened(what)
    page = not (notebook or slides or project)
    _require_one_file(output, page, notebook, slides)
    if isinstance(source, Sweep):
        _require_page(notebook, slides, project, explain)
        return Report(page=_page_of(source, output))
    if project is not None and isinstance(source, Comparison):
        raise UsageError(f"--project {project}: is made of one run; name the run to hand in")
    explanations = _explanations(source, page) if explain else []
    found: dict[str, Path] = {}
    if page:
        found["page"] = _page_of(source, output, explanations)
    if notebook:
        from retinue.reporting.notebook import write_notebook

        found["notebook"] = write_notebook(source, _file(source, output, NOTEBOOK))
    if slides:
        from retinue.reporting.slides import write_slides

        found["slides"] = write_slides(source, _file(source, output, SLIDES))
    if project is not None and isinstance(source, Run):
        from retinue.reporting.project import write_project

        found["project"] = write_project(source, Path(project), _slides_of(source))
    return Report(**found)


def _page_of(
    source: Run | Comparison | Sweep,
    output: str | Path | None,
    explanations: "Sequence[Explanation]" = (),
) -> Path:
    from retinue.reporting.page.writing import write_page

    return write_page(source, _file(source, output, PAGE), explanations)


def _require_page(notebook: bool, slides: bool, project: str | Path | None, explain: bool) -> None:
    """Refuse the forms that a sweep does not have."""
    asked = {"notebook": notebook, "slides": slides, "project": project, "explain": explain}
    if name := next((name for name, value in asked.items() if value), None):
        raise UsageError(f"--{name}: a sweep has a page alone; name one of the runs in its trials")


def _explanations(what: Run | Comparison, page: bool) -> "list[Explanation]":
    if isinstance(what, Comparison) or not page:
        raise UsageError(
            "--explain: is for the page of one run; name its folder, and no other form"
        )
    from retinue.reporting.explained import explanations

    return explanations(what)


def _slides_of(run: Run) -> Callable[[Path], object] | None:
    """What puts slides into the folder to hand in, where the extra for them is installed."""
    if importlib.util.find_spec("pptx") is None:
        return None
    from retinue.reporting.slides import write_slides

    return partial(write_slides, run)


def opened(what: Run | Comparison | Sweep | str | Path) -> Run | Comparison | Sweep:
    """A run, a comparison or a sweep, also by its folder.

    Raises:
        UsageError: there is none in this folder.
        RetinueError: the files of a sweep are damaged.
    """
    if isinstance(what, Run | Comparison | Sweep):
        return what
    path = Path(what)
    if (path / SWEEP).is_file():
        return Sweep.load(path)
    if (path / "comparison.json").is_file():
        return Comparison.load(path)
    if not (path / "recipe.yaml").is_file() and not (path / "status.json").is_file():
        raise UsageError(f"{path}: no run, comparison or sweep; name the folder of one")
    return Run.load(path)


def _require_one_file(output: str | Path | None, page: bool, notebook: bool, slides: bool) -> None:
    if output is None:
        return
    if page + notebook + slides != 1:
        raise UsageError(
            f"--output {output}: names one file; ask for one of page, notebook, slides"
        )
    if Path(output).is_dir():
        raise UsageError(f"--output {output}: is a folder; name a file in it")


def _file(what: Run | Comparison | Sweep, output: str | Path | None, name: str) -> Path:
    return what.path / name if output is None else Path(output)
