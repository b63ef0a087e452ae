"""Every picture is read and decoded once, whatever it lies in."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from retinue import images
from retinue.data.cache import cache_folder, load_store, scan
from retinue.data.load import load_data
from retinue.images import Preprocess

RULE = Preprocess((8, 8), (8, 8), "crop", 3)
Noise = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def png(noise: Noise) -> Callable[[int], bytes]:
    """The bytes of the PNG file of some noise."""

    def encode(seed: int, height: int = 8, width: int = 8, channels: int = 3) -> bytes:
        file = BytesIO()
        Image.fromarray(noise(seed, height, width, channels).squeeze()).save(file, "PNG")
        return file.getvalue()

    return encode


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by one entry for every picture that is decoded."""
    seen: list[int] = []
    decode = images.decode

    def counting(data: bytes) -> images.Pixels:
        seen.append(len(data))
        return decode(data)

    monkeypatch.setattr(images, "decode", counting)
    return seen


# --- where


def test_the_cache_is_where_the_environment_says(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == cache
    monkeypatch.delenv("RETINUE_CACHE")
    assert cache_folder() != cache
    assert "retinue" in cache_folder().name.lower()


# --- scanning


def test_a_scan_tells_digest_size_and_kind(
    png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    files = counting_files({"a.png": png(0, 5, 9), "b.png": png(1, 6, 7, 1), "c.png": b"text"})
    found = scan(files, files.entries(), None)
    for name, data in files.contents.items():
        assert found[name].digest == hashlib.sha256(data).hexdigest()
    colour, grey, bad = (found[name] for name in ("a.png", "b.png", "c.png"))
    assert (colour.height, colour.width, colour.grey, colour.reason) == (5, 9, False, "")
    assert (grey.height, grey.width, grey.grey, grey.reason) == (6, 7, True, "")
    assert bad.reason == "not a picture in a known format"


def test_a_second_scan_reads_nothing(
    png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1), "bad.png": b"text"})
    first = scan(files, files.entries(), None)
    assert files.reads == ["a.png", "b.png", "bad.png"]
    files.reads.clear()
    assert scan(files, files.entries(), None) == first
    assert files.reads == []


@pytest.mark.parametrize("change", ["time", "size"])
def test_a_changed_file_is_read_again_and_no_other(
    png: Callable[..., bytes], counting_files: Callable[..., Any], change: str
) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1)})
    scan(files, files.entries(), None)
    files.reads.clear()
    if change == "time":
        files.modified["a.png"] += 1
    else:
        files.contents["a.png"] = png(2, 9, 9)
    found = scan(files, files.entries(), None)
    assert files.reads == ["a.png"]
    assert found["a.png"].digest == hashlib.sha256(files.contents["a.png"]).hexdigest()


def test_a_scan_of_some_files_does_not_forget_the_others(
    png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1)})
    scan(files, files.entries()[:1], None)
    scan(files, files.entries()[1:], None)
    files.reads.clear()
    scan(files, files.entries(), None)
    assert files.reads == []


def test_other_rules_of_decoding_forget_what_was_scanned(
    png: Callable[..., bytes],
    counting_files: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = counting_files({"a.png": png(0)})
    scan(files, files.entries(), None)
    monkeypatch.setattr(images, "RULES", images.RULES + 1)
    scan(files, files.entries(), None)
    assert files.reads == ["a.png", "a.png"]


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"rules": []}', '{"files": 3}'])
def test_a_damaged_memory_is_not_believed(
    cache: Path, png: Callable[..., bytes], counting_files: Callable[..., Any], content: str
) -> None:
    files = counting_files({"a.png": png(0)})
    first = scan(files, files.entries(), None)
    (memory,) = (cache / "scans").iterdir()
    memory.write_text(content)
    assert scan(files, files.entries(), None) == first
    assert files.reads == ["a.png", "a.png"]


def test_progress_is_told_for_every_picture(
    png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    files = counting_files({f"{seed}.png": png(seed) for seed in range(3)})
    seen: list[tuple[str, int, int]] = []
    scanned = scan(files, files.entries(), lambda *told: seen.append(told))
    load_store(files, scanned, RULE, lambda *told: seen.append(told))
    assert seen == [(doing, n, 3) for doing in ("reading", "decoding") for n in (1, 2, 3)]


# --- the store


def stored(files: Any, rule: Preprocess = RULE) -> Any:
    return load_store(files, scan(files, files.entries(), None), rule, None)


def test_the_store_holds_every_picture_under_its_digest(
    noise: Noise, png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    # More than the decoders read ahead.
    files = counting_files({f"{seed}.png": png(seed) for seed in range(100)})
    store = stored(files)
    assert store.pictures.shape == (100, 8, 8, 3)
    for seed in range(100):
        row = store.rows[hashlib.sha256(png(seed)).hexdigest()]
        assert (store.pictures[row] == noise(seed)).all()


def test_a_second_time_nothing_is_read_or_decoded(
    png: Callable[..., bytes], counting_files: Callable[..., Any], decoded: list[int]
) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1)})
    first = stored(files)
    assert len(decoded) == 2
    files.reads.clear()
    second = stored(files)
    assert (len(decoded), files.reads) == (2, [])
    assert (first.pictures == second.pictures).all()
    assert dict(first.rows) == dict(second.rows)


def test_identical_files_share_a_row(
    png: Callable[..., bytes], counting_files: Callable[..., Any], decoded: list[int]
) -> None:
    store = stored(counting_files({"a.png": png(0), "copy.png": png(0), "b.png": png(1)}))
    assert len(store.pictures) == len(decoded) == 2


@pytest.mark.parametrize(
    "other",
    [
        Preprocess((8, 8), (8, 8), "squash", 3),
        Preprocess((8, 8), (9, 9), "crop", 3),
        Preprocess((8, 8), (8, 8), "crop", 1),
    ],
)
def test_other_rules_of_fitting_are_another_store(
    png: Callable[..., bytes],
    counting_files: Callable[..., Any],
    decoded: list[int],
    other: Preprocess,
) -> None:
    files = counting_files({"a.png": png(0)})
    stored(files)
    assert stored(files, other).pictures.shape == (1, *other.stored, other.channels)
    assert len(decoded) == 2


def test_the_size_of_the_network_does_not_matter_to_the_store(
    png: Callable[..., bytes], counting_files: Callable[..., Any], decoded: list[int]
) -> None:
    files = counting_files({"a.png": png(0)})
    stored(files)
    stored(files, Preprocess((6, 6), (8, 8), "crop", 3))
    assert len(decoded) == 1


def test_a_picture_whose_damage_shows_late_is_bad_both_times(
    noise: Noise, png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    file = BytesIO()
    Image.fromarray(noise(0, 64, 64)).save(file, "JPEG")
    cut = file.getvalue()[:2000]  # its header is whole
    assert images.header(cut).width == 64
    files = counting_files({"a.png": png(1), "cut.jpg": cut})
    digest = hashlib.sha256(cut).hexdigest()
    for _ in range(2):
        store = stored(files)
        assert store.bad[digest].startswith("damaged: ")
        assert digest not in store.rows
        assert list(store.rows) == [hashlib.sha256(png(1)).hexdigest()]


@pytest.mark.parametrize("damage", ["index", "pictures", "no index"])
def test_a_damaged_store_is_made_again(
    cache: Path,
    noise: Noise,
    png: Callable[..., bytes],
    counting_files: Callable[..., Any],
    decoded: list[int],
    damage: str,
) -> None:
    files = counting_files({"a.png": png(0)})
    stored(files)
    (folder,) = (cache / "pictures").iterdir()
    if damage == "index":
        (folder / "index.json").write_text("{")
    elif damage == "pictures":
        (folder / "pictures.npy").write_bytes(b"not numpy")
    else:
        (folder / "index.json").unlink()
    assert (stored(files).pictures == noise(0)).all()
    assert (stored(files).pictures == noise(0)).all()
    assert len(decoded) == 2, "once at first, once after the damage, and not again"


def test_nothing_is_left_beside_the_store(
    cache: Path, png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    stored(counting_files({"a.png": png(0)}))
    (folder,) = (cache / "pictures").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["index.json", "pictures.npy"]
    assert set(json.loads((folder / "index.json").read_text())) == {"rows", "bad"}


def test_reading_that_fails_leaves_no_store(
    cache: Path, png: Callable[..., bytes], counting_files: Callable[..., Any]
) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1)})
    scanned = scan(files, files.entries(), None)
    del files.contents["b.png"]
    with pytest.raises(KeyError):
        load_store(files, scanned, RULE, None)
    assert list((cache / "pictures").iterdir()) == []


def test_a_cache_that_cannot_be_written_costs_time_only(
    cache: Path,
    noise: Noise,
    png: Callable[..., bytes],
    counting_files: Callable[..., Any],
    decoded: list[int],
) -> None:
    cache.write_text("a file where the folder should be")
    files = counting_files({"a.png": png(0)})
    for times in (1, 2):
        assert (stored(files).pictures == noise(0)).all()
        assert len(decoded) == len(files.reads) / 2 == times
    assert cache.is_file()


def test_a_large_store_stays_on_the_disk(
    png: Callable[..., bytes],
    counting_files: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = counting_files({"a.png": png(0)})
    assert not isinstance(stored(files).pictures, np.memmap)
    monkeypatch.setattr("retinue.data.cache.IN_MEMORY", 10)
    assert isinstance(stored(files).pictures, np.memmap)


# --- one store for all containers


def test_folder_zip_and_table_of_the_same_pictures_are_one_data_set(
    tmp_path: Path, class_folders: Callable[..., Path], cache: Path, decoded: list[int]
) -> None:
    folder = class_folders(tmp_path / "photos", {"cat": 15, "dog": 12})
    names = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*"))
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in names:
            archive.write(folder / name, f"inside/{name}")
    rows = [f"photos/{name},{name.split('/')[0]}" for name in reversed(names)]
    (tmp_path / "photos.csv").write_text("\n".join(["path,label", *rows]))
    loaded = [load_data(tmp_path / name) for name in ("photos", "photos.zip", "photos.csv")]
    assert len(decoded) == 27
    assert len(list((cache / "pictures").iterdir())) == 1
    first = loaded[0]
    for other in loaded[1:]:
        assert other.digest == first.digest
        for name, split in first.splits.items():
            assert sorted(other.splits[name].digests) == sorted(split.digests)
    moved = load_data(tmp_path / "photos", split_seed=1)
    assert moved.digest != first.digest, "the control: another split is another digest"
