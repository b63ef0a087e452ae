"""Channel statistics against NumPy's."""

import numpy as np
import pytest

from retinue.data.imagedata import Split
from retinue.training.normalisation import channel_statistics


def split_of(count: int, size: int, channels: int, rows: list[int] | None = None) -> Split:
    random = np.random.default_rng(0)
    store = random.integers(0, 256, (count, size, size, channels), dtype=np.uint8)
    store[..., 0] //= 3  # channels that differ
    chosen = np.arange(count) if rows is None else np.array(rows)
    names = [str(row) for row in chosen]
    return Split(store, chosen, np.zeros(len(chosen), np.int64), names, names, names)


@pytest.mark.parametrize(("count", "size", "channels"), [(1203, 6, 3), (7, 70, 1), (1, 4, 3)])
def test_mean_and_deviation_are_numpy_s(count: int, size: int, channels: int) -> None:
    split = split_of(count, size, channels)
    mean, std = channel_statistics(split)
    pixels = split.images.reshape(-1, channels).astype(np.float64)
    assert mean == pytest.approx(pixels.mean(axis=0).tolist(), rel=1e-9)
    assert std == pytest.approx(pixels.std(axis=0).tolist(), rel=1e-7)


def test_only_the_pictures_of_the_split_count() -> None:
    part = split_of(10, 5, 1, rows=[2, 2, 7])
    mean, _ = channel_statistics(part)
    assert mean == pytest.approx([part.store[[2, 2, 7]].mean()])
    assert mean != pytest.approx([part.store.mean()])


def test_pictures_of_one_colour_have_no_deviation() -> None:
    split = split_of(3, 4, 1)
    split.store[:] = 200
    assert channel_statistics(split) == ([200.0], [0.0])
