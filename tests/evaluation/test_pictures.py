"""Thumbnails for a report: enough, not too many, and each where the index says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retinue.data.imagedata import Split
from retinue.evaluation import pictures as pictures_module
from retinue.evaluation.pictures import MISTAKES, MOST, confident_mistakes, write_pictures
from retinue.images import Preprocess
from retinue.prediction.probabilities import Probabilities


def judged(
    true: list[int], said: list[int], size: int = 4, channels: int = 1, classes: int = 0
) -> tuple[Split, Probabilities, Preprocess]:
    """Pictures of these labels, and probabilities that put `said` first, ever less surely."""
    count, classes = len(true), classes or max(*true, *said) + 1
    random = np.random.default_rng(0)
    store = random.integers(0, 256, (count, size, size, channels), dtype=np.uint8)
    names = [f"id {number}" for number in range(count)]
    rows = np.full((count, classes), 0.01)
    rows[np.arange(count), said] = np.linspace(100, 50, count)
    rows /= rows.sum(axis=1, keepdims=True)
    split = Split(store, np.arange(count), np.array(true, np.int64), names, names, names)
    return split, rows, Preprocess((size, size), (size, size), "crop", channels)


def index_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "index.json").read_text())
    return found


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"index.json"}


def every_pair(classes: int, each: int) -> tuple[list[int], list[int]]:
    pairs = [(t, s) for t in range(classes) for s in range(classes)] * each
    return [t for t, _ in pairs], [s for _, s in pairs]


def test_each_confusion_cell_has_six_pictures_or_all_there_are(tmp_path: Path) -> None:
    true, said = [0] * 10 + [0] * 3 + [1] * 7, [0] * 10 + [1] * 3 + [1] * 7
    write_pictures(tmp_path / "test", *judged(true, said))
    cells = index_of(tmp_path / "test")["cells"]
    assert {key: len(names) for key, names in cells.items()} == {"0-0": 6, "0-1": 3, "1-1": 6}


def test_the_index_is_complete(tmp_path: Path) -> None:
    true, said = every_pair(classes=3, each=8)
    split, rows, preprocess = judged(true, said)
    write_pictures(tmp_path / "test", split, rows, preprocess)
    index = index_of(tmp_path / "test")
    groups = [*index["cells"].values(), *index["samples"].values(), index["mistakes"]]
    named = {name for group in groups for name in group}
    assert files(tmp_path / "test") == named == set(index["ids"])
    positions = {identity: position for position, identity in enumerate(split.ids)}
    for key, names in index["cells"].items():
        for name in names:
            position = positions[index["ids"][name]]
            assert f"{true[position]}-{said[position]}" == key
    for label, names in index["samples"].items():
        assert {true[positions[index["ids"][name]]] for name in names} == {int(label)}
        assert len(names) == 6
    for name, identity in index["ids"].items():
        with Image.open(tmp_path / "test" / name) as image:
            pixels = np.asarray(image)
        np.testing.assert_array_equal(pixels, split.images[positions[identity], :, :, 0])


def test_of_many_classes_at_most_4000_are_shown(tmp_path: Path) -> None:
    true, said = every_pair(classes=64, each=1)  # 4,096 cells
    write_pictures(tmp_path / "test", *judged(true, said, size=2))
    cells = index_of(tmp_path / "test")["cells"]
    assert MOST == 4000
    assert sum(map(len, cells.values())) == MOST


def test_with_many_classes_each_cell_gives_fewer_before_any_gives_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures_module, "MOST", 40)
    true, said = every_pair(classes=4, each=6)  # 16 cells: two of each fit, three do not
    write_pictures(tmp_path / "test", *judged(true, said))
    cells = index_of(tmp_path / "test")["cells"]
    assert {len(names) for names in cells.values()} == {2}
    assert len(cells) == 16


def test_the_surest_mistakes_come_first() -> None:
    true, said = [0, 1, 0, 1, 0], [0, 0, 1, 1, 1]
    split, rows, _ = judged(true, said)
    assert confident_mistakes(split, rows) == [1, 2, 4]
    less_sure = rows.copy()
    less_sure[1] = [0.51, 0.49]
    assert confident_mistakes(split, less_sure) == [2, 4, 1]


def test_at_most_24_mistakes_are_shown() -> None:
    split, rows, _ = judged([0] * 50, [1] * 50)
    assert confident_mistakes(split, rows) == list(range(MISTAKES))


@pytest.mark.parametrize(("size", "suffix"), [(64, ".png"), (65, ".jpg")])
@pytest.mark.parametrize("channels", [1, 3])
def test_photos_are_jpeg_and_small_pictures_png(
    tmp_path: Path, size: int, suffix: str, channels: int
) -> None:
    write_pictures(tmp_path / "test", *judged([0, 1], [0, 1], size, channels))
    assert {Path(name).suffix for name in files(tmp_path / "test")} == {suffix}
    for path in (tmp_path / "test").glob(f"*{suffix}"):
        with Image.open(path) as image:
            assert (image.size, len(image.getbands())) == ((size, size), channels)


def test_the_centre_is_shown_of_pictures_that_are_stored_larger(tmp_path: Path) -> None:
    split, rows, _ = judged([0, 1], [0, 1], size=6)
    write_pictures(tmp_path / "test", split, rows, Preprocess((4, 4), (6, 6), "crop", 1))
    with Image.open(tmp_path / "test" / "0.png") as image:
        np.testing.assert_array_equal(np.asarray(image), split.images[0, 1:5, 1:5, 0])


def test_earlier_thumbnails_are_replaced(tmp_path: Path) -> None:
    write_pictures(tmp_path / "test", *judged([0, 1, 1], [0, 1, 0]))
    write_pictures(tmp_path / "test", *judged([0, 1], [0, 1]))
    assert files(tmp_path / "test") == {"0.png", "1.png"}
    assert [path.name for path in tmp_path.iterdir()] == ["test"]
