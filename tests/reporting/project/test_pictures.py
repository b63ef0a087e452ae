"""data.py gives the very pixels that the network was trained on, from every kind of source."""

import csv
import gzip
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.evaluation.evaluate import reopen
from retinue.reporting.project import write_project
from retinue.runs import Run
from tests.reporting.project.conftest import smooth, without_retinue

Trained = Callable[..., Run]
Project = Callable[[Run], Path]


def check(run: Run, folder: Path) -> ImageData:
    """All splits have the run's pixels and labels, and go into the network as they did."""
    known = reopen(run)
    with without_retinue(folder) as load:
        data = load("data")
        for name, split in known.splits.items():
            if len(split):
                pictures, labels = data.load_split(name)
                assert pictures.dtype == np.uint8
                assert np.array_equal(pictures, split.images), name
                assert np.array_equal(labels.numpy(), split.labels), name
                given = data.as_input(pictures).permute(0, 2, 3, 1).numpy()
                assert np.array_equal(given, known.preprocess.bring(split.images)), name
        assert tuple(data.CLASSES) == known.classes
    return known


@pytest.fixture
def source(folder_of: Callable[..., Path]) -> Path:
    """Two classes of pictures of every kind that phones, cameras and drawing programs make."""
    return folder_of({"sea": saved(0), "wood": saved(100)})


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[..., Path]:
    """`folder_of({class: [(suffix, bytes), ...]})`: a folder of class folders."""

    def make(contents: dict[str, Iterator[tuple[str, bytes]]]) -> Path:
        for name, files in contents.items():
            (tmp_path / "pictures" / name).mkdir(parents=True)
            for number, (suffix, data) in enumerate(files):
                (tmp_path / "pictures" / name / f"{number}{suffix}").write_bytes(data)
        return tmp_path / "pictures"

    return make


def saved(seed: int) -> Iterator[tuple[str, bytes]]:
    """(suffix, bytes) of pictures, each of another kind."""
    kinds: list[tuple[str, str, dict[str, Any]]] = [
        (".jpg", "RGB", {"quality": 90}),
        (".jpg", "RGB", {"quality": 70, "progressive": True}),
        (".jpg", "L", {}),
        (".jpg", "CMYK", {}),
        (".png", "RGB", {}),
        (".png", "RGBA", {}),
        (".png", "LA", {}),
        (".png", "P", {}),
        (".png", "1", {}),
        (".png", "P", {"transparency": 3}),
        (".png", "RGB", {"transparency": (9, 9, 9)}),
        (".gif", "P", {}),
        (".webp", "RGB", {"lossless": True}),
        (".webp", "RGBA", {"lossless": True}),
        (".bmp", "RGB", {}),
        (".tif", "RGB", {}),
        (".ppm", "RGB", {}),
    ]
    for number, (suffix, mode, options) in enumerate(kinds):
        image = Image.fromarray(smooth(seed + number, 50 + 11 * number, 170 - 6 * number))
        if "A" in mode:
            image.putalpha(
                Image.fromarray(smooth(seed + 50, image.height, image.width, 1)[:, :, 0])
            )
        yield suffix, encoded(image.convert(mode), suffix, **options)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = Image.fromarray(smooth(seed + 60 + orientation, 90, 150))
        yield ".jpg", encoded(image, ".jpg", exif=exif)


def encoded(image: Image.Image, suffix: str, **options: Any) -> bytes:
    """The bytes of a file."""
    buffer = BytesIO()
    image.save(buffer, Image.registered_extensions()[suffix], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
def test_pictures_of_every_kind(
    fit: str, channels: int, source: Path, trained: Trained, project: Project
) -> None:
    run = trained(
        source, model="softmax", size=32, fit=fit, channels=channels, limit_per_class=None
    )
    check(run, project(run))


def test_no_line_is_there_that_these_pictures_do_not_need(
    folder_of: Callable[..., Path], trained: Trained, project: Project
) -> None:
    files = ((".png", encoded(Image.fromarray(smooth(i, 16, 16)), ".png")) for i in range(30))
    everything = list(files)
    root = folder_of({"a": iter(everything[:15]), "b": iter(everything[15:])})
    run = trained(root, model="softmax")
    folder = project(run)
    check(run, folder)
    source = (folder / "data.py").read_text(encoding="utf-8")
    for word in ("convert", "resize", "draft", "exif", "alpha", "import re", "HEIGHT"):
        assert word not in source


def test_not_square(photos: Path, trained: Trained, project: Project) -> None:
    run = trained(photos, model="softmax", size="20x32")
    check(run, project(run))


def test_small_pictures_that_are_enlarged(trained: Trained, project: Project) -> None:
    run = trained(model="softmax", size=72, channels=3, augment="none")
    folder = project(run)
    assert check(run, folder).preprocess.enlarges


def test_a_zip(photos: Path, tmp_path: Path, trained: Trained, project: Project) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in photos.rglob("*.jpg"):
            archive.write(file, f"around/{file.relative_to(photos)}")
    run = trained(path, model="softmax", size=24)
    check(run, project(run))


def test_a_table_of_pictures(
    photos: Path, tmp_path: Path, trained: Trained, project: Project
) -> None:
    rows = [[str(file), file.parent.name] for file in sorted(photos.rglob("*.jpg"))]
    with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])
    run = trained(tmp_path / "labels.csv", model="softmax", size=24)
    check(run, project(run))


def test_classes_in_an_order_of_their_own(photos: Path, trained: Trained, project: Project) -> None:
    run = trained(photos, model="softmax", size=24, classes="wood,sea")
    assert check(run, project(run)).classes == ("wood", "sea")


def test_drawn_pictures_come_along(trained: Trained, project: Project) -> None:
    options = {"count": 120, "size": 16, "seed": 3, "label_errors": 0.1}
    run = trained("shapes", model="softmax", data_options=options)
    folder = project(run)
    check(run, folder)
    assert not any(
        "pickle" in str(array.dtype) or array.dtype == object
        for array in np.load(folder / "pictures.npz", allow_pickle=False).values()
    )


def write_idx(folder: Path, packed: bool) -> None:
    """200 and 60 pictures in the form of MNIST."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    for stem, count in (("train", 200), ("t10k", 60)):
        pixels = draw.integers(0, 256, (count, 28, 28), dtype=np.uint8).tobytes()
        labels = (np.arange(count) % 10).astype(np.uint8).tobytes()
        head = b"".join(number.to_bytes(4, "big") for number in (0x803, count, 28, 28))
        for kind, content in (
            ("images-idx3", head + pixels),
            ("labels-idx1", b"\0\0\x08\x01" + count.to_bytes(4, "big") + labels),
        ):
            path = folder / f"{stem}-{kind}-ubyte"
            if packed:
                path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
            else:
                path.write_bytes(content)


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_from_its_own_files(
    packed: bool, tmp_path: Path, trained: Trained, project: Project
) -> None:
    write_idx(tmp_path / "root" / "MNIST" / "raw", packed)
    run = trained("mnist", model="softmax", data_root=tmp_path / "root")
    check(run, project(run))


def write_cifar(folder: Path) -> None:
    """60 and 12 pictures in the form of CIFAR-10."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    for name in names:
        rows = draw.integers(0, 256, (20, 3073), dtype=np.uint8)
        rows[:, 0] = np.arange(20) % 10
        (folder / name).write_bytes(rows.tobytes())


@pytest.mark.parametrize("packed", [False, True])
def test_cifar_from_its_own_files(
    packed: bool, tmp_path: Path, trained: Trained, project: Project
) -> None:
    import shutil
    import tarfile

    folder = tmp_path / "root" / "cifar-10-batches-bin"
    write_cifar(folder)
    if packed:
        with tarfile.open(tmp_path / "root" / "cifar-10-binary.tar.gz", "w:gz") as archive:
            archive.add(folder, folder.name)
        shutil.rmtree(folder)
    run = trained("cifar10", model="softmax", data_root=tmp_path / "root")
    check(run, project(run))


@pytest.mark.parametrize(
    ("mode", "match"), [("I;16", "more than 8 bits"), ("turned", "lies on its side")]
)
def test_pictures_that_need_more_than_a_few_lines(
    mode: str, match: str, folder_of: Callable[..., Path], trained: Trained, project: Project
) -> None:
    plain = [(".png", encoded(Image.fromarray(smooth(i, 16, 16)), ".png")) for i in range(20)]
    if mode == "I;16":
        other = Image.fromarray(smooth(30, 16, 16, 1)[:, :, 0].astype(np.uint16) * 256)
        plain.append((".png", encoded(other, ".png")))
    else:
        exif = Image.Exif()
        exif[0x0112] = 6
        plain.append((".tif", encoded(Image.fromarray(smooth(30, 16, 16)), ".tif", exif=exif)))
    run = trained(folder_of({"a": iter(plain[:10]), "b": iter(plain[10:])}), model="softmax")
    with pytest.raises(UsageError, match=match):
        project(run)


def test_a_picture_that_changed_is_refused(
    photos: Path, tmp_path: Path, trained: Trained, project: Project
) -> None:
    import shutil

    root = tmp_path / "copy"
    shutil.copytree(photos, root)
    run = trained(root, model="softmax", size=24)
    folder = project(run)
    changed = next(row[1] for row in run.splits if row[3] == "train")
    shutil.copy(root / next(row[1] for row in run.splits if row[3] == "test"), root / changed)
    with without_retinue(folder) as load, pytest.raises(ValueError, match="not the picture"):
        load("data").load_split("train")
    with pytest.raises(UsageError, match="has changed since the training"):
        write_project(run, tmp_path / "another")
