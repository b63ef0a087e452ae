"""Executing a notebook by this interpreter, so that nothing in its folder is taken for code."""

import os
import sys
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


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells with `folder` as the working folder; their outputs are put into the notebook.

    Raises:
        RetinueError: a cell failed or took too long, or there is no kernel.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        kernels = _ThisInterpreter()
        kernels.folder = folder.resolve()
        # Sockets in a folder of our own are for nobody else; their paths must be short.
        private = os.name == "posix" and len(aside) < LONGEST
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(
                kernel_spec_manager=kernels,
                connection_file=str(Path(aside) / "kernel.json"),
                transport="ipc" if private else "tcp",
            ),
            timeout=SECONDS,
            startup_timeout=STARTING,
            resources={"metadata": {"path": aside}},
            record_timing=False,
        )
        try:
            client.execute(env=_environment(aside), cleanup_kc=True)
        except CellTimeoutError:
            raise RetinueError(f"the notebook: a cell took more than {SECONDS} s") from None
        except CellExecutionError as error:
            reason = printable(f"{error.ename}: {error.evalue}", 300)
            raise RetinueError(f"the notebook: a cell failed: {reason}") from None
        except (DeadKernelError, RuntimeError, OSError) as error:
            reason = printable(str(error), 300)
            raise RetinueError(f"the notebook: its kernel failed: {reason}") from None


def _environment(aside: str) -> dict[str, Any]:
    """Ours, without the user's own start-up files and backend of figures."""
    kept = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    # Without the last, debugpy warns on stderr about modules that are part of Python itself.
    ours = {"IPYTHONDIR": aside, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    # The kernel finds the same packages, also those that are only on this process's path.
    paths = [path for path in sys.path if path]
    return {**kept, **ours, "PYTHONPATH": os.pathsep.join(paths)}
