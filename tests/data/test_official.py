"""The built-in data sets from tiny files made here, and Fashion-MNIST from its real ones."""

import gzip
import io
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from retinue.data import downloads, official
from retinue.data.official import Arrays, find_official, load_official, missing_line
from retinue.errors import RetinueError, UsageError

Bytes = npt.NDArray[np.uint8]
PARTS = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
PARTS += [name.replace("train", "t10k") for name in PARTS]


def pixels(*shape: int) -> Bytes:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def idx(array: Bytes) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


def make_mnist(folder: Path, packed: bool = False) -> dict[str, Bytes]:
    arrays = dict(
        zip(
            PARTS,
            (
                *(pixels(20, 28, 28), np.arange(20, dtype=np.uint8) % 10),
                *(pixels(10, 28, 28), np.arange(10, dtype=np.uint8)),
            ),
            strict=True,
        )
    )
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        content = idx(array)
        path = folder / (name + ".gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    return arrays


def record(labels: list[int], picture: Bytes) -> bytes:
    return bytes(labels) + picture.transpose(2, 0, 1).tobytes()


def make_cifar10(folder: Path) -> Bytes:
    """Five batches of two pictures and a test batch of two; returns the twelve pictures."""
    pictures = pixels(12, 32, 32, 3)
    folder.mkdir(parents=True)
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    for at, name in enumerate(names):
        rows = [record([row % 10], pictures[row]) for row in (2 * at, 2 * at + 1)]
        (folder / name).write_bytes(b"".join(rows))
    return pictures


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("mnist", "MNIST/raw"),
        ("mnist", "mnist"),
        ("fashion-mnist", "FashionMNIST/raw"),
        ("fashion-mnist", "fashion-mnist"),
    ],
)
def test_idx_files_are_found_and_read(tmp_path: Path, name: str, folder: str, packed: bool) -> None:
    arrays = make_mnist(tmp_path / folder, packed)
    assert find_official(name, tmp_path) == tmp_path / folder
    classes, train, test = load_official(name, tmp_path, download=False)
    assert len(classes) == 10
    assert train.images.shape == (20, 28, 28, 1)
    assert (train.images[..., 0] == arrays[PARTS[0]]).all()
    assert (test.images[..., 0] == arrays[PARTS[2]]).all()
    assert (train.labels == arrays[PARTS[1]]).all()
    assert train.labels.dtype == test.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("part", "change", "reason"),
    [
        (0, lambda old: b"\0\0\x08\x01" + old[4:], "IDX header of magic number 2051"),
        (1, lambda old: b"\0\0\x08\x03" + old[4:], "IDX header of magic number 2049"),
        (0, lambda old: old[:10], "IDX header"),
        (0, lambda old: b"", "IDX header"),
        (0, lambda old: old[:-1], "15680 bytes that its header claims"),
        (0, lambda old: old + b"x", "15680 bytes that its header claims"),
        (0, lambda old: old[:8] + struct.pack(">2I", 14, 56) + old[16:], "claims 20 x 14 x 56"),
        (0, lambda old: old[:4] + b"\xff" * 4 + old[8:], "claims 4294967295 x 28 x 28"),
        (0, lambda old: old[:4] + bytes(4) + old[8:16], "claims 0 x 28 x 28"),
        (1, lambda old: idx(np.zeros(19, np.uint8)), "has 19 labels for 20 pictures"),
        (1, lambda old: old[:-1] + b"\x0a", "has label 10, but there are 10 classes"),
    ],
)
def test_an_idx_file_that_does_not_fit_is_named(
    tmp_path: Path, part: int, change: Callable[[bytes], bytes], reason: str
) -> None:
    make_mnist(tmp_path / "mnist")
    path = tmp_path / "mnist" / PARTS[part]
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(RetinueError) as caught:
        load_official("mnist", tmp_path, download=False)
    assert str(caught.value).startswith(f"{path} ")
    assert reason in str(caught.value)


def test_a_packed_idx_file_cut_short_is_named(tmp_path: Path) -> None:
    make_mnist(tmp_path / "mnist", packed=True)
    path = tmp_path / "mnist" / f"{PARTS[0]}.gz"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(RetinueError, match=r"train-images-idx3-ubyte\.gz is damaged"):
        load_official("mnist", tmp_path, download=False)


def check_cifar10(data_root: Path, pictures: Bytes) -> None:
    classes, train, test = load_official("cifar10", data_root, download=False)
    assert (classes[0], classes[9]) == ("airplane", "truck")
    assert (train.images == pictures[:10]).all()
    assert (test.images == pictures[10:]).all()
    assert train.labels.tolist() == list(range(10))
    assert test.labels.tolist() == [0, 1]


def test_cifar10_is_read_from_its_folder_and_from_its_archive(tmp_path: Path) -> None:
    pictures = make_cifar10(tmp_path / "a/cifar-10-batches-bin")
    check_cifar10(tmp_path / "a", pictures)
    (tmp_path / "b").mkdir()
    with tarfile.open(tmp_path / "b/cifar-10-binary.tar.gz", "w:gz") as tar:
        # The published archive has its batches in no order.
        for path in sorted((tmp_path / "a/cifar-10-batches-bin").iterdir(), reverse=True):
            tar.add(path, f"cifar-10-batches-bin/{path.name}")
    assert find_official("cifar10", tmp_path / "b") == tmp_path / "b/cifar-10-binary.tar.gz"
    check_cifar10(tmp_path / "b", pictures)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["cifar-10-binary.tar.gz"]


def test_cifar100_takes_the_fine_label(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-100-binary"
    folder.mkdir()
    picture = pixels(32, 32, 3)
    (folder / "train.bin").write_bytes(record([19, 99], picture))
    (folder / "test.bin").write_bytes(record([0, 3], picture))
    classes, train, test = load_official("cifar100", tmp_path, download=False)
    assert [classes[label] for label in (*train.labels, *test.labels)] == ["worm", "bear"]
    assert (train.images[0] == picture).all()
    (folder / "test.bin").write_bytes(record([0, 100], picture))
    with pytest.raises(RetinueError, match=r"test\.bin has label 100, but there are 100 classes"):
        load_official("cifar100", tmp_path, download=False)


@pytest.mark.parametrize("content", [b"", bytes(3072), bytes(3074)])
def test_a_cifar_file_of_a_wrong_length_is_named(tmp_path: Path, content: bytes) -> None:
    make_cifar10(tmp_path / "cifar-10-batches-bin")
    (tmp_path / "cifar-10-batches-bin/data_batch_3.bin").write_bytes(content)
    with pytest.raises(RetinueError, match=r"data_batch_3\.bin has \d+ bytes, not a multiple"):
        load_official("cifar10", tmp_path, download=False)


def test_a_cifar_archive_without_a_batch_is_named(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("cifar-10-batches-bin/readme.html"), io.BytesIO())
    with pytest.raises(RetinueError, match=r"cifar-10-binary\.tar\.gz has no entry"):
        load_official("cifar10", tmp_path, download=False)


@pytest.mark.parametrize("name", official.OFFICIAL)
def test_what_is_missing_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    assert find_official(name, tmp_path) is None
    line = missing_line(name, tmp_path)
    assert "\n" not in line
    assert line.startswith(f"{name} is not in {tmp_path}: ")
    with pytest.raises(RetinueError) as caught:
        load_official(name, tmp_path, download=False)
    assert str(caught.value) == line


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match="choose mnist, fashion-mnist, cifar10, cifar100"):
        find_official("imagenet", Path())


def test_only_missing_files_are_downloaded_with_one_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_mnist(tmp_path / "source", packed=True)
    home = tmp_path / "root/MNIST/raw"
    make_mnist(home)
    for name in PARTS[:2]:
        (home / name).unlink()
    sizes = []

    def copy(
        urls: tuple[str, ...],
        destination: Path,
        sha256: str,
        size: int,
        progress: downloads.Progress | None,
    ) -> None:
        assert urls[0].endswith(destination.name)
        assert len(sha256) == 64
        destination.write_bytes((tmp_path / "source" / destination.name).read_bytes())
        sizes.append(size)
        assert progress
        progress(size, size)

    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(downloads, "download", copy)
    _, train, _ = load_official(
        "mnist", tmp_path / "root", progress=lambda *call: calls.append(call)
    )
    assert len(train.labels) == 20
    assert sizes == [9912422, 28881]
    assert calls == [(9912422, sum(sizes)), (sum(sizes), sum(sizes))]


def test_class_names_are_distinct() -> None:
    for source, count in zip(official._SOURCES.values(), (10, 10, 10, 100), strict=True):
        assert len(set(source.classes)) == len(source.classes) == count
    fine = official._SOURCES["cifar100"].classes
    assert list(fine) == sorted(fine)


@pytest.mark.shared_data
def test_fashion_mnist_as_it_is() -> None:
    data_root = Path(__file__).parents[3] / "shared/data"
    if not (data_root / "FashionMNIST").is_dir():
        pytest.skip(f"{data_root}/FashionMNIST is not here")
    classes, train, test = load_official("fashion-mnist", data_root, download=False)

    def shape_and_counts(split: Arrays) -> tuple[tuple[int, ...], list[int]]:
        return split.images.shape, np.bincount(split.labels).tolist()

    assert shape_and_counts(train) == ((60_000, 28, 28, 1), [6000] * 10)
    assert shape_and_counts(test) == ((10_000, 28, 28, 1), [1000] * 10)
    assert round(float(train.images.mean()) / 255, 4) == 0.2860
    # A bag fills the picture, a sandal hardly any of it.
    means = [train.images[train.labels == classes.index(name)].mean() for name in ("Bag", "Sandal")]
    assert means[0] > 2 * means[1]
