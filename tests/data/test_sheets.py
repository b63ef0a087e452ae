"""Sheets of pictures: what is on them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from retinue import plotting
from retinue.data.batches import Batches
from retinue.data.imagedata import ImageData, Split
from retinue.data.sheets import augmented_sheet, sample_sheet, samples_by_class
from retinue.images import Pixels, Preprocess

CLASSES = ("cat", "dog", "eel")
RULE = Preprocess((6, 6), (8, 8), "crop", 3)


def some_split(labels: Sequence[int], seed: int = 0) -> Split:
    count = len(labels)
    store = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    names = [f"{seed}/{number}" for number in range(count)]
    return Split(store, np.arange(count), np.array(labels, np.int64), names, names, names)


@pytest.fixture
def data() -> ImageData:
    train = some_split([0, 1, 1, 0, 2, 1, 1, 0, 1, 1])
    return ImageData(
        "pets", "/pets", CLASSES, RULE, train, some_split([0, 1], 1), some_split([1], 2)
    )


def texts(figure: Figure) -> str:
    """All that is written on a figure."""
    found = [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
    return "\n".join(found).replace("\u200e", "")


def test_samples_of_each_class_lie_far_apart_and_are_as_the_network_sees_them(
    data: ImageData,
) -> None:
    found = samples_by_class(data.train, CLASSES, RULE, columns=3)
    expected = {"cat": [0, 3, 7], "dog": [1, 5, 9], "eel": [4]}
    assert list(found) == list(CLASSES)
    for name, positions in expected.items():
        assert np.array_equal(np.stack(found[name]), data.train.store[positions, 1:7, 1:7])


def test_a_class_without_pictures_has_no_row(data: ImageData) -> None:
    assert list(samples_by_class(data.val, CLASSES, RULE, columns=3)) == ["cat", "dog"]


def test_at_most_forty_classes_are_on_a_sheet() -> None:
    classes = [f"class {number}" for number in range(50)]
    found = samples_by_class(some_split(range(50)), classes, RULE, columns=2)
    assert list(found) == classes[:40]


def test_a_sample_sheet_counts_each_class_over_all_splits(data: ImageData) -> None:
    shown = texts(sample_sheet(data))
    for line in ("cat (4)", "dog (8)", "eel (1)", "pets: 13 pictures, 6 x 6"):
        assert line in shown
    assert "classes" not in shown


def test_a_sample_sheet_of_many_classes_says_how_many_are_left_out() -> None:
    classes = tuple(f"class {number}" for number in range(50))
    many = some_split(list(range(50)) * 9)
    none = many.at(np.array([], np.int64))
    shown = texts(sample_sheet(ImageData("many", "", classes, RULE, many, none, none)))
    assert "; 40 of 50 classes" in shown
    assert "class 39 (9)" in shown
    assert "class 40" not in shown


class Sheet:
    """What was handed to `plotting.side_by_side`."""

    originals: Sequence[Pixels] = ()
    augmented: Sequence[Sequence[Pixels]] = ()
    title: str = ""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Sheet:
    sheet = Sheet()
    draw = plotting.side_by_side

    def remember(originals: Any, augmented: Any, title: Any = None) -> Figure:
        sheet.originals, sheet.augmented, sheet.title = originals, augmented, title
        return draw(originals, augmented, title)

    monkeypatch.setattr(plotting, "side_by_side", remember)
    return sheet


def test_without_augmentation_every_version_is_its_original(data: ImageData, drawn: Sheet) -> None:
    augmented_sheet(data, "none", flip=True, pictures=5, versions=3)
    assert [len(versions) for versions in drawn.augmented] == [3] * 5
    for original, versions in zip(drawn.originals, drawn.augmented, strict=True):
        assert original.shape == (6, 6, 3)
        for version in versions:
            assert np.array_equal(version, original)
    stems = {original.tobytes() for original in drawn.originals}
    assert len(stems) == 5, "the control: five different pictures"


def test_versions_are_what_training_sees_of_that_picture(data: ImageData, drawn: Sheet) -> None:
    augmented_sheet(data, "strong", flip=True, seed=4, pictures=4, versions=2)
    assert "augment=strong" in drawn.title
    some = data.train.at(np.linspace(0, 9, 4).astype(np.int64))
    batches = Batches(some, 4, (6, 6), "strong", True, 4)
    for epoch in range(2):
        ((images, _),) = batches.epoch(epoch)
        for image, position in zip(images, batches.order(epoch)[0].tolist(), strict=True):
            expected = image.permute(1, 2, 0).numpy()
            found = drawn.augmented[position][epoch]
            assert found.dtype == np.uint8
            assert np.abs(found - expected).max() <= 0.5


def test_more_pictures_than_there_are_can_be_asked_for(data: ImageData, drawn: Sheet) -> None:
    augmented_sheet(data, "basic", flip=False, pictures=12, versions=1)
    assert len(drawn.originals) == 12
