"""What all figures share: importing is light, files are equal, names and percentages are honest."""

import subprocess
import sys
from pathlib import Path

import pytest

from retinue import plotting
from retinue.plotting import style


def test_importing_does_not_import_matplotlib() -> None:
    code = "import sys, retinue.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_function_is_there() -> None:
    assert all(callable(getattr(plotting, name)) for name in plotting.__all__)


def test_names_that_would_shorten_alike_stay_apart() -> None:
    names = [f"{'a' * 20} {i} {'b' * 20}" for i in range(3)]
    assert len(set(style.shorten_all(names, 24))) == 3
    assert style.shorten("x" * 100, 11) == "xxxxx…xxxx"
    assert style.shorten("two\nlines") == "two lines"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (0.125, "12.5 %"), (0.9996, "99.96 %"), (1.0004, "100.04 %"), (1.0, "100 %")],
)
def test_a_tick_says_100_only_at_1(value: float, text: str) -> None:
    assert style.percent(value) == text


@pytest.mark.parametrize(
    ("share", "whole"), [(0.0, 0), (0.994, 99), (0.996, 99), (1 - 1e-15, 99), (1.0, 100)]
)
def test_a_whole_percentage_says_100_only_at_1(share: float, whole: int) -> None:
    assert style.at_most_99(round(100 * share), share) == whole


def test_a_figure_is_the_same_file_twice(tmp_path: Path) -> None:
    history = [{"epoch": 1, "train_loss": 1.2}, {"epoch": 2, "train_loss": 0.9}]
    for name in ("one.png", "two.png"):
        plotting.save(plotting.learning_curves(history), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.png", "two.png"]
