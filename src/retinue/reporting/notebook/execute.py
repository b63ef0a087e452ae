"""Executing a notebook by this interpreter, so that nothing in its folder is taken for code."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from retinue.errors import RetinueError
from retinue.wording import printable

SECONDS = 300  # that a cell may take
STARTING = 120  # and the kernel to start
LONGEST = 80  # letters of a folder in which sockets can be


class FailedCellError(RetinueError):
    """A cell of a notebook failed; its outputs tell which."""


class _ThisInterpreter(KernelSpecManager):
    """Knows one kernel: that of the Python which runs this, whatever else is installed."""

    folder = Path()

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernel, working in `folder`, where it looks for no code."""
        # It starts elsewhere: Python, IPython and matplotlib would read files of the folder.
        begin = f"import os, matplotlib; os.chdir({str(self.folder)!a})"
        options = [
            "--IPKernelApp.log_level=ERROR",
            "--InteractiveShellApp.ignore_cwd=True",
            f"--InteractiveShellApp.exec_lines={begin}",
        ]
        argv = make_ipkernel_cmd(extra_arguments=options)
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def execute(
    notebook: NotebookNode,
    folder: Path,
    seconds: float | None = None,
    variables: Mapping[str, str] | None = None,
    begin: Callable[[NotebookNode], None] | None = None,
) -> None:
    """Run all cells with `folder` as the working folder; their outputs are put into the notebook.

    Args:
        notebook: what is run; cells tagged "raises-exception" may fail.
        folder: where its cells find themselves.
        seconds: that each cell may take; by default 300.
        variables: of the environment, beside those of this process.
        begin: told each cell of code before it is run.

    Raises:
        FailedCellError: a cell failed.
        RetinueError: a cell took too long, or there is no kernel.
    """
    seconds = SECONDS if seconds is None else seconds
    with TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        client = NotebookClient(
            notebook,
            km=_manager(folder, aside),
            timeout=seconds,
            startup_timeout=STARTING,
            resources={"metadata": {"path": aside}},
            record_timing=False,
            on_cell_execute=None if begin is None else lambda cell, cell_index: begin(cell),
        )
        try:
            client.execute(
                env={**_environment(aside), **(variables or {})},
                cleanup_kc=True,
                stderr=subprocess.DEVNULL,  # where a kernel that is ended complains
            )
        except CellTimeoutError:
            raise RetinueError(f"the notebook: a cell took more than {seconds:g} s") from None
        except CellExecutionError as error:
            reason = printable(f"{error.ename}: {error.evalue}", 300)
            raise FailedCellError(f"the notebook: a cell failed: {reason}") from None
        except (DeadKernelError, RuntimeError, OSError) as error:
            reason = printable(str(error), 300)
            raise RetinueError(f"the notebook: its kernel failed: {reason}") from None


def _manager(folder: Path, aside: str) -> AsyncKernelManager:
    """What starts a kernel that works in `folder` and keeps its own files aside."""
    kernels = _ThisInterpreter()
    kernels.folder = folder.resolve()
    # Sockets in a folder of our own are for nobody else; their paths must be short.
    private = os.name == "posix" and len(aside) < LONGEST
    return AsyncKernelManager(
        kernel_spec_manager=kernels,
        connection_file=str(Path(aside) / "kernel.json"),
        transport="ipc" if private else "tcp",
    )


def _environment(aside: str) -> dict[str, Any]:
    """Ours, without the user's own start-up files and backend of figures."""
    kept = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    # Without the last, debugpy warns on stderr about modules that are part of Python itself.
    ours = {"IPYTHONDIR": aside, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    # The kernel finds the same packages, also those that are only on this process's path.
    paths = [path for path in sys.path if path]
    return {**kept, **ours, "PYTHONPATH": os.pathsep.join(paths)}
