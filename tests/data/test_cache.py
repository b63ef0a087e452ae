"""Every picture is read and decoded once, whatever it lies in."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from retinue import images
from retinue.data import workers
from retinue.data.cache import TakenIn, cache_folder, pictures_folder, take_in
from retinue.data.load import load_data
from retinue.data.looking import Scanned
from retinue.data.pool import Wanted
from retinue.data.store import Store
from retinue.errors import PictureError, RetinueError
from retinue.images import Preprocess

RULE = Preprocess((8, 8), (8, 8), "crop", 3)
Noise = Callable[..., NDArray[np.uint8]]
Png = Callable[..., bytes]
Sources = Callable[..., Any]


@pytest.fixture
def png(noise: Noise) -> Png:
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
    inner = images.header_and_pixels

    def counting(data: bytes, preprocess: Preprocess) -> Any:
        seen.append(len(data))
        return inner(data, preprocess)

    monkeypatch.setattr(images, "header_and_pixels", counting)
    return seen


def taken(files: Any, rule: Preprocess = RULE) -> TakenIn:
    return take_in(files, files.entries(), lambda *_: rule)


def scan(files: Any) -> dict[str, Scanned]:
    return dict(taken(files).scanned)


def stored(files: Any, rule: Preprocess = RULE) -> Store:
    return taken(files, rule).store


# --- where


def test_the_cache_is_where_the_environment_says(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == cache
    assert pictures_folder() == cache / "pictures"
    monkeypatch.delenv("RETINUE_CACHE")
    assert cache_folder() != cache
    assert "retinue" in cache_folder().name.lower()


# --- scanning


def test_a_scan_tells_digest_size_and_kind(png: Png, counting_files: Sources) -> None:
    files = counting_files({"a.png": png(0, 5, 9), "b.png": png(1, 6, 7, 1), "c.png": b"text"})
    found = scan(files)
    for name, data in files.contents.items():
        assert found[name].digest == hashlib.sha256(data).hexdigest()
    colour, grey, bad = (found[name] for name in ("a.png", "b.png", "c.png"))
    assert (colour.height, colour.width, colour.grey, colour.reason) == (5, 9, False, "")
    assert (grey.height, grey.width, grey.grey, grey.reason) == (6, 7, True, "")
    assert bad.reason == "not a picture in a known format"


def test_a_second_scan_reads_nothing(png: Png, counting_files: Sources) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1), "bad.png": b"text"})
    first = scan(files)
    assert files.reads == ["a.png", "b.png", "bad.png"]
    files.reads.clear()
    assert scan(files) == first
    assert files.reads == []


@pytest.mark.parametrize("change", ["time", "size"])
def test_of_changed_files_the_digest_is_taken_again(
    png: Png, counting_files: Sources, change: str
) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1)})
    before = scan(files)
    files.reads.clear()
    files.contents["a.png"] = png(2, 9, 9) if change == "size" else png(2)
    files.modified["a.png"] += change == "time"
    after = scan(files)
    assert after["a.png"].digest == hashlib.sha256(files.contents["a.png"]).hexdigest()
    assert after["b.png"] == before["b.png"]
    # The changed file once, for digest and pixels; the other for the new store's pixels.
    assert sorted(files.reads) == ["a.png", "b.png"]


def test_a_scan_of_some_files_does_not_forget_the_others(png: Png, counting_files: Sources) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1)})
    for some in (files.entries()[:1], files.entries()[1:]):
        take_in(files, some, lambda *_: RULE)
    files.reads.clear()
    for some in (files.entries()[:1], files.entries()[1:]):
        take_in(files, some, lambda *_: RULE)
    assert files.reads == []


def test_other_rules_of_decoding_forget_what_was_scanned(
    png: Png, counting_files: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = counting_files({"a.png": png(0)})
    scan(files)
    monkeypatch.setattr(images, "RULES", images.RULES + 1)
    scan(files)
    assert files.reads == ["a.png", "a.png"]


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"rules": []}', '{"files": 3}'])
def test_a_damaged_memory_is_not_believed(
    cache: Path, png: Png, counting_files: Sources, content: str
) -> None:
    files = counting_files({"a.png": png(0)})
    first = scan(files)
    (memory,) = (cache / "scans").iterdir()
    memory.write_text(content)
    assert scan(files) == first
    assert files.reads == ["a.png", "a.png"]


# --- one pass


def rule_of(shapes: set[tuple[int, int]], grey: bool) -> Preprocess:
    return Wanted().preprocess_for(shapes, grey)


def test_a_first_pass_reads_every_file_once(
    png: Png, counting_files: Sources, decoded: list[int]
) -> None:
    files = counting_files({f"{seed}.png": png(seed) for seed in range(20)})
    take_in(files, files.entries(), rule_of)
    assert len(files.reads) == len(decoded) == 20


@pytest.mark.parametrize(
    ("late", "shape"),
    [
        ((8, 8, 3), (8, 8, 3)),  # the control: the last is like the others
        ((8, 9, 3), (147, 147, 3)),  # not the one small shape any more
        ((300, 200, 3), (147, 147, 3)),
        ((8, 8, 1), (8, 8, 3)),
    ],
)
def test_a_late_picture_of_another_size_changes_all_before_it(
    png: Png, counting_files: Sources, late: tuple[int, int, int], shape: tuple[int, int, int]
) -> None:
    contents = {f"{seed:03}.png": png(seed) for seed in range(600)}  # several chunks
    files = counting_files({**contents, "late.png": png(600, *late)})
    found = take_in(files, files.entries(), rule_of)
    assert found.preprocess.shape == shape
    assert found.store.pictures.shape == (601, *shape)
    for name, data in files.contents.items():
        row = found.store.rows[found.scanned[name].digest]
        assert (found.store.pictures[row] == found.preprocess.read(data)).all()


def test_grey_pictures_before_the_first_colour_are_brought_as_colour(
    png: Png, counting_files: Sources
) -> None:
    contents = {f"{seed:02}.png": png(seed, 8, 8, 1 if seed < 12 else 3) for seed in range(15)}
    files = counting_files(contents)
    found = take_in(files, files.entries(), rule_of)
    assert found.store.pictures.shape == (15, 8, 8, 3)
    for name, data in contents.items():
        row = found.store.rows[found.scanned[name].digest]
        assert (found.store.pictures[row] == found.preprocess.read(data)).all()


def test_progress_is_told_for_every_picture(png: Png, counting_files: Sources) -> None:
    files = counting_files({f"{seed}.png": png(seed) for seed in range(3)})
    seen: list[tuple[str, int, int]] = []
    for size in (8, 9):
        rule = Preprocess((size, size), (size, size), "crop", 3)
        take_in(files, files.entries(), lambda *_, r=rule: r, progress=lambda *t: seen.append(t))
    assert seen == [(doing, n, 3) for doing in ("reading", "decoding") for n in (1, 2, 3)]


# --- the store


def test_the_store_holds_every_picture_under_its_digest(
    noise: Noise, png: Png, counting_files: Sources
) -> None:
    files = counting_files({f"{seed}.png": png(seed) for seed in range(100)})
    store = stored(files)
    assert store.pictures.shape == (100, 8, 8, 3)
    for seed in range(100):
        row = store.rows[hashlib.sha256(png(seed)).hexdigest()]
        assert (store.pictures[row] == noise(seed)).all()


def test_a_second_time_nothing_is_read_or_decoded(
    png: Png, counting_files: Sources, decoded: list[int]
) -> None:
    files = counting_files({"a.png": png(0), "b.png": png(1)})
    first = stored(files)
    assert len(decoded) == 2
    files.reads.clear()
    second = stored(files)
    assert (len(decoded), files.reads) == (2, [])
    assert (first.pictures == second.pictures).all()
    assert dict(first.rows) == dict(second.rows)


def test_identical_files_share_a_row(png: Png, counting_files: Sources) -> None:
    store = stored(counting_files({"a.png": png(0), "copy.png": png(0), "b.png": png(1)}))
    assert len(store.pictures) == len(store.rows) == 2


@pytest.mark.parametrize(
    "other",
    [
        Preprocess((8, 8), (8, 8), "squash", 3),
        Preprocess((8, 8), (9, 9), "crop", 3),
        Preprocess((8, 8), (8, 8), "crop", 1),
    ],
)
def test_other_rules_of_fitting_are_another_store(
    png: Png, counting_files: Sources, decoded: list[int], other: Preprocess
) -> None:
    files = counting_files({"a.png": png(0)})
    stored(files)
    assert stored(files, other).pictures.shape == (1, *other.shape)
    assert len(decoded) == 2


def test_the_size_of_the_network_does_not_matter_to_the_store(
    png: Png, counting_files: Sources, decoded: list[int]
) -> None:
    files = counting_files({"a.png": png(0)})
    stored(files)
    stored(files, Preprocess((6, 6), (8, 8), "crop", 3))
    assert len(decoded) == 1


def test_a_picture_whose_damage_shows_late_is_bad_both_times(
    noise: Noise, png: Png, counting_files: Sources
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


def test_where_no_picture_is_good_the_store_is_empty(counting_files: Sources) -> None:
    found = taken(counting_files({"a.png": b"text"}))
    assert found.scanned["a.png"].reason
    assert found.store.pictures.shape == (0, 8, 8, 3)


@pytest.mark.parametrize("damage", ["index", "pictures", "no index"])
def test_a_damaged_store_is_made_again(
    cache: Path, noise: Noise, png: Png, counting_files: Sources, decoded: list[int], damage: str
) -> None:
    files = counting_files({"a.png": png(0)})
    stored(files)
    (folder,) = (cache / "pictures").iterdir()
    if damage == "index":
        (folder / "index.json").write_text("{")
    elif damage == "pictures":
        (folder / "pictures.u8").write_bytes(b"too short")
    else:
        (folder / "index.json").unlink()
    assert (stored(files).pictures == noise(0)).all()
    assert (stored(files).pictures == noise(0)).all()
    assert len(decoded) == 2, "once at first, once after the damage, and not again"


def test_nothing_is_left_beside_the_store(cache: Path, png: Png, counting_files: Sources) -> None:
    stored(counting_files({"a.png": png(0)}))
    (folder,) = (cache / "pictures").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["index.json", "pictures.u8"]
    assert set(json.loads((folder / "index.json").read_text())) == {"shape", "digests", "bad"}


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_a_pass_that_is_broken_off_leaves_no_store(
    cache: Path, png: Png, counting_files: Sources, error: type[BaseException]
) -> None:
    files = counting_files({f"{seed:03}.png": png(seed) for seed in range(400)})
    whole = files.read

    def broken(names: list[str]) -> Iterator[tuple[str, bytes]]:
        for number, one in enumerate(whole(names)):
            if number == 350:
                raise error
            yield one

    files.read = broken
    with pytest.raises(error):
        taken(files)
    assert list((cache / "pictures").iterdir()) == []
    files.read = whole
    assert len(stored(files).pictures) == 400


def test_a_cache_that_cannot_be_written_costs_time_only(
    cache: Path, noise: Noise, png: Png, counting_files: Sources, decoded: list[int]
) -> None:
    cache.write_text("a file where the folder should be")
    files = counting_files({"a.png": png(0)})
    for times in (1, 2):
        assert (stored(files).pictures == noise(0)).all()
        assert len(decoded) == len(files.reads) == times
    assert cache.is_file()


@pytest.mark.parametrize("limit", [600, 200 * 8 * 8 * 3])
def test_a_store_over_the_limit_stays_on_the_disk(
    png: Png, counting_files: Sources, limit: int
) -> None:
    files = counting_files({f"{seed}.png": png(seed) for seed in range(200)})
    for _ in range(2):  # as soon as it is made, and from the cache
        found = take_in(files, files.entries(), lambda *_: RULE, limit).store.pictures
        assert isinstance(found, np.memmap) == (found.nbytes > limit)


# --- processes


@pytest.fixture
def small_pictures(noise: Noise, png: Png) -> dict[str, bytes]:
    """600 files, with a copy, a file that is no picture, and one that is damaged late."""
    file = BytesIO()
    Image.fromarray(noise(0, 64, 64)).save(file, "JPEG")
    contents = {f"{seed:03}.png": png(seed) for seed in range(600)}
    return {**contents, "100.png": png(7), "200.png": b"text", "300.png": file.getvalue()[:2000]}


def test_processes_and_threads_write_the_same_store(
    tmp_path: Path,
    counting_files: Sources,
    small_pictures: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = []
    kept = []
    for many in (workers.MANY, 1):
        monkeypatch.setattr(workers, "MANY", many)
        monkeypatch.setenv("RETINUE_CACHE", str(tmp_path / f"cache{many}"))
        found = taken(counting_files(small_pictures))
        started.append(workers.processes_for([100] * len(small_pictures)))
        (folder,) = pictures_folder().iterdir()
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        kept.append((folder.name, files, dict(found.scanned), found.store.bad))
    assert started == [0, workers.cores()]
    assert kept[0] == kept[1]
    assert len(kept[0][3]) == 1
    assert len(found.store.pictures) == 597


def test_a_killed_worker_leaves_a_clear_error_and_no_store(
    cache: Path,
    counting_files: Sources,
    small_pictures: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "MANY", 1)
    inner = workers._started

    def killed(processes: int) -> Any:
        found = inner(processes)
        for worker in found:
            assert worker.is_ready()
            worker.process.kill()
        return found

    monkeypatch.setattr(workers, "_started", killed)
    with pytest.raises(RetinueError, match="a process that decodes pictures ended"):
        taken(counting_files(small_pictures))
    assert list((cache / "pictures").iterdir()) == []


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
    # What a container holds is known once it was read: each is looked at once, none is stored anew.
    assert len(decoded) == 3 * 27
    assert len(list((cache / "pictures").iterdir())) == 1
    first = loaded[0]
    for other in loaded[1:]:
        assert other.digest == first.digest
        for name, split in first.splits.items():
            assert sorted(other.splits[name].digests) == sorted(split.digests)
    moved = load_data(tmp_path / "photos", split_seed=1)
    assert moved.digest != first.digest, "the control: another split is another digest"


@pytest.mark.parametrize("stage", ["header", "pixels"])
def test_what_is_passing_is_not_remembered(
    stage: str, counting_files: Sources, png: Png, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = counting_files({"a/1.png": png(1), "a/2.png": png(2)})
    inner = images.header_and_pixels

    def hindered(data: bytes, preprocess: Preprocess) -> Any:
        if data != png(2):
            return inner(data, preprocess)
        error = PictureError("not today", passing=True)
        if stage == "header":
            raise error
        return inner(data, preprocess)[0], error

    with monkeypatch.context() as patched:
        patched.setattr(images, "header_and_pixels", hindered)
        assert scan(files)["a/2.png"].reason == "not today"
    files.reads.clear()
    assert scan(files)["a/2.png"].reason == ""
    assert files.reads[0] == "a/2.png", "the other is remembered"
    assert len(stored(files).rows) == 2
