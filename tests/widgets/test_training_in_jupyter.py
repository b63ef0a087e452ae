"""TrainingMonitor in JupyterLab beside a training that keeps the kernel busy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.widgets.host import Watched
from tests.widgets.jupyter import NOT_OURS, lab, open_notebook, write_notebook

pytestmark = pytest.mark.slow

SETTINGS = "model='cnn', epochs=25, device='cpu', threads=1"
# By its folder alone, and by the listener.
WAYS = {
    "folder": (
        "from retinue.widgets import TrainingMonitor\nTrainingMonitor('by-folder')",
        f"retinue.train('digits', output='by-folder', checkpoint_every='1s', {SETTINGS})",
    ),
    "listener": (
        "from retinue.widgets import TrainingMonitor\nmonitor = TrainingMonitor()\nmonitor",
        "from pathlib import Path\n"
        "from retinue.recipe import make_recipe\n"
        "from retinue.training.fit import fit\n"
        "recipe = make_recipe({'data': 'digits', 'model': 'cnn', 'epochs': 25})\n"
        "fit(recipe, output=Path('by-listener'), device='cpu', listener=monitor.panel.listener)",
    ),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder of a JupyterLab, and its address."""
    place = tmp_path_factory.mktemp("lab")
    with lab(place) as found:
        yield place, found


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield Watched(context.new_page())
    context.close()


def is_busy(page: Page) -> bool:
    """Whether the kernel of the notebook is at work."""
    return bool(
        page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
            " === 'busy'"
        )
    )


@pytest.mark.parametrize("way", WAYS)
def test_curves_and_predictions_grow_while_the_kernel_is_busy(
    way: str, address: tuple[Path, str], watched: Watched
) -> None:
    place, url = address
    write_notebook(place, f"{way}.ipynb", ["import retinue", *WAYS[way]])
    page = watched.page
    open_notebook(page, url, f"{way}.ipynb")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    monitor = page.locator(".retinue-training-monitor")
    expect(monitor.locator("[aria-live]")).to_contain_text("epoch ", timeout=120_000)
    expect(monitor.locator(".sample").first).to_be_visible(timeout=60_000)
    assert is_busy(page)
    expect(monitor.locator(".stage")).to_have_text("training")
    expect(monitor.locator("section .soft").first).to_contain_text("after ")
    expect(monitor.locator(".stage")).to_have_text("finished", timeout=240_000)
    expect(monitor.locator("section .soft").first).to_contain_text("by the weights that were kept")
    assert watched.strangers() == []
    assert [one for one in watched.said if not NOT_OURS.search(one)] == []
