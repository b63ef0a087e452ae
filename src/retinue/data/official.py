"""The built-in data sets MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100, read from their own files.

Files that are on the machine already are taken as they are if their structure fits; what is
downloaded has the digest of the published file.
"""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from retinue.data import downloads
from retinue.data.downloads import OfficialFile, Progress
from retinue.data.files import open_files
from retinue.errors import RetinueError, UsageError

_IMAGES_MAGIC = 0x0803  # unsigned bytes in three dimensions
_LABELS_MAGIC = 0x0801  # unsigned bytes in one dimension
_IDX_SIDE = 28
_CIFAR_SIDE = 32
# A header can claim four billion; no relative of these data sets has a million.
_MOST_PICTURES = 1_000_000


@dataclass(frozen=True)
class Arrays:
    """One split: `images` (N, H, W, C) uint8 and `labels` (N,) int64, indices of the classes."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]


class _Official(Protocol):
    """What there is to know about a data set, and how to read it."""

    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def files(self) -> tuple[OfficialFile, ...]: ...
    @property
    def home(self) -> str: ...
    def find(self, data_root: Path) -> Path | None: ...
    def load(self, place: Path) -> tuple[Arrays, Arrays]: ...


@dataclass(frozen=True)
class _Idx:
    """A data set in four IDX files, packed with gzip or not; `home` is torchvision's folder."""

    name: str
    home: str
    classes: tuple[str, ...]
    files: tuple[OfficialFile, ...]

    def find(self, data_root: Path) -> Path | None:
        """The folder that has all four files."""
        for folder in (data_root / self.home, data_root / self.name):
            if all(_plain_or_packed(folder, file.name) for file in self.files):
                return folder
        return None

    def load(self, place: Path) -> tuple[Arrays, Arrays]:
        """Train and test."""
        images, labels, test_images, test_labels = (
            _plain_or_packed(place, file.name) or place / file.name for file in self.files
        )
        return (
            read_idx(images, labels, len(self.classes)),
            read_idx(test_images, test_labels, len(self.classes)),
        )


@dataclass(frozen=True)
class _Cifar:
    """A data set in one tar of binary records, or in the folder that it unpacks to."""

    name: str
    classes: tuple[str, ...]
    files: tuple[OfficialFile, ...]
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_bytes: int
    home: str = "."

    def find(self, data_root: Path) -> Path | None:
        """The unpacked folder or the archive."""
        for parent in (data_root, data_root / self.name):
            if all((parent / self.folder / name).is_file() for name in self.train + self.test):
                return parent / self.folder
            if (parent / self.files[0].name).is_file():
                return parent / self.files[0].name
        return None

    def load(self, place: Path) -> tuple[Arrays, Arrays]:
        """Train and test, in one pass over the archive."""
        prefix = "" if place.is_dir() else f"{self.folder}/"
        wanted = [prefix + name for name in self.train + self.test]
        parts = {
            name.removeprefix(prefix): read_cifar(
                content, place / name, self.label_bytes, len(self.classes)
            )
            for name, content in open_files(place).read(wanted)
        }
        return _joined([parts[name] for name in self.train]), _joined(
            [parts[name] for name in self.test]
        )


def load_official(
    name: str, data_root: Path, download: bool = True, progress: Progress | None = None
) -> tuple[tuple[str, ...], Arrays, Arrays]:
    """Read a built-in data set, downloading it first where it is missing.

    Args:
        name: one of `OFFICIAL`.
        data_root: the folder under which data sets lie.
        download: whether missing files may be fetched.
        progress: called with (bytes so far, bytes in all) during a download.

    Returns:
        The class names, the training split and the test split.

    Raises:
        UsageError: there is no data set of that name.
        RetinueError: files are missing, cannot be downloaded, or do not fit; the text names them.
    """
    source = _source(name)
    if source.find(data_root) is None:
        if not download:
            raise RetinueError(missing_line(name, data_root))
        _download(source, data_root, progress)
    place = source.find(data_root)
    if place is None:
        raise RetinueError(missing_line(name, data_root))
    train, test = source.load(place)
    return source.classes, train, test


def find_official(name: str, data_root: Path) -> Path | None:
    """The folder or archive that holds a data set, or None if it is not all there."""
    return _source(name).find(data_root)


def missing_line(name: str, data_root: Path) -> str:
    """One line that says which files of a data set to put where."""
    source = _source(name)
    where = data_root / source.home
    names = ", ".join(file.name for file in source.files)
    address = source.files[0].urls[0].rpartition("/")[0]
    return (
        f"{name} is not in {data_root}: give the folder that has it with --data-root, "
        f"or put {names} from {address}/ into {where}"
    )


def read_idx(images_path: Path, labels_path: Path, classes: int) -> Arrays:
    """Read a pair of IDX files, packed (.gz) or not, of 28x28 grey pictures and their labels.

    Raises:
        RetinueError: a file is damaged or does not fit; the text names it.
    """
    count, pixels = _idx(images_path, _IMAGES_MAGIC, (_IDX_SIDE, _IDX_SIDE))
    label_count, labels = _idx(labels_path, _LABELS_MAGIC, ())
    if count != label_count:
        raise _unfit(labels_path, f"has {label_count} labels for {count} pictures")
    _check_labels(labels, classes, labels_path)
    images = pixels.reshape(count, _IDX_SIDE, _IDX_SIDE, 1)
    return Arrays(images, labels.astype(np.int64))


def read_cifar(content: bytes, path: Path, label_bytes: int, classes: int) -> Arrays:
    """Read binary records: labels (the last of them is used), then red, green and blue planes.

    Raises:
        RetinueError: length or labels do not fit; the text names `path`.
    """
    record = label_bytes + 3 * _CIFAR_SIDE**2
    if not content or len(content) % record:
        raise _unfit(path, f"has {len(content)} bytes, not a multiple of {record}")
    rows = np.frombuffer(content, np.uint8).reshape(-1, record)
    labels = rows[:, label_bytes - 1]
    _check_labels(labels, classes, path)
    planes = rows[:, label_bytes:].reshape(-1, 3, _CIFAR_SIDE, _CIFAR_SIDE)
    return Arrays(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels.astype(np.int64))


def _idx(path: Path, magic: int, shape: tuple[int, ...]) -> tuple[int, npt.NDArray[np.uint8]]:
    """The count in an IDX file's header, and all its bytes behind the header."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(8 + 4 * len(shape))
            found = [int.from_bytes(header[at : at + 4], "big") for at in range(0, len(header), 4)]
            if len(found) != 2 + len(shape) or found[0] != magic:
                raise _unfit(path, f"does not start with an IDX header of magic number {magic}")
            count = found[1]
            if tuple(found[2:]) != shape or not 0 < count <= _MOST_PICTURES:
                raise _unfit(path, f"claims {' x '.join(map(str, found[1:]))} values")
            length = count * int(np.prod(shape))
            # One byte more than there should be tells whether there is more.
            content = file.read(length + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _unfit(path, f"is damaged or cannot be read ({error})") from None
    if len(content) != length:
        raise _unfit(path, f"does not have the {length} bytes that its header claims")
    return count, np.frombuffer(content, np.uint8)


def _check_labels(labels: npt.NDArray[np.uint8], classes: int, path: Path) -> None:
    if labels.max() >= classes:
        raise _unfit(path, f"has label {labels.max()}, but there are {classes} classes")


def _unfit(path: Path, what: str) -> RetinueError:
    return RetinueError(f"{path} {what}: put the published file in its place")


def _joined(parts: list[Arrays]) -> Arrays:
    return Arrays(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _plain_or_packed(folder: Path, name: str) -> Path | None:
    """A file by its published name (.gz), unpacked if that is there too."""
    for path in (folder / name.removesuffix(".gz"), folder / name):
        if path.is_file():
            return path
    return None


def _download(source: _Official, data_root: Path, progress: Progress | None) -> None:
    """Fetch the files that are missing; progress runs over all of them together."""
    home = data_root / source.home
    missing = [file for file in source.files if not _plain_or_packed(home, file.name)]
    total = sum(file.size for file in missing)
    before = 0
    for file in missing:
        report = _shifted(progress, before, total) if progress else None
        downloads.download(file.urls, home / file.name, file.sha256, file.size, report)
        before += file.size


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)


def _source(name: str) -> _Official:
    if name not in _SOURCES:
        raise UsageError(f"there is no built-in data set {name!r}: choose {', '.join(_SOURCES)}")
    return _SOURCES[name]


def _idx_files(
    addresses: tuple[str, ...], sizes_and_digests: tuple[tuple[int, str], ...]
) -> tuple[OfficialFile, ...]:
    names = (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    )
    return tuple(
        OfficialFile(name, tuple(address + name for address in addresses), digest, size)
        for name, (size, digest) in zip(names, sizes_and_digests, strict=True)
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _cifar_file(name: str, size: int, digest: str) -> tuple[OfficialFile, ...]:
    return (OfficialFile(name, (f"https://www.cs.toronto.edu/~kriz/{name}",), digest, size),)


_MNIST = _Idx(
    name="mnist",
    home="MNIST/raw",
    classes=tuple("0123456789"),
    files=_idx_files(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        (
            (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
    ),
)

_FASHION = _Idx(
    name="fashion-mnist",
    home="FashionMNIST/raw",
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    files=_idx_files(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            # Its https has no certificate of its own; the digest is what vouches for the file.
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        (
            (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
    ),
)

_CIFAR10 = _Cifar(
    name="cifar10",
    classes=_words("airplane automobile bird cat deer dog frog horse ship truck"),
    files=_cifar_file(
        "cifar-10-binary.tar.gz",
        170052171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    folder="cifar-10-batches-bin",
    train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test=("test_batch.bin",),
    label_bytes=1,
)

_CIFAR100 = _Cifar(
    name="cifar100",
    classes=_words(
        """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge
        bus butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud
        cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox
        girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
        maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree
        pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray
        road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel
        streetcar sunflower sweet_pepper table tank telephone television tiger tractor train
        trout tulip turtle wardrobe whale willow_tree wolf woman worm
        """
    ),
    files=_cifar_file(
        "cifar-100-binary.tar.gz",
        168513733,
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    ),
    folder="cifar-100-binary",
    train=("train.bin",),
    test=("test.bin",),
    label_bytes=2,
)

_SOURCES: dict[str, _Official] = {
    source.name: source for source in (_MNIST, _FASHION, _CIFAR10, _CIFAR100)
}

OFFICIAL = tuple(_SOURCES)
