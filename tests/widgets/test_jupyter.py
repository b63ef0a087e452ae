"""All widgets where they are used: in JupyterLab, and in notebooks that no kernel runs any more."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page, expect

from tests.browsing import accessibility_faults
from tests.widgets.host import Watched, pixels_of
from tests.widgets.jupyter import (
    NOT_OURS,
    ask,
    lab,
    open_notebook,
    run_all,
    save,
    scroll_to,
    write_notebook,
)

pytestmark = pytest.mark.slow

PREPARE = """
import retinue
from retinue.widgets import (
    Attribution, ConvolutionExplorer, FeatureMaps, ReceptiveField, TrainingMonitor, TrainingStep,
)
run = retinue.train("digits", model="cnn", epochs=1, device="cpu", output="run")
"""
CELLS = {
    "Convolution explorer": 'explorer = ConvolutionExplorer("flower.jpg", run=run)\nexplorer',
    "Feature maps": 'maps = FeatureMaps(run, "test:17")\nmaps',
    "Receptive field": 'ReceptiveField(run, "test:17")',
    "Attribution": 'Attribution(run, "test:17")',
    "Training step": "TrainingStep(run)",
    "Training monitor": "TrainingMonitor(run)",
}
STILL = "img[class^=retinue-still-]"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server and of the notebooks in it."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    """A JupyterLab."""
    with lab(place) as found:
        yield found


@pytest.fixture(scope="module")
def worked(place: Path, address: str, browser: Browser) -> Iterator[Watched]:
    """A notebook with all widgets, run in JupyterLab and still open."""
    write_notebook(place, "widgets.ipynb", [PREPARE, *CELLS.values()])
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    watched = Watched(context.new_page())
    open_notebook(watched.page, address, "widgets.ipynb")
    run_all(watched.page)
    yield watched
    context.close()


def section(page: Page, name: str) -> Any:
    """A widget, brought into view: JupyterLab lays out only the cells that are seen."""
    scroll_to(page, list(CELLS).index(name) + 1)
    found = page.get_by_role("region", name=name, exact=True)
    expect(found).to_be_visible()
    return found


@pytest.mark.parametrize("name", CELLS)
def test_every_widget_is_there_and_hides_its_picture(worked: Watched, name: str) -> None:
    widget = section(worked.page, name)
    cell = worked.page.locator(".jp-Cell", has=widget)
    expect(cell.locator(STILL)).to_have_count(1)
    expect(cell.locator(STILL)).to_be_hidden()
    expect(cell.locator(".jp-OutputArea")).not_to_contain_text("Error")


def test_a_control_asks_the_kernel_and_the_kernel_answers(worked: Watched) -> None:
    widget = section(worked.page, "Feature maps")
    choice = widget.get_by_label("Layer")
    label = choice.locator("option").nth(3).text_content() or ""  # known even where it is not drawn
    choice.select_option(label=label)
    expect(widget.locator(".all > .soft")).to_contain_text(re.compile(r"^\w"))
    expect(widget.get_by_role("application")).to_be_visible()
    widget.get_by_role("slider", name="Chosen channel").press("Home")
    expect(widget.locator(".one > .retinue-says").first).to_contain_text("Channel 0:")
    asked_until(worked.page, "maps.layer", repr(label.partition(":")[0]))
    asked_until(worked.page, "maps.channel", "0")


def asked_until(page: Page, expression: str, wanted: str) -> None:
    """Ask the kernel until it gives what is wanted: a page sends its changes one after another."""
    for _ in range(100):
        found = ask(page, expression)
        if found == wanted:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{expression} is {found}, not {wanted}")


def test_a_slider_of_the_explorer_changes_its_picture_and_what_the_kernel_knows(
    worked: Watched,
) -> None:
    page = worked.page
    widget = section(page, "Convolution explorer")
    output = widget.get_by_label("Output. Arrow keys").locator("canvas")
    expect(widget.get_by_text("Output 254 × 254")).to_be_visible()
    before = pixels_of(output)
    widget.get_by_label("Output channels of the layer").fill("32")  # the control
    asked_until(page, "explorer.channels_out", "32")
    assert (pixels_of(output) == before).all()
    widget.get_by_label("Kernel size", exact=True).fill("7")
    expect(widget.get_by_text("Output 250 × 250")).to_be_visible()
    asked_until(page, "explorer.kernel_size", "[7, 7]")
    after = pixels_of(output)
    assert after.shape == (250, 250, 4)
    assert (after != before[:250, :250]).mean() > 0.1
    asked_until(page, "explorer.output.shape", "(1, 250, 250)")
    assert complaints(worked) == []


def complaints(worked: Watched) -> list[str]:
    """What the page said that JupyterLab does not say of itself, and whom else it asked."""
    return [*worked.strangers(), *(one for one in worked.said if not NOT_OURS.search(one))]


def test_what_python_sets_is_seen(worked: Watched) -> None:
    widget = section(worked.page, "Feature maps")
    ask(worked.page, "maps.change(channel=2, strength=0.25)")
    expect(widget.locator(".one > .retinue-says").first).to_contain_text("Channel 2:")
    expect(widget.get_by_label("Strength")).to_have_value("0.25")


def test_keys_in_a_widget_are_not_taken_for_those_of_the_notebook(worked: Watched) -> None:
    page = worked.page
    widget = section(page, "Feature maps")
    before = page.locator(".jp-Cell").count()
    grid = widget.get_by_role("slider", name="Chosen channel")
    for key in ("a", "b", "d", "d", "ArrowDown", "ArrowRight"):
        grid.press(key)
    assert page.locator(".jp-Cell").count() == before
    assert page.evaluate("document.activeElement.closest('.retinue') !== null")


def test_nothing_was_complained_of_and_nobody_else_was_asked(worked: Watched) -> None:
    assert complaints(worked) == []


def test_what_is_complained_of_in_a_notebook_is_noticed(address: str, watched: Watched) -> None:
    watched.page.goto(address.format(path="lab"))
    watched.page.evaluate("console.error('planted'); new Image().src = 'https://example.org/x';")
    watched.page.wait_for_timeout(200)
    assert {"https://example.org/x", "error: planted"} <= set(complaints(watched))


def test_how_the_notebook_lays_out_lists_does_not_reach_the_widgets(worked: Watched) -> None:
    terms = section(worked.page, "Training step").locator("dt, dd")
    styles = terms.evaluate_all("(all) => all.map((one) => getComputedStyle(one).float)")
    assert len(styles) > 1
    assert set(styles) == {"none"}


def test_widgets_in_the_notebook_are_accessible(worked: Watched) -> None:
    for name in CELLS:
        section(worked.page, name)
        assert accessibility_faults(worked.page, ".retinue") == []


def test_a_saved_notebook_shows_pictures_where_its_kernel_is_gone(
    worked: Watched, place: Path, address: str, watched: Watched
) -> None:
    save(worked.page)
    saved = place / "notebooks" / "widgets.ipynb"
    (place / "notebooks" / "later.ipynb").write_bytes(saved.read_bytes())
    open_notebook(watched.page, address, "later.ipynb")
    for number in range(1, len(CELLS) + 1):
        scroll_to(watched.page, number)
        cell = watched.page.locator(".jp-Cell").nth(number)
        expect(cell.locator(STILL)).to_be_visible()
    assert pictures_on_page(saved, watched.page) == len(CELLS)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook as `nbconvert --execute` runs and keeps it, the widgets' state included."""
    folder = tmp_path_factory.mktemp("executed")
    last = "display(maps._repr_mimebundle_()[0], raw=True)"
    path = write_notebook(folder, "executed.ipynb", [PREPARE, *CELLS.values(), last])
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    assert book.metadata.widgets
    nbformat.write(book, path)
    return path


def test_the_page_of_a_notebook_shows_a_picture_for_each_widget(
    executed: Path, watched: Watched
) -> None:
    assert pictures_on_page(executed, watched.page) == len(CELLS)


def test_a_picture_in_one_output_with_its_widget_would_not_be_seen(
    executed: Path, watched: Watched
) -> None:
    book = nbformat.read(executed, as_version=4)
    book.cells = book.cells[-1:]
    assert "image/png" in book.cells[0].outputs[0].data
    alone = executed.with_name("alone.ipynb")
    nbformat.write(book, alone)
    assert pictures_on_page(alone, watched.page) == 0


def pictures_on_page(notebook: Path, page: Page) -> int:
    """How many pictures are seen on the page that nbconvert makes, where there is no web."""
    html, _ = HTMLExporter().from_filename(str(notebook))
    path = notebook.with_suffix(".html")
    path.write_text(html, encoding="utf-8")
    page.route(re.compile("^https?:"), lambda route: route.fulfill(status=200, body=""))
    page.goto(path.as_uri())
    page.wait_for_load_state("load")
    found = page.locator("img[src^='data:image/png']")
    return sum(
        one.is_visible() and one.evaluate("(image) => image.naturalWidth > 100")
        for one in found.all()
    )
