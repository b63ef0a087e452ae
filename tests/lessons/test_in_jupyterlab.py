"""Every notebook where learners open it: in JupyterLab, in a browser, from top to bottom."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as TooLateError

from retinue.lessons.material import ROOT
from retinue.lessons.notebooks import notebook_of, text_of
from tests.lessons.masters import ALL
from tests.lessons.notebooks_for_tests import notebook
from tests.widgets.host import Watched
from tests.widgets.jupyter import NOT_OURS, lab, open_notebook, run_all, scroll_to

pytestmark = pytest.mark.slow

SECONDS = 300
EVERY = [pytest.param(path, id=path.stem) for path in ALL]
WIDGET = "application/vnd.jupyter.widget-view+json"
# What stands where a widget could not be shown, or a picture not be loaded.
BROKEN = """() => {
  const shown = [...document.querySelectorAll(".jp-OutputArea-output")].map((one) => one.innerText);
  const lost = [...document.images].filter((one) => one.complete && !one.naturalWidth);
  return [
    ...shown.filter((one) => /Error displaying widget|Failed to load model|Traceback/.test(one)),
    ...lost.map((one) => `no picture: ${one.src.slice(0, 80)}`),
  ];
}"""

DRAWN = """([place, kind]) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[place];
  const widgets = cell.model.toJSON().outputs.filter((one) => one.data?.[kind]);
  const drawn = cell.node.querySelectorAll(".jp-OutputArea-output > .lm-Widget > *");
  return drawn.length >= widgets.length;
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server and of the notebooks in it."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    """A JupyterLab whose kernels find no data and an empty cache, so that no training is long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETINUE_CACHE", str(place / "cache"))
        patch.delenv(ROOT, raising=False)
        with lab(place) as found:
            yield found


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield Watched(context.new_page())
    context.close()


def faults(watched: Watched, place: Path, address: str, name: str, book: NotebookNode) -> list[str]:
    """Open a notebook and run it; what went wrong in it, on the page or in the console."""
    folder = place / "notebooks" / name  # of its own, for what its cells write
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(text_of(book), encoding="utf-8")
    page = watched.page
    open_notebook(page, address, f"{name}/{name}.ipynb")
    try:
        run_all(page, SECONDS)
    except AssertionError as error:
        return [f"a cell failed: {error}"]
    found = [fault for number in cells_to_see(page) for fault in seen(page, number)]
    shut_down(page)
    heard = [one for one in watched.said if not NOT_OURS.search(one)]
    return [*dict.fromkeys(found), *heard, *watched.strangers()]


def cells_to_see(page: Page) -> list[int]:
    """The cells with outputs; JupyterLab lays out only what is near the cell that is looked at."""
    counts = page.evaluate(
        "() => [...window.jupyterapp.shell.currentWidget.content.model.cells]"
        ".map((cell) => (cell.toJSON().outputs ?? []).length)"
    )
    return [number for number, count in enumerate(counts) if count]


def seen(page: Page, number: int) -> list[str]:
    """Bring a cell into view, wait for its widgets, and say what is broken there."""
    scroll_to(page, number)
    try:
        page.wait_for_function(DRAWN, arg=[number, WIDGET], timeout=30_000)
    except TooLateError:
        return [f"cell {number}: a widget is not shown"]
    return list(page.evaluate(BROKEN))


def shut_down(page: Page) -> None:
    """End the kernel, whose memory the next one may need."""
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


@pytest.mark.parametrize("master", EVERY)
def test_it_runs_without_a_fault(master: Path, watched: Watched, place: Path, address: str) -> None:
    book = notebook_of(master.read_text(encoding="utf-8"), master.stem)
    assert faults(watched, place, address, master.stem, book) == []


PLANTED = {
    "cell": ("1 / 0", "ZeroDivisionError"),
    "widget": (
        "import anywidget\n"
        "class Broken(anywidget.AnyWidget):\n"
        "    _esm = 'export default { render() { throw new Error(\"planted\"); } }'\n"
        "Broken()",
        "planted",
    ),
    "console": (
        "from IPython.display import Javascript\nJavascript('console.error(\"planted\")')",
        "planted",
    ),
    "picture": (
        "from IPython.display import HTML\nHTML('<img src=\"https://example.org/planted.png\">')",
        "https://example.org/planted.png",
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_planted_is_noticed(kind: str, watched: Watched, place: Path, address: str) -> None:
    source, told = PLANTED[kind]
    found = faults(watched, place, address, f"planted-{kind}", notebook([source]))
    assert any(told in one for one in found)


def test_a_notebook_without_a_fault_has_none(watched: Watched, place: Path, address: str) -> None:
    assert faults(watched, place, address, "control", notebook(["1 + 1"])) == []
