"""A store appears whole or not at all."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.data import store
from retinue.data.store import StoreWriter, key_of, open_store
from retinue.errors import RetinueError

Noise = Callable[..., NDArray[np.uint8]]
SHAPE = (8, 8, 3)


def written(parent: Path, noise: Noise, count: int, limit: int = 10**9) -> store.Store:
    with StoreWriter(parent, count) as writer:
        writer.begin(SHAPE)
        for seed in range(count):
            writer.add(f"digest {seed}", noise(seed))
        writer.reject("bad one", "damaged")
        return writer.finish(parent / "key", limit)


def test_what_was_added_is_found(tmp_path: Path, noise: Noise) -> None:
    made = written(tmp_path, noise, 5)
    for found in (made, open_store(tmp_path / "key", 10**9)):
        assert found is not None
        assert (found.pictures == np.stack([noise(seed) for seed in range(5)])).all()
        assert found.rows == {f"digest {seed}": seed for seed in range(5)}
        assert found.bad == {"bad one": "damaged"}
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_others_may_read_what_they_may_read_elsewhere(tmp_path: Path, noise: Noise) -> None:
    (tmp_path / "usual").mkdir()
    written(tmp_path, noise, 1)
    assert (tmp_path / "key").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("count", [0, 5])
def test_pictures_over_the_limit_are_mapped(tmp_path: Path, noise: Noise, count: int) -> None:
    size = count * 8 * 8 * 3
    assert not isinstance(written(tmp_path, noise, count, size).pictures, np.memmap)
    found = open_store(tmp_path / "key", max(0, size - 1))
    assert found is not None
    assert isinstance(found.pictures, np.memmap) == (count > 0)
    assert found.pictures.shape == (count, *SHAPE)


def test_beginning_anew_forgets(tmp_path: Path, noise: Noise) -> None:
    with StoreWriter(tmp_path, 3) as writer:
        writer.begin((4, 4, 1))
        writer.add("old", noise(0, 4, 4, 1))
        writer.reject("old bad", "damaged")
        assert "old" in writer
        writer.begin(SHAPE)
        assert "old" not in writer
        assert "old bad" not in writer
        writer.add("new", noise(1))
        found = writer.finish(tmp_path / "key", 0)
    assert (found.digests, found.bad) == (["new"], {})
    assert (found.pictures == noise(1)).all()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_is_broken_off_leaves_nothing(
    tmp_path: Path, noise: Noise, error: type[BaseException]
) -> None:
    def broken() -> None:
        with StoreWriter(tmp_path, 3) as writer:
            writer.begin(SHAPE)
            writer.add("one", noise(0))
            assert list(tmp_path.iterdir()), "the control: it is written aside"
            raise error

    with pytest.raises(error):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_another_process_that_was_faster_is_believed(tmp_path: Path, noise: Noise) -> None:
    with StoreWriter(tmp_path, 2) as slow:
        slow.begin(SHAPE)
        slow.add("digest 0", noise(0))
        written(tmp_path, noise, 2)
        found = slow.finish(tmp_path / "key", 0)
    assert len(found.digests) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_disk_that_fills_up_is_told_in_one_line(
    tmp_path: Path, noise: Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RetinueError, match=r"No space left on device.*RETINUE_CACHE") as told:
        written(tmp_path, noise, 2)
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_where_the_disk_has_no_room_pictures_are_in_memory(
    tmp_path: Path, noise: Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = 2 * 8 * 8 * 3
    usage: Any = shutil.disk_usage(tmp_path)._replace(free=room)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    for count, on_disk in ((1, True), (2, False)):
        found = written(tmp_path, noise, count)
        assert (found.pictures == np.stack([noise(seed) for seed in range(count)])).all()
        assert (tmp_path / "key").exists() == on_disk
        shutil.rmtree(tmp_path / "key", ignore_errors=True)


@pytest.mark.parametrize("name", ["index.json", "pictures.u8"])
def test_half_a_store_is_none(tmp_path: Path, noise: Noise, name: str) -> None:
    written(tmp_path, noise, 5)
    path = tmp_path / "key" / name
    path.write_bytes(path.read_bytes()[:-1])
    assert open_store(tmp_path / "key", 10**9) is None
    assert open_store(tmp_path / "key", 0) is None
    assert open_store(tmp_path / "nothing", 0) is None


def test_what_a_killed_process_left_is_removed_in_time(tmp_path: Path, noise: Noise) -> None:
    old, new = tmp_path / ".old.part", tmp_path / ".new.part"
    for left in (old, new):
        left.mkdir()
        (left / "pictures.u8").write_bytes(b"half")
    week = time.time() - 8 * 24 * 3600
    os.utime(old, (week, week))
    written(tmp_path, noise, 1)
    assert not old.exists()
    assert new.exists(), "it may still be written to"


def test_a_key_tells_what_it_was_made_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key_of(["a", 1]) == key_of(("a", 1))
    before = {key_of(["a", 1]), key_of(["a", 2]), key_of(["a", "1"])}
    assert len(before) == 3
    monkeypatch.setattr(store, "LAYOUT", store.LAYOUT + 1)
    assert key_of(["a", 1]) not in before
