"""Every benchmark runs in its smallest form, so that it cannot rot."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"


def smoke(figure: str) -> list[str]:
    """The lines of the table that a figure prints."""
    command = [sys.executable, str(ROOT / "benchmarks" / "figures.py"), figure, "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("| `")]


@pytest.mark.slow
@pytest.mark.parametrize(("figure", "lines"), [("startup", 2), ("digits", 1)])
def test_figures_that_need_no_data(figure: str, lines: int) -> None:
    assert len(smoke(figure)) == lines


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here")
@pytest.mark.parametrize(("figure", "lines"), [("lesson", 2), ("photos", 1)])
def test_figures_on_real_data(figure: str, lines: int) -> None:
    assert len(smoke(figure)) == lines
