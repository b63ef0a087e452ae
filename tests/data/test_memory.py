"""How much may lie in memory is said in bytes, and what is mapped stays on the disk."""

import inspect
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from retinue.cli.data import show
from retinue.cli.evaluate import evaluate
from retinue.cli.train import train
from retinue.data.imagedata import Split
from retinue.data.memory import CACHE_MEMORY, bytes_of, map_pictures, rows_of
from retinue.errors import RetinueError, UsageError
from retinue.images import Pixels

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize(
    ("amount", "size"),
    [
        (268435456, 268435456),
        ("0", 0),
        ("1000", 1000),
        ("256MB", 256_000_000),
        ("2GB", 2_000_000_000),
        ("2 gb", 2_000_000_000),
        ("512MiB", 512 * 2**20),
        ("1.5GiB", 3 * 2**29),
        ("10k", 10_000),
        ("3B", 3),
    ],
)
def test_amounts_are_understood(amount: int | str, size: int) -> None:
    assert bytes_of(amount) == size


@pytest.mark.parametrize("amount", ["", "much", "-1", -1, "1e9", "12 apples", "MB", "1GBs", True])
def test_nonsense_is_told_in_one_line(amount: int | str) -> None:
    with pytest.raises(UsageError, match="write bytes, as 256MB, 2GB or 512MiB") as told:
        bytes_of(amount)
    assert f"--cache-memory {amount}:" in str(told.value)


def test_the_default_of_the_commands_is_that_of_python() -> None:
    for command in (train, show, evaluate):
        default = inspect.signature(command).parameters["cache_memory"].default
        assert bytes_of(default) == CACHE_MEMORY


@pytest.fixture
def pictures(tmp_path: Path) -> Pixels:
    """8,000 pictures of 64 x 64 in a file, mapped."""
    path = tmp_path / "pictures.u8"
    values = np.random.default_rng(0).integers(0, 256, 8000 * 64 * 64 * 3, dtype=np.uint8)
    values.tofile(path)
    return map_pictures(path, (8000, 64, 64, 3))


def resident() -> int:
    """Bytes of files that are mapped into this process and present."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("RssFile")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize(
    "rows", [[], [3], [0, 1, 2], [7999, 0], [5, 6, 7, 2, 2, 3, 9], list(range(7000, 8000))]
)
def test_rows_of_a_file_are_those_of_its_map(pictures: Pixels, rows: list[int]) -> None:
    chosen = np.array(rows, dtype=np.int64)
    found = rows_of(pictures, chosen)
    assert isinstance(pictures, np.memmap)
    assert not isinstance(found, np.memmap)
    assert (found == pictures[chosen]).all()
    assert found.shape == (len(rows), 64, 64, 3)
    found[:] = 0  # a copy, and writeable


def test_rows_of_a_part_of_a_map_are_counted_in_the_part(pictures: Pixels) -> None:
    for part in (pictures[100:], pictures[::-1], pictures[:, :, :, :1]):
        assert (rows_of(part, np.array([2, 0])) == part[[2, 0]]).all()


@LINUX
def test_reading_all_of_a_mapped_store_does_not_bring_it_into_memory(pictures: Pixels) -> None:
    positions = np.random.default_rng(0).permutation(len(pictures))
    labels = np.zeros(len(pictures), np.int64)
    split = Split(pictures, np.arange(len(pictures)), labels, [], [], [])
    before = resident()
    for start in range(0, len(pictures), 100):
        split.take(positions[start : start + 100])
    split.take(slice(0, 4000))
    assert resident() - before < 2**21
    assert np.asarray(pictures).sum() > 0  # the control: read through the map it is all there
    assert resident() - before > 0.9 * pictures.nbytes


def test_a_file_that_is_gone_is_still_read(pictures: Pixels, tmp_path: Path) -> None:
    expected = pictures[17].copy()
    (tmp_path / "pictures.u8").unlink()
    assert (rows_of(pictures, np.array([17]))[0] == expected).all()


@LINUX
def test_a_file_that_was_cut_short_is_told(pictures: Pixels, tmp_path: Path) -> None:
    os.truncate(tmp_path / "pictures.u8", 100)
    with pytest.raises(RetinueError, match="cut short"):
        rows_of(pictures, np.array([17]))


@LINUX
def test_files_are_closed_with_their_maps(pictures: Pixels, tmp_path: Path) -> None:
    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    more = [map_pictures(tmp_path / "pictures.u8", (8000, 64, 64, 3)) for _ in range(5)]
    assert opened() > before
    del more
    assert opened() == before


def test_rows_in_memory_are_indexed(tmp_path: Path) -> None:
    pictures = np.arange(4 * 8 * 8 * 3, dtype=np.uint8).reshape(4, 8, 8, 3)
    assert (rows_of(pictures, np.array([2, 0])) == pictures[[2, 0]]).all()
    np.save(tmp_path / "own.npy", pictures)
    own = np.load(tmp_path / "own.npy", mmap_mode="r")  # a user's own map
    assert (rows_of(own, np.array([2, 0])) == pictures[[2, 0]]).all()
