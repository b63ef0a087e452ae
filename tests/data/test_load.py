"""`load_data`: every kind of source, every setting, and what is said of them."""

import json
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from retinue.data import load
from retinue.data.imagedata import ImageData, Split, picture_digest
from retinue.data.load import load_data, load_for
from retinue.data.pool import Photos
from retinue.data.shapes import draw, lay_out
from retinue.errors import RetinueError, UsageError
from retinue.images import Preprocess, fit
from retinue.recipe import DATA_KEYS, make_recipe

Folders = Callable[..., Path]
Noise = Callable[..., NDArray[np.uint8]]


def sizes(data: ImageData) -> tuple[int, int, int]:
    return len(data.train), len(data.val), len(data.test)


def paths(*splits: Split) -> list[str]:
    return sorted(path for split in splits for path in split.paths)


def everything(data: ImageData) -> list[str]:
    return paths(*data.splits.values())


# --- kinds of sources


def test_a_folder_gives_every_picture_with_its_class(
    tmp_path: Path, class_folders: Folders
) -> None:
    folder = class_folders(tmp_path / "pets", {"cat": 20, "dog": 10})
    data = load_data(folder)
    assert (data.name, data.source) == ("pets", str(folder))
    assert data.classes == ("cat", "dog")
    assert sizes(data) == (21, 3, 6)
    assert (data.notes, data.bad) == ((), ())
    for split in data.splits.values():
        for path, label, pixels in zip(split.paths, split.labels, split.images, strict=True):
            assert path.startswith(data.classes[label] + "/")
            assert (pixels == np.asarray(Image.open(folder / path))).all()


def test_given_train_and_test_are_kept(tmp_path: Path, class_folders: Folders) -> None:
    counts = {"train/cat": 20, "train/dog": 20, "test/cat": 3, "test/dog": 2}
    data = load_data(class_folders(tmp_path, counts))
    assert sizes(data) == (36, 4, 5)
    assert all(path.startswith("test/") for path in data.test.paths)
    assert all(path.startswith("train/") for path in paths(data.train, data.val))


@pytest.mark.parametrize("name", ["val", "valid", "dev"])
def test_given_val_without_test_serves_as_test_and_it_is_said(
    tmp_path: Path, class_folders: Folders, name: str
) -> None:
    counts = {"train/cat": 20, "train/dog": 20, f"{name}/cat": 3, f"{name}/dog": 2}
    data = load_data(class_folders(tmp_path, counts))
    assert sizes(data) == (36, 4, 5)
    assert all(path.startswith(f"{name}/") for path in data.test.paths)
    assert any("val serves as test" in note for note in data.notes)


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_an_archive_is_the_folder(tmp_path: Path, class_folders: Folders, suffix: str) -> None:
    folder = class_folders(tmp_path / "pets", {"cat": 10, "dog": 10})
    archive = tmp_path / f"pets{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in folder.glob("*/*"):
                packed.write(path, path.relative_to(folder))
    else:
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder, ".")
    data, same = load_data(archive), load_data(folder)
    assert (data.name, data.source) == ("pets", str(archive))
    assert data.digest == same.digest
    assert everything(data) == everything(same)


def test_a_table_with_splits(tmp_path: Path, class_folders: Folders) -> None:
    class_folders(tmp_path / "all", {"x": 12})
    rows = [
        f"all/x/{n}.png,{'cat' if n % 2 else 'dog'},{'test' if n > 9 else 'train'}"
        for n in range(12)
    ]
    (tmp_path / "pets.csv").write_text("\n".join(["path,label,split", *rows]))
    data = load_data(tmp_path / "pets.csv", val_fraction=0.2)
    assert data.name == "pets"
    assert data.classes == ("cat", "dog")
    assert sizes(data) == (8, 2, 2)
    assert paths(data.test) == ["all/x/10.png", "all/x/11.png"]


def test_a_column_keeps_groups_together(tmp_path: Path, class_folders: Folders) -> None:
    class_folders(tmp_path / "all", {"x": 60})
    rows = [f"all/x/{n}.png,{'cat' if n % 2 else 'dog'},owner {n // 4}" for n in range(60)]
    (tmp_path / "pets.csv").write_text("\n".join(["path,label,owner", *rows]))
    owners = {row.split(",")[0]: row.split(",")[2] for row in rows}

    def straddling(**settings: Any) -> set[str]:
        data = load_data(tmp_path / "pets.csv", **settings)
        held = [{owners[path] for path in split.paths} for split in data.splits.values()]
        assert all(held)
        return held[0] & held[1] | held[0] & held[2] | held[1] & held[2]

    assert straddling(group_by="owner") == set()
    assert straddling(), "the control: without groups, owners straddle"


def test_a_missing_file_of_a_table_is_a_bad_picture(tmp_path: Path, class_folders: Folders) -> None:
    class_folders(tmp_path, {"cat": 10, "dog": 10})
    rows = [f"{name}/{n}.png,{name}" for name in ("cat", "dog") for n in range(11)]
    (tmp_path / "pets.csv").write_text("\n".join(["path,label", *rows]))
    data = load_data(tmp_path / "pets.csv", max_bad=0.2)
    assert [(bad.path, bad.reason) for bad in data.bad] == [
        ("cat/10.png", "no such file"),
        ("dog/10.png", "no such file"),
    ]


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_a_pair_of_arrays(noise: Noise, channels: int | None) -> None:
    images = np.stack([noise(seed, 6, 5, channels or 1) for seed in range(40)])
    images = images if channels else images[..., 0]
    data = load_data((images, ["dog", "cat"] * 20))
    assert (data.name, data.source, data.classes) == ("arrays", "", ("cat", "dog"))
    assert (data.channels, data.size) == (channels or 1, (6, 5))
    assert sizes(data) == (28, 4, 8)
    for split in data.splits.values():
        for name, label, pixels in zip(split.ids, split.labels, split.images, strict=True):
            original = images[int(name)].reshape(6, 5, -1)
            assert (pixels == original).all()
            assert data.classes[label] == ("cat" if int(name) % 2 else "dog")
            assert picture_digest(original) in split.digests


def test_numbers_as_labels_are_in_the_order_of_numbers(noise: Noise) -> None:
    images = np.stack([noise(seed) for seed in range(22)])
    labels = [10, 9] * 11
    assert load_data((images, labels)).classes == ("9", "10")
    assert load_data((images, np.array(labels))).digest == load_data((images, labels)).digest


@pytest.mark.parametrize(
    ("images", "labels", "told"),
    [
        (np.zeros((4, 8, 8)), [0, 1] * 2, "must be a uint8 array"),
        (np.zeros((4, 64), np.uint8), [0, 1] * 2, "must be a uint8 array"),
        (np.zeros((4, 8, 8, 3, 1), np.uint8), [0, 1] * 2, "must be a uint8 array"),
        (np.zeros((4, 8, 8), np.uint8), [0, 1], "4 images but 2 labels"),
        (np.zeros((4, 8, 8), np.uint8), [0] * 4, "only the class '0'"),
        (np.zeros((0, 8, 8), np.uint8), [], "no class"),
        (np.zeros((4, 8, 8, 4), np.uint8), [0, 1] * 2, "images"),
        (np.zeros((4, 8, 8, 2), np.uint8), [0, 1] * 2, "images"),
        (np.zeros((4, 8, 0), np.uint8), [0, 1] * 2, "images"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(
    images: NDArray[Any], labels: list[int], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        load_data((images, labels))


def test_a_source_that_is_not_there_is_answered_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"no such file or folder, and no built-in .*digits, shapes"
    ):
        load_data(tmp_path / "none")
    with pytest.raises(UsageError, match="takes no option count; only built-in data does"):
        load_data(tmp_path, count=3)


# --- what is left out, and said


def test_files_that_are_no_pictures_are_left_out(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 10, "dog": 10})
    (folder / "cat" / "notes.txt").write_text("x")
    (folder / "cat" / "Thumbs.db").write_text("x")
    (folder / "eel").mkdir()
    data = load_data(folder)
    assert len(everything(data)) == 20
    assert data.bad == ()
    assert len(data.notes) == 2
    assert "1 .txt" in data.notes[0]
    assert data.notes[1].startswith("the class folder 'eel' holds no pictures")


def test_few_bad_pictures_are_left_out_and_listed(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 10, "dog": 10})
    (folder / "cat" / "bad.png").write_text("text")
    (folder / "dog" / "empty.jpg").write_bytes(b"")
    data = load_data(folder, max_bad=0.1)
    assert [(bad.path, bad.reason) for bad in data.bad] == [
        ("cat/bad.png", "not a picture in a known format"),
        ("dog/empty.jpg", "the file is empty"),
    ]
    assert len(everything(data)) == 20
    (note,) = data.notes
    assert "2 pictures" in note
    assert "cat/bad.png (not a picture in a known format)" in note


def test_too_many_bad_pictures_are_refused_naming_some(
    tmp_path: Path, class_folders: Folders
) -> None:
    folder = class_folders(tmp_path, {"cat": 10, "dog": 10})
    (folder / "cat" / "bad.png").write_text("text")
    with pytest.raises(RetinueError, match=r"1 of 21 .* cat/bad\.png \(not a picture"):
        load_data(folder)


def test_when_no_picture_can_be_read_it_is_said(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_text("text")
    with pytest.raises(RetinueError, match="2 of 2 pictures cannot be read"):
        load_data(tmp_path)
    with pytest.raises(UsageError, match="no class with a readable picture"):
        load_data(tmp_path, max_bad=1)


def test_a_class_of_bad_pictures_is_no_class(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 10, "dog": 10, "ant": 0})
    (folder / "ant" / "a.png").write_text("text")
    data = load_data(folder, max_bad=0.1)
    assert data.classes == ("cat", "dog")
    assert any("'ant'" in note for note in data.notes)
    assert {data.classes[label] for label in data.train.labels} == {"cat", "dog"}
    for path, label in zip(data.train.paths, data.train.labels, strict=True):
        assert path.startswith(data.classes[label])


def test_a_single_class_is_refused(tmp_path: Path, class_folders: Folders) -> None:
    with pytest.raises(UsageError, match="only the class 'cat'; a classifier needs at least two"):
        load_data(class_folders(tmp_path, {"cat": 5}))


def test_a_picture_under_two_classes_is_noted(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 10, "dog": 10})
    (folder / "dog" / "twin.png").write_bytes((folder / "cat" / "3.png").read_bytes())
    (note,) = load_data(folder).notes
    assert "under two classes" in note
    assert "cat/3.png (cat) = dog/twin.png (dog)" in note


def test_pictures_in_train_and_given_test_are_noted(tmp_path: Path, class_folders: Folders) -> None:
    counts = {"train/cat": 10, "train/dog": 10, "test/cat": 2, "test/dog": 2}
    folder = class_folders(tmp_path, counts)
    twin = (folder / "train" / "cat" / "3.png").read_bytes()
    (folder / "test" / "cat" / "twin.png").write_bytes(twin)
    data = load_data(folder, val_fraction=0)
    (note,) = data.notes
    assert "1 picture" in note
    assert "test/cat/twin.png" in note
    assert "test/cat/twin.png" in data.test.paths


# --- settings


def test_only_some_classes_in_the_order_asked_for(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"ant": 10, "bee": 10, "cow": 10})
    data = load_data(folder, classes=["cow", "ant"])
    assert data.classes == ("cow", "ant")
    assert len(everything(data)) == 20
    for path, label in zip(data.train.paths, data.train.labels, strict=True):
        assert path.split("/")[0] == ("cow", "ant")[label]


def test_only_some_classes_of_arrays(noise: Noise) -> None:
    images = np.stack([noise(seed) for seed in range(60)])
    data = load_data((images, ["ant", "bee", "cow"] * 20), classes=["cow", "ant"])
    assert data.classes == ("cow", "ant")
    for name, label in zip(data.train.ids, data.train.labels, strict=True):
        assert ("ant", "bee", "cow")[int(name) % 3] == data.classes[label]
    with pytest.raises(UsageError, match="no class 'fly'; there are ant, bee, cow"):
        load_data((images, ["ant", "bee", "cow"] * 20), classes=["fly", "ant"])


@pytest.mark.parametrize("kind", ["files", "arrays"])
def test_a_class_asked_for_twice_is_not_two_classes(
    tmp_path: Path, class_folders: Folders, noise: Noise, kind: str
) -> None:
    images = np.stack([noise(seed) for seed in range(40)])
    source: Any = (images, ["cat", "dog"] * 20)
    if kind == "files":
        source = class_folders(tmp_path, {"cat": 10, "dog": 10})
    with pytest.raises(UsageError):
        load_data(source, classes=["cat", "cat"])


def test_the_limit_holds_for_training_and_not_for_test(
    tmp_path: Path, class_folders: Folders
) -> None:
    counts = {"train/cat": 30, "train/dog": 30, "test/cat": 9, "test/dog": 9}
    data = load_data(class_folders(tmp_path, counts), limit_per_class=10)
    assert len(data.train) + len(data.val) == 20
    assert len(data.test) == 18


def test_small_pictures_of_one_size_keep_it(tmp_path: Path, class_folders: Folders) -> None:
    data = load_data(class_folders(tmp_path, {"cat": 5, "dog": 5}, height=20, width=64))
    assert data.preprocess == Preprocess((20, 64), (20, 64), "crop", 3)
    assert data.train.store.shape[1:] == (20, 64, 3)


@pytest.mark.parametrize(("height", "width"), [(20, 65), (65, 20)])
def test_pictures_over_64_pixels_become_128_of_147(
    tmp_path: Path, class_folders: Folders, height: int, width: int
) -> None:
    data = load_data(class_folders(tmp_path, {"cat": 5, "dog": 5}, height, width))
    assert data.preprocess == Preprocess((128, 128), (147, 147), "crop", 3)
    assert data.train.store.shape[1:] == (147, 147, 3)


def test_pictures_of_different_sizes_become_128_of_147(
    tmp_path: Path, class_folders: Folders, noise: Noise
) -> None:
    folder = class_folders(tmp_path, {"cat": 5, "dog": 5}, height=20, width=20)
    odd = noise(99, 31, 20)
    Image.fromarray(odd).save(folder / "cat" / "odd.png")
    data = load_data(folder)
    assert data.preprocess == Preprocess((128, 128), (147, 147), "crop", 3)
    assert round(1.15 * 128) == 147
    for split in data.splits.values():
        if "cat/odd.png" in split.paths:
            found = split.images[list(split.paths).index("cat/odd.png")]
            assert (found == fit(odd, (147, 147), "crop")).all()
            break
    else:
        pytest.fail("the odd picture is in no split")


@pytest.mark.parametrize(("how", "stored"), [("crop", 115), ("pad", 100), ("squash", 100)])
def test_only_crops_are_stored_with_a_margin(
    tmp_path: Path, class_folders: Folders, how: Any, stored: int
) -> None:
    folder = class_folders(tmp_path, {"cat": 5, "dog": 5}, 70, 80)
    assert load_data(folder, size=100, fit=how).preprocess == Preprocess(
        (100, 100), (stored, stored), how, 3
    )


def test_a_size_asked_for_of_small_pictures_is_their_size(
    tmp_path: Path, class_folders: Folders
) -> None:
    data = load_data(class_folders(tmp_path, {"cat": 5, "dog": 5}), size=(16, 12))
    assert data.preprocess == Preprocess((16, 12), (16, 12), "crop", 3)


@pytest.mark.parametrize("kind", ["files", "arrays"])
@pytest.mark.parametrize(
    ("size", "stored"),
    [
        ((64, 64), (64, 64)),
        ((64, 99), (64, 99)),
        ((65, 65), (8, 12)),
        ((65, 224), (8, 12)),
        ((224, 224), (8, 12)),
    ],
)
def test_small_pictures_for_a_network_of_more_than_64_pixels_stay_small(
    tmp_path: Path,
    class_folders: Folders,
    noise: Noise,
    kind: str,
    size: tuple[int, int],
    stored: tuple[int, int],
) -> None:
    pictures = np.stack([noise(seed, 8, 12) for seed in range(20)])
    source: Any = (pictures, [0, 1] * 10)
    if kind == "files":
        source = class_folders(tmp_path, {"cat": 5, "dog": 5}, 8, 12)
    data = load_data(source, size=size, fit="squash")
    assert data.preprocess == Preprocess(size, stored, "squash", 3)
    assert data.size == size
    assert data.train.store.shape[1:] == (*stored, 3)
    if kind == "arrays":
        for row, pixels in zip(data.train.ids, data.train.images, strict=True):
            assert (pixels == fit(pictures[int(row)], stored, "squash")).all()


def test_photos_become_what_is_said_of_them(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 5, "dog": 5}, 70, 90, channels=1)
    photos = Photos((224, 200), 3)
    data = load_data(folder, photos=photos)
    assert data.preprocess == Preprocess((224, 200), (258, 230), "crop", 3)
    # What is asked for comes before it.
    asked = load_data(folder, photos=photos, size=100, channels=1, fit="pad")
    assert asked.preprocess == Preprocess((100, 100), (100, 100), "pad", 1)
    assert load_data(folder).preprocess == Preprocess((128, 128), (147, 147), "crop", 1)  # control
    again = load_for(make_recipe({"data": str(folder)}), photos=photos)
    assert again.preprocess == data.preprocess


def test_small_pictures_are_no_photos(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 5, "dog": 5}, 20, 30, channels=1)
    data = load_data(folder, photos=Photos((224, 224), 3))
    assert data.preprocess == Preprocess((20, 30), (20, 30), "crop", 1)


@pytest.mark.parametrize(
    ("have", "asked", "channels"), [(1, None, 1), (3, None, 3), (1, 3, 3), (3, 1, 1)]
)
def test_channels_are_those_of_the_pictures_unless_asked_for(
    tmp_path: Path, class_folders: Folders, have: int, asked: int | None, channels: int
) -> None:
    folder = class_folders(tmp_path, {"cat": 5, "dog": 5}, channels=have)
    data = load_data(folder, channels=asked)
    assert data.channels == channels
    assert data.train.images.shape[3] == channels


def test_one_colour_picture_makes_all_of_them_colour(
    tmp_path: Path, class_folders: Folders, noise: Noise
) -> None:
    folder = class_folders(tmp_path, {"cat": 5, "dog": 5}, channels=1)
    Image.fromarray(noise(99)).save(folder / "cat" / "colour.png")
    assert load_data(folder).channels == 3


@pytest.mark.parametrize("kind", ["files", "arrays"])
def test_an_earlier_runs_preprocessing_overrides(
    tmp_path: Path, class_folders: Folders, noise: Noise, kind: str
) -> None:
    rule = Preprocess((10, 12), (11, 13), "squash", 1)
    source: Any = (np.stack([noise(seed) for seed in range(20)]), [0, 1] * 10)
    if kind == "files":
        source = class_folders(tmp_path, {"cat": 5, "dog": 5})
    data = load_data(source, size=99, fit="pad", channels=3, preprocess=rule)
    assert data.preprocess == rule
    assert data.train.images.shape[1:] == (11, 13, 1)


def test_another_input_size_is_the_same_test_set(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 10, "dog": 10})
    assert load_data(folder, size=16).digest == load_data(folder).digest


# --- recipes


def test_what_it_was_loaded_with_makes_it_again(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"ant": 20, "bee": 20, "cow": 20})
    settings: dict[str, Any] = {
        "size": 9,
        "classes": ["cow", "ant"],
        "limit_per_class": 8,
        "split_seed": 3,
        "val_fraction": 0.25,
    }
    data = load_data(folder, **settings)
    recipe = make_recipe(json.loads(json.dumps(data.loaded_with)))
    assert set(data.loaded_with) == {"data", "data_options", *DATA_KEYS}
    again = load_for(recipe)
    assert again.digest == data.digest
    assert again.preprocess == data.preprocess


def test_a_recipes_options_reach_the_generator() -> None:
    data = load_for(make_recipe({"data": "shapes", "data_options": {"count": 60, "size": 16}}))
    assert sum(map(len, data.splits.values())) == 60
    assert data.size == (16, 16)
    drawn = np.concatenate(list(draw(lay_out(60, 16))))  # at that size, and not brought to it
    for split in data.splits.values():
        assert (split.images == drawn[split.rows]).all()


def test_other_data_may_stand_in_for_the_recipes(tmp_path: Path, class_folders: Folders) -> None:
    folder = class_folders(tmp_path, {"cat": 5, "dog": 5})
    assert load_for(make_recipe({"data": "digits"}), folder).name == folder.name


def test_without_data_it_is_said() -> None:
    with pytest.raises(UsageError, match="no data: name a built-in set"):
        load_for(make_recipe())


# --- real data


@pytest.mark.shared_data
def test_real_photos_of_waste(shared_data: Path) -> None:
    seen: Sequence[str] = sorted(path.name for path in (shared_data / "trash6").iterdir())
    data = load_data(shared_data / "trash6", size=32, classes=seen[:2], limit_per_class=20)
    assert data.classes == tuple(seen[:2])
    assert data.preprocess == Preprocess((32, 32), (37, 37), "crop", 3)
    assert len(data.train) + len(data.val) == 40
    assert data.bad == ()


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("...zip", "data"), (".zip", "data"), ("..csv", "data"), ("...", "data"),
        (". .tar.gz", "data"),
        ("photos.tar.gz", "photos"), ("photos.v2", "photos.v2"), (".hidden", "hidden"),
    ],
)  # fmt: skip
def test_a_source_is_never_called_what_leads_elsewhere(name: str, called: str) -> None:
    assert load._name_of(Path("/somewhere") / name) == called
