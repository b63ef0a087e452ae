"""Tiny runs, and their folders run as whoever gets them would: where there is no Retinue."""

import importlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import retinue
from retinue import plotting
from retinue.evaluation import judge
from retinue.reporting.project import write_project
from retinue.runs import Run

OWN = ("data", "model", "muon", "train", "evaluate")
WEIGHTS = "model.safetensors"


@contextmanager
def without_retinue(folder: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Import the modules of a folder in this process, where `import retinue` fails meanwhile."""
    before = {name: sys.modules.pop(name) for name in (*OWN, "retinue") if name in sys.modules}
    sys.modules["retinue"] = None  # type: ignore[assignment]
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module
    finally:
        sys.path.remove(str(folder))
        for name in (*OWN, "retinue"):
            sys.modules.pop(name, None)
        sys.modules |= before


def weights_of(folder: Path) -> bytes:
    """What a folder's train.py writes, run in this process."""
    (folder / WEIGHTS).unlink(missing_ok=True)
    with without_retinue(folder) as load:
        load("train").train()
    return (folder / WEIGHTS).read_bytes()


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of a new environment that has all packages but Retinue."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    told = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # Retinue is blocked too, should it be installed there and not linked to.
    lines = [sysconfig.get_path("purelib"), "import sys; sys.modules['retinue'] = None"]
    (Path(told.stdout.strip()) / "others.pth").write_text("\n".join(lines), encoding="utf-8")
    return python


@pytest.fixture
def run_alone(bare_python: Path) -> Callable[[Path, str], str]:
    """`run_alone(folder, script)`: run it as a user does; gives what it printed."""

    def run(folder: Path, script: str) -> str:
        kept = {key: os.environ[key] for key in ("PATH", "OMP_NUM_THREADS") if key in os.environ}
        done = subprocess.run(
            [bare_python, "-W", "error", script], cwd=folder, env={**kept, "MPLBACKEND": "agg"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """`trained(data, model=..., ...)`: one or two epochs, on few pictures where nothing is said."""

    def train(data: str | Path = "digits", **settings: Any) -> Run:
        few = {"limit_per_class": 6, "epochs": 2, "batch_size": 16}
        folder = tmp_path_factory.mktemp("run") / "run"
        with pytest.MonkeyPatch.context() as patch:  # figures take longer than the training
            patch.setattr(judge, "draw_figures", lambda *_: None)
            patch.setattr(judge, "write_pictures", lambda *_: None)
            patch.setattr(plotting, "save", lambda *_: None)
            return retinue.train(data, output=folder, **{**few, **settings})

    return train


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Run], Path]:
    """`project(run)`: its folder to hand in."""
    return lambda run: write_project(run, tmp_path / "project")


def smooth(seed: int, height: int, width: int, channels: int = 3) -> NDArray[np.uint8]:
    """A picture of soft blotches, as photos are."""
    grid = np.random.default_rng(seed).integers(0, 256, (6, 5, channels), dtype=np.uint8)
    image = Image.fromarray(grid[:, :, 0] if channels == 1 else grid)
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return pixels.reshape(height, width, channels)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of 12 JPEGs of many shapes."""
    folder = tmp_path_factory.mktemp("photos")
    for label, name in enumerate(("sea", "wood")):
        (folder / name).mkdir()
        for number in range(12):
            pixels = smooth(100 * label + number, 70 + 9 * number, 160 - 7 * number)
            Image.fromarray(pixels).save(folder / name / f"{number}.jpg", quality=90)
    return folder
