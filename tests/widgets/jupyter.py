"""JupyterLab on this machine alone: a server, and a notebook in a page of the browser."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
from playwright.sync_api import Page

# Neither news nor updates are asked for, nor is anybody asked whether they should be.
NOTIFICATION = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--expose-app-in-browser",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.terminals_enabled=False",
)
# What JupyterLab complains of without any widget.
NOT_OURS = re.compile("Plugin .* to activate|Disabling terminals plugin")
START = 120  # seconds within which the server answers
FOLDERS = (
    ("JUPYTER_CONFIG_DIR", "config"),
    ("JUPYTER_DATA_DIR", "data"),
    ("JUPYTER_RUNTIME_DIR", "runtime"),
    ("JUPYTERLAB_SETTINGS_DIR", "settings"),
    ("JUPYTERLAB_WORKSPACES_DIR", "workspaces"),
    ("IPYTHONDIR", "ipython"),
)


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """A JupyterLab that keeps everything in `folder`; notebooks lie in its `notebooks`.

    Gives the address of the server, with a token, into which `{path}` is to be put.
    """
    port, token = _free_port(), token_hex(16)
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", *OPTIONS),
                f"--ServerApp.port={port}",
                f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={folder / 'notebooks'}",
            ],
            env=_surroundings(folder),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}/{{path}}?token={token}"
            _wait_for(address.format(path="api/status"), process, folder / "log.txt")
            yield address
        finally:
            process.terminate()
            process.wait(30)


def write_notebook(folder: Path, name: str, cells: Sequence[str]) -> Path:
    """A notebook of code cells into the `notebooks` of a lab's folder; lies there afterwards."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "notebooks" / name
    path.parent.mkdir(exist_ok=True)
    nbformat.write(book, path)
    return path


def open_notebook(page: Page, address: str, name: str) -> None:
    """Show a notebook in a page, with its kernel ready."""
    page.goto(address.format(path=f"lab/tree/{name}") + "&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
        "?.connectionStatus === 'connected'",
        timeout=60_000,
    )


def run_all(page: Page, seconds: float = 120) -> None:
    """Run all cells and wait for the last of them.

    Raises:
        AssertionError: a cell failed.
    """
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function(
        "() => { const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells]"
        ".map((cell) => cell.toJSON()).filter((cell) => cell.cell_type === 'code');"
        "return cells.every((cell) => cell.execution_count !== null)"
        "|| cells.some((cell) => cell.outputs.some((one) => one.output_type === 'error')); }",
        timeout=1000 * seconds,
    )
    failed = page.evaluate(
        "() => [...window.jupyterapp.shell.currentWidget.content.model.cells]"
        ".flatMap((cell) => cell.toJSON().outputs ?? [])"
        ".filter((one) => one.output_type === 'error').map((one) => one.traceback.join('\\n'))"
    )
    assert not failed, failed[0]


def ask(page: Page, expression: str) -> str:
    """What an expression is in the kernel of the notebook, as Python writes it."""
    code = (
        "async (code) => { const { sessionContext } = window.jupyterapp.shell.currentWidget;"
        "const { session } = sessionContext;"
        "const wanted = { code: '', user_expressions: { asked: code }, store_history: false };"
        "const reply = await session.kernel.requestExecute(wanted).done;"
        "return reply.content.user_expressions.asked.data['text/plain']; }"
    )
    return str(page.evaluate(code, expression))


def scroll_to(page: Page, number: int) -> None:
    """Bring a cell into view, by its number from 0 on."""
    page.evaluate(
        "(place) => window.jupyterapp.shell.currentWidget.content.scrollToItem(place)", number
    )


def save(page: Page) -> None:
    """Save the notebook as a person does."""
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")


def _surroundings(folder: Path) -> dict[str, str]:
    """The environment of the server and its kernels: nothing of the user's is read or written."""
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(NOTIFICATION))
    (folder / "notebooks").mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    return {**kept, **{key: str(folder / name) for key, name in FOLDERS}, "OMP_NUM_THREADS": "1"}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until an address answers.

    Raises:
        RuntimeError: the server ended, or does not answer; the text is what it said.
    """
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text()}")
