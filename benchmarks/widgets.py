"""How soon a new picture follows a slider: the convolution explorer in Chromium.

python -m benchmarks.widgets                 on a bare page, and in JupyterLab
python -m benchmarks.widgets --host page     on a bare page alone

A photo of 256 by 256 pixels in three colours; from the slider's event to the frame after the one
that shows the new output. The slider is moved at any moment between two frames, and every change
is checked to have changed the picture.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks import machine
from retinue.widgets.explorer import ExplorerPanel
from tests.widgets.host import serving
from tests.widgets.jupyter import lab, open_notebook, run_all, write_notebook

MEDIAN, LATEST = 60.0, 100.0  # milliseconds: the target of the median and of the 95th percentile
PHOTO = "china.jpg"
NOTEBOOK = f"""from retinue.widgets import ConvolutionExplorer
ConvolutionExplorer("{PHOTO}", preset="blur", padding=1)"""

# Where the explorer is: the first on the page. `move` sets a slider and waits for the picture.
TIMING = """async ([label, values]) => {
  const root = document.querySelector(".retinue-explorer");
  const slider = root.querySelector(`input[aria-label="${label}"]`);
  const canvas = root.querySelector('.frame[aria-label^="Output"] canvas');
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  }));
  const print = () => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    .data.reduce((sum, value, at) => (sum * 31 + value + at) % 1000000007, canvas.width);
  const found = [];
  for (const value of values) {
    const before = print();
    await sleep(120 + 16 * Math.random());
    const start = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await painted();
    const took = performance.now() - start;
    found.push([took, print() !== before]);
  }
  return found;
}"""

# Label, the values it is moved to in turn, and the kernel that is chosen before.
MOVES: tuple[tuple[str, list[int], str], ...] = (
    ("Kernel size", [5, 7, 9, 11, 8, 6, 4, 2, 3, 10], "Blur: the mean"),
    ("Kernel size", [5, 7, 9, 11, 8, 6, 4, 2, 3, 10], "Sobel x: upright edges"),
    ("Stride", [2, 3, 4, 1, 2, 5, 1, 3, 6, 1], "Gaussian blur"),
    ("Cells at each edge", [2, 5, 10, 0, 4, 7, 1, 8, 3, 1], "Gaussian blur"),
    ("Dilation", [2, 3, 4, 1, 3, 2, 4, 2, 3, 1], "Sobel y: level edges"),
)


def main() -> None:
    """Measure on every host that is asked for, and print a table of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", choices=tuple(HOSTS), action="append")
    parser.add_argument("--rounds", type=int, default=3, help="how often each slider is moved")
    parser.add_argument("--smoke", action="store_true", help="one slider on a bare page")
    asked = parser.parse_args()
    print(f"On {machine.describe()}; load {machine.load():.1f}.\n")
    names = ["page"] if asked.smoke else asked.host or list(HOSTS)
    for name in names:
        with _chromium() as page, HOSTS[name](page):
            _print_table(name, measure(page, MOVES[:1] if asked.smoke else MOVES, asked.rounds))


def measure(
    page: Page, moves: tuple[tuple[str, list[int], str], ...], rounds: int
) -> dict[str, list[float]]:
    """Milliseconds from slider to picture, by what was moved.

    Raises:
        RuntimeError: a change left the picture as it was.
    """
    found: dict[str, list[float]] = {}
    root = page.locator(".retinue-explorer").first
    for label, values, kernel in moves:
        root.get_by_label("Kernel", exact=True).select_option(label=kernel)
        page.wait_for_timeout(500)
        timed = [one for _ in range(rounds) for one in page.evaluate(TIMING, [label, values])]
        if not all(changed for _, changed in timed):
            raise RuntimeError(f"{label}: the picture did not follow")
        found[f"{label}, {kernel.partition(':')[0]}"] = [took for took, _ in timed]
        page.wait_for_timeout(500)
    return found


@contextmanager
def _on_a_page(page: Page) -> Iterator[None]:
    with serving({"a": ExplorerPanel(PHOTO, preset="blur", padding=1)}) as host:
        page.goto(host.url)
        page.wait_for_selector("html[data-ready]")
        yield
        page.goto("about:blank")


@contextmanager
def _in_jupyterlab(page: Page) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="retinue-bench-") as name:
        folder = Path(name)
        write_notebook(folder, "explorer.ipynb", [NOTEBOOK])
        with lab(folder) as address:
            open_notebook(page, address, "explorer.ipynb")
            run_all(page)
            page.wait_for_selector(".retinue-explorer .frame")
            yield
            page.goto("about:blank")


HOSTS: dict[str, Callable[[Page], Any]] = {"page": _on_a_page, "jupyterlab": _in_jupyterlab}


@contextmanager
def _chromium() -> Iterator[Page]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def _print_table(host: str, found: dict[str, list[float]]) -> None:
    print(f"{host} (targets: median {MEDIAN:.0f} ms, 95 % below {LATEST:.0f} ms)\n")
    print("| slider, kernel | changes | median, ms | 95 %, ms |\n|---|---|---|---|")
    everything = [took for one in found.values() for took in one]
    for name, times in [*found.items(), ("all", everything)]:
        middle, late = np.percentile(times, [50, 95])
        print(f"| {name} | {len(times)} | {middle:.1f} | {late:.1f} |", flush=True)
    print()


if __name__ == "__main__":
    main()
