"""The pictures of a page: each is in the file once, however often it is shown."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, features

from retinue.errors import PictureError
from retinue.images import decode, header
from retinue.reporting.facts.pictures import Thumbnail

BUDGET = 3_200_000  # bytes of all pictures as they stand in the page
AS_THEY_ARE = 200_000  # bytes of a file above which it is no thumbnail
# Ever smaller until all fit: the longer side in pixels, and the quality.
STEPS = ((128, 85), (96, 80), (96, 60), (64, 50), (48, 35))
SOME = 64  # pictures on which a step is tried
KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}


@dataclass(frozen=True)
class Stored:
    """A picture in the page: its address with all its data, and whether it is a tiny one."""

    address: str
    tiny: bool


class Album:
    """The pictures of a page, by keys that are as short as can be.

    A picture is known by the digest that splits.csv has of it, else by its file: the same test
    picture of several runs is one.
    """

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._paths: dict[str, Path] = {}
        self._stored: dict[str, Stored] | None = None
        self._shown: set[str] = set()
        self._wanted: set[str] = set()

    def key(self, thumbnail: Thumbnail, digest: str | None = None) -> str:
        """The key of a picture, whether or not it will be in the page."""
        known = digest or str(thumbnail.path.resolve())
        key = self._keys.setdefault(known, f"p{len(self._keys)}")
        self._paths.setdefault(key, thumbnail.path)
        return key

    def want(self, keys: Iterable[str]) -> None:
        """Have these in the page."""
        self._wanted.update(keys)

    def add(self, thumbnail: Thumbnail, digest: str | None = None) -> str:
        """The key of a picture that will be in the page."""
        key = self.key(thumbnail, digest)
        self.want([key])
        return key

    @property
    def stored(self) -> Mapping[str, Stored]:
        """Every picture of the page that can be read, encoded so that all together fit."""
        if self._stored is None:
            paths = {key: path for key, path in self._paths.items() if key in self._wanted}
            self._stored = encoded(paths)
        return self._stored

    def first_address(self, key: str) -> str | None:
        """The picture's data where it is shown for the first time; None after that."""
        if key in self._shown or key not in self.stored:
            return None
        self._shown.add(key)
        return self.stored[key].address

    def others(self) -> dict[str, str]:
        """The data of those not shown so far, which the page's script will show."""
        return {key: one.address for key, one in self.stored.items() if key not in self._shown}

    def is_tiny(self, key: str) -> bool:
        """Whether it has so few pixels that they are to be seen as squares."""
        return key in self.stored and self.stored[key].tiny


def encoded(paths: Mapping[str, Path], budget: int = BUDGET) -> dict[str, Stored]:
    """Files as addresses: as they are where all fit, else smaller; without what is no picture."""
    files = {key: data for key, path in paths.items() if (data := _read(path)) is not None}
    if _size(files.values()) <= budget and all(len(data) < AS_THEY_ARE for data in files.values()):
        return {key: one for key, data in files.items() if (one := kept(data)) is not None}
    images = {key: image for key, data in files.items() if (image := opened(data)) is not None}
    for side, quality in STEPS[_step(list(images.values()), budget) :]:
        smaller = {key: shrunk(image, side, quality) for key, image in images.items()}
        if _size(smaller.values()) <= budget:
            break
    return {key: one for key, data in smaller.items() if (one := kept(data)) is not None}


def _step(images: Sequence[Image.Image], budget: int) -> int:
    """The first step at which all are likely to fit, tried on some of them."""
    some = images[:: max(1, len(images) // SOME)]
    for step, (side, quality) in enumerate(STEPS):
        size = _size(shrunk(image, side, quality) for image in some)
        if size * len(images) <= budget * len(some):
            return step
    return len(STEPS) - 1


def _size(contents: Iterable[bytes]) -> int:
    """Bytes of contents in base64."""
    return sum(-(-len(data) // 3) * 4 for data in contents)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def kept(data: bytes) -> Stored | None:
    """A file as it is, if it is what every browser shows and no more than that."""
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
    if kind is None:
        return None
    try:
        found = header(data)
    except PictureError:
        return None
    tiny = max(found.width, found.height) <= 64
    return Stored(f"data:image/{kind};base64,{b64encode(data).decode()}", tiny)


def opened(data: bytes) -> Image.Image | None:
    """A picture's pixels, or None where the bytes are no picture."""
    try:
        pixels = decode(data)
    except PictureError:
        return None
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def shrunk(image: Image.Image, side: int, quality: int) -> bytes:
    """A picture, at most so many pixels a side, with losses that nobody sees."""
    if max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side))
    buffer = BytesIO()
    image.save(buffer, format="WEBP" if features.check("webp") else "JPEG", quality=quality)
    return buffer.getvalue()


def within(lists: Sequence[Sequence[str]], quota: int, most: int) -> int:
    """How many of each list can be kept, at most `quota`, so that at most `most` are kept in all.

    What is in several lists counts once; at least one of each is kept.
    """
    for size in range(quota, 1, -1):
        if len({key for one in lists for key in one[:size]}) <= most:
            return size
    return 1
