"""What all tests share: a cache of their own, small pictures, a browser, and the real data."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from retinue.data.files import Entry

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browsing import Open

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

# Reasons for which CI may skip a test; any other skip fails it, for it would hide a hole.
EXPECTED_SKIPS = ("no second device here", "no Chromium here", "no LibreOffice here")
_unexpected: list[str] = []

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note every skip whose reason is not expected."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in EXPECTED_SKIPS:
            _unexpected.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run in CI where something was skipped that it should have run."""
    if _unexpected and os.environ.get("CI"):
        sys.stderr.write("\nskipped, though CI expects it to run:\n  ")
        sys.stderr.write("\n  ".join(_unexpected) + "\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder for this test alone, so that no test touches the user's; not made yet."""
    folder = tmp_path.with_name(f"{tmp_path.name}-cache")
    monkeypatch.setenv("RETINUE_CACHE", str(folder))
    return folder


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data; tests that need it are also marked `shared_data`."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data: {SHARED_DATA} is absent")
    return SHARED_DATA


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """The system's Chromium."""
    from playwright.sync_api import sync_playwright

    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: "Browser") -> Iterator["Open"]:
    """`open_page(path, width, dark, script)`: see `tests.browsing.opening`."""
    from tests.browsing import opening

    with opening(browser) as open_one:
        yield open_one


@pytest.fixture
def noise() -> Callable[..., NDArray[np.uint8]]:
    """`noise(seed, height, width, channels)`: pixels that are unlike those of any other seed."""

    def draw(seed: int, height: int = 8, width: int = 8, channels: int = 3) -> NDArray[np.uint8]:
        shape = (height, width, channels)
        return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)

    return draw


@pytest.fixture
def class_folders(noise: Callable[..., NDArray[np.uint8]]) -> Callable[..., Path]:
    """`class_folders(root, {"cat": 5}, height, width, channels)`: PNG files, no two alike.

    Pictures of `train/cat` are train/cat/0.png and on; all are numbered through, so that the same
    counts under other names give the same pictures.
    """

    def make(
        root: Path,
        counts: Mapping[str, int],
        height: int = 8,
        width: int = 8,
        channels: int = 3,
    ) -> Path:
        seed = 0
        for name, count in counts.items():
            (root / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                pixels = noise(seed, height, width, channels)
                picture = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
                picture.save(root / name / f"{number}.png")
                seed += 1
        return root

    return make


class CountingFiles:
    """Files in memory that remember every name that was read; implements `Files`."""

    def __init__(self, contents: Mapping[str, bytes], root: Path) -> None:
        self.contents = dict(contents)
        self.modified = dict.fromkeys(contents, 1)
        self.root = root
        self.reads: list[str] = []

    def entries(self) -> list[Entry]:
        """All files, sorted by name."""
        return [
            Entry(name, len(self.contents[name]), self.modified[name])
            for name in sorted(self.contents)
        ]

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content), sorted, and remember it."""
        for name in sorted(set(names)):
            self.reads.append(name)
            yield name, self.contents[name]


@pytest.fixture
def counting_files(tmp_path: Path) -> Callable[[Mapping[str, bytes]], CountingFiles]:
    """Files in memory with a list `reads` of what was read, and times `modified` to change."""
    return lambda contents: CountingFiles(contents, tmp_path / "source")
