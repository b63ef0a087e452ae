"""The one decoder and the one resize: from any file's bytes to uint8 pixels of a wanted size.

Training, evaluation, prediction, server and export all come through here, so that the same bytes
give the same pixels everywhere. Needs Pillow and NumPy only.
"""

import functools
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from retinue import sandbox
from retinue.errors import PictureError
from retinue.wording import printable

Pixels = NDArray[np.uint8]
Fit = Literal["crop", "pad", "squash"]

RULES = 2  # raised when a change below alters pixels, so that older caches are not used

FORMATS = (
    "PNG", "JPEG", "WEBP", "MPO", "GIF", "BMP", "DIB", "TIFF", "PPM", "TGA", "ICO", "JPEG2000",
    "AVIF", "HEIF",
)  # fmt: skip
SUFFIXES = frozenset({
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".gif", ".bmp", ".dib", ".webp",
    ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".jp2", ".j2k", ".avif",
    ".heic", ".heif",
})  # fmt: skip

_ORIENTATION = 0x0112  # of EXIF
# Where Pillow keeps what may say so; TIFF has tags of its own.
_WITH_ORIENTATION = ("exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp")


# Formats that are decoded here as long as they are not large, by their first bytes; JPEG, BMP and
# WebP are looked at more closely.
_IN_EVERY_BROWSER = (b"\x89PNG\r\n\x1a\n", b"GIF8")
LARGE = 4 * 2**20  # bytes; a photo of 20 million pixels has about as many
PASS = b"\xff\xda"  # how each pass of a JPEG begins
FEW_PASSES = 30  # libjpeg's own progressive files have 10


@dataclass(frozen=True)
class Limits:
    """What one picture may cost.

    Bytes of its file, pixels once decoded, frames of an animation, passes of a progressive JPEG,
    seconds where it is decoded in a process of its own.
    """

    bytes: int = 100 * 2**20
    pixels: int = 100_000_000
    frames: int = 1000
    passes: int = 500
    seconds: float = 20.0


@dataclass(frozen=True)
class Header:
    """What a file says of itself: upright width and height in pixels, and whether it is grey."""

    width: int
    height: int
    grey: bool


@dataclass(frozen=True)
class Preprocess:
    """How a picture becomes a network's input; written into model.json beside the weights.

    Pictures are kept `stored` (height, width) large; training crops at random from them, and
    evaluation and prediction take the centre of `size`. Small pictures for a network that wants
    larger ones are stored small, and enlarged when the network gets them.
    """

    size: tuple[int, int]
    stored: tuple[int, int]
    fit: Fit
    channels: int

    def __call__(self, pixels: Pixels) -> Pixels:
        """Fit one decoded picture (H, W, 1 or 3) to (*stored, channels)."""
        return fit(with_channels(pixels, self.channels), self.stored, self.fit)

    def read(self, data: bytes, limits: Limits | None = None) -> Pixels:
        """From a file's bytes to (*stored, channels): the one way, in training and after it.

        Raises:
            PictureError: as `decode`.
        """
        _, pixels = header_and_pixels(data, self, limits)
        if isinstance(pixels, PictureError):
            raise pixels
        return pixels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a stored picture."""
        return *self.stored, self.channels

    @property
    def enlarges(self) -> bool:
        """Whether pictures are stored smaller than the network takes them."""
        return self.stored[0] < self.size[0] or self.stored[1] < self.size[1]

    def centre(self, images: Pixels) -> Pixels:
        """Cut the centre of `size` out of stored pictures (..., H, W, C); a view.

        Pictures that are yet to be enlarged stay whole.
        """
        if self.enlarges:
            return images
        top, left = ((have - want) // 2 for have, want in zip(self.stored, self.size, strict=True))
        return images[..., top : top + self.size[0], left : left + self.size[1], :]

    def bring(self, images: Pixels) -> Pixels:
        """Stored pictures (N, H, W, C) as the network takes them, (N, *size, C)."""
        return enlarge(images, self.size, self.fit) if self.enlarges else self.centre(images)

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON has them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocess":
        """The settings as JSON had them."""
        size, stored = (tuple(values[key]) for key in ("size", "stored"))
        return cls(size, stored, values["fit"], values["channels"])


def decode(
    data: bytes, limits: Limits | None = None, least: tuple[int, int] | None = None
) -> Pixels:
    """Turn a file's bytes into upright uint8 pixels, (H, W, 1) for grey and (H, W, 3) otherwise.

    Of an animation the first frame; transparency lies on white; 16-bit grey is scaled to 8 bits.
    With `least` (height, width) a JPEG may come at a half, a quarter or an eighth of its size, but
    not below `least`, which costs a fraction of the time.

    Raises:
        PictureError: the bytes are no picture, are damaged, or are over the limits.
    """
    limits = limits or Limits()
    if _goes_apart(data):
        told, body = _ask("decode", data, limits, least=least)
        return np.frombuffer(body, np.uint8).reshape(told["shape"])
    with _opened(data, limits) as image:
        return _decoded(image, least)


def header(data: bytes, limits: Limits | None = None) -> Header:
    """Read a picture's size and kind without decoding it.

    Raises:
        PictureError: as `decode`, as far as the header shows it.
    """
    limits = limits or Limits()
    if _goes_apart(data):
        return Header(**_ask("header", data, limits)[0]["header"])
    with _opened(data, limits) as image:
        return _header(image)


def header_and_pixels(
    data: bytes, preprocess: Preprocess, limits: Limits | None = None
) -> tuple[Header, Pixels | PictureError]:
    """`header` and `Preprocess.read` in one, or in place of the pixels why there are none.

    Raises:
        PictureError: as `header`.
    """
    limits = limits or Limits()
    if _goes_apart(data):
        told, body = _ask("header_and_pixels", data, limits, preprocess=preprocess.as_dict())
        known = Header(**told["header"])
        if told["reason"]:
            return known, PictureError(told["reason"], told["passing"])
        return known, np.frombuffer(body, np.uint8).reshape(preprocess.shape)
    found = None
    try:
        with _opened(data, limits) as image:
            found = _header(image)
            shape = found.height, found.width
            pixels = _decoded(image, needed(shape, preprocess.stored, preprocess.fit))
            return found, preprocess(pixels)
    except PictureError as error:
        if found is None:
            raise
        return found, error


def work(settings: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """What a process apart is asked to do: one of the three functions above.

    Raises:
        PictureError: as they do.
    """
    limits = Limits(**settings["limits"])
    if settings["what"] == "header":
        return {"header": asdict(header(data, limits))}, b""
    if settings["what"] == "decode":
        least = settings["least"]
        pixels = decode(data, limits, None if least is None else (least[0], least[1]))
        return {"shape": pixels.shape}, pixels.tobytes()
    found, seen = header_and_pixels(data, Preprocess.from_dict(settings["preprocess"]), limits)
    told: dict[str, Any] = {"header": asdict(found), "reason": "", "passing": False}
    if isinstance(seen, PictureError):
        return told | {"reason": str(seen), "passing": seen.passing}, b""
    return told, seen.tobytes()


def _goes_apart(data: bytes) -> bool:
    """Whether a file is of a format whose decoder could crash or hang, and this is no such place.

    Photos and what the web is made of are decoded here: their decoders are tried more than any
    process could make safe, and they need no time for pipes. Not so what could take them long: a
    large file, a JPEG of many passes, a packed BMP, which Pillow unpacks in Python.
    """
    if sandbox.inside() or not data:
        return False
    if len(data) > LARGE:
        return True
    if data.startswith(b"BM"):
        return data[30:34] != bytes(4)
    if data.startswith(b"\xff\xd8\xff"):
        return data.count(PASS) > FEW_PASSES
    return not (data.startswith(_IN_EVERY_BROWSER) or (data[:4], data[8:12]) == (b"RIFF", b"WEBP"))


def _ask(what: str, data: bytes, limits: Limits, **settings: Any) -> tuple[dict[str, Any], bytes]:
    if len(data) > limits.bytes:
        raise _too_large(data, limits)
    told = {"what": what, "limits": asdict(limits), **settings}
    return sandbox.ask(told, data, limits.seconds)


def with_channels(pixels: Pixels, channels: int) -> Pixels:
    """Give (H, W, C) pixels the wanted number of channels: grey to RGB, or RGB to its luma."""
    have = pixels.shape[2]
    if have == channels:
        return pixels
    if have == 1:
        return np.repeat(pixels, channels, axis=2)
    return np.asarray(Image.fromarray(pixels).convert("L"))[:, :, None]


def fit(pixels: Pixels, size: tuple[int, int], how: Fit) -> Pixels:
    """Resize (H, W, C) pixels to (height, width), antialiased.

    `crop` cuts the centre to the wanted shape, `pad` adds black at the edges, `squash` stretches.
    """
    height, width = pixels.shape[:2]
    if (height, width) == size:
        return pixels
    if how == "crop":
        scale = min(height / size[0], width / size[1])
        # Rounding may leave a hair below zero, which Pillow refuses.
        top = max(0.0, (height - size[0] * scale) / 2)
        left = max(0.0, (width - size[1] * scale) / 2)
        return resize(pixels, size, (left, top, width - left, height - top))
    if how == "squash":
        return resize(pixels, size)
    inner = _inside((height, width), size)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    padded = np.zeros((*size, pixels.shape[2]), np.uint8)
    padded[top : top + inner[0], left : left + inner[1]] = resize(pixels, inner)
    return padded


def enlarge(images: Pixels, size: tuple[int, int], how: Fit) -> Pixels:
    """`fit` for each of some pictures (N, H, W, C)."""
    brought = np.empty((len(images), *size, images.shape[3]), np.uint8)
    for row, picture in zip(brought, images, strict=True):
        row[:] = fit(picture, size, how)
    return brought


def needed(shape: tuple[int, int], size: tuple[int, int], how: Fit) -> tuple[int, int]:
    """The least (height, width) of a picture of this shape that `fit` need not enlarge."""
    return _inside(shape, size) if how == "pad" else size


def _inside(shape: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The largest (height, width) of a shape's proportions that lies inside a size."""
    scale = min(size[0] / shape[0], size[1] / shape[1])
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resize(
    pixels: Pixels, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Pixels:
    """Resample (H, W, C) pixels, or their part in box (left, top, right, bottom), to (h, w)."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    resized = image.resize((size[1], size[0]), Image.Resampling.BILINEAR, box=box)
    return np.asarray(resized).reshape(*size, pixels.shape[2])


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    """Open bytes under the limits; whatever Pillow raises inside becomes a PictureError."""
    if not data:
        raise PictureError("the file is empty")
    if len(data) > limits.bytes:
        raise _too_large(data, limits)
    try:
        with quiet(), _identified(data) as image:
            _check(image, data, limits)
            yield image
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError("not a picture in a known format") from None
    except Image.DecompressionBombError:
        raise PictureError(f"more pixels than the limit of {limits.pixels:,}") from None
    except MemoryError:
        raise PictureError("does not fit into memory", passing=True) from None
    except Exception as error:  # damaged files make decoders raise nearly anything
        raise PictureError(
            f"damaged: {printable(str(error), 100) or type(error).__name__}"
        ) from None


def _too_large(data: bytes, limits: Limits) -> PictureError:
    return PictureError(f"{len(data):,} bytes, over the limit of {limits.bytes:,}")


def _check(image: Image.Image, data: bytes, limits: Limits) -> None:
    """Refuse what its header shows to be too much."""
    if image.width * image.height > limits.pixels:
        raise PictureError(
            f"{image.width} x {image.height} pixels, over the limit of {limits.pixels:,}"
        )
    if image.format in ("JPEG", "MPO"):
        # Each pass goes over all pixels, and takes next to no bytes where nothing changes.
        passes = data.count(PASS)
        if passes > limits.passes:
            raise PictureError(f"{passes} passes of a JPEG, over the limit of {limits.passes}")
    elif image.format == "GIF" and data.count(b"\0,") <= limits.frames:
        pass  # counting them goes through the file; this is how each but the first begins
    elif (frames := getattr(image, "n_frames", 1)) > limits.frames:
        raise PictureError(f"{frames:,} frames, over the limit of {limits.frames:,}")


def _identified(data: bytes) -> Image.Image:
    """Open with the formats Pillow has, then, for photos of phones, with its HEIF plugin."""
    try:
        return Image.open(BytesIO(data), formats=_formats())
    except UnidentifiedImageError:
        if data[4:8] != b"ftyp":
            raise
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise PictureError(
            "HEIC needs an optional package: pip install 'retinue[heic]'", passing=True
        ) from None
    register_heif_opener()
    return Image.open(BytesIO(data), formats=["HEIF"])


@functools.cache
def _formats() -> list[str]:
    """Of the formats wanted, those that this build of Pillow opens."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _header(image: Image.Image) -> Header:
    height, width = _upright_shape(image)
    return Header(width, height, _is_grey(image.mode))


def _upright_shape(image: Image.Image) -> tuple[int, int]:
    """Height and width once the orientation is applied."""
    return image.size if _is_turned(image) else (image.height, image.width)


def _is_turned(image: Image.Image) -> bool:
    """Whether the header calls for a quarter turn that Pillow has not made already."""
    # Asked for its EXIF, a PNG without any at its head is decoded whole; TIFF is turned on opening.
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return False
    return _orientation(image) in (5, 6, 7, 8)


def _orientation(image: Image.Image) -> int:
    """What EXIF or XMP says of it, 1 to 8; most have neither, and to be asked costs Pillow time."""
    if not hasattr(image, "tag_v2") and not any(key in image.info for key in _WITH_ORIENTATION):
        return 1
    return int(image.getexif().get(_ORIENTATION, 1))


def _decoded(image: Image.Image, least: tuple[int, int] | None) -> Pixels:
    """Decode an opened image, as `decode` says."""
    if least is not None and image.format in ("JPEG", "MPO"):
        # libjpeg then leaves out the frequencies that nobody would see.
        image.draft(None, least if _is_turned(image) else least[::-1])
    _scale_transparency(image)
    image.load()
    return _upright_pixels(image)


def _scale_transparency(image: Image.Image) -> None:
    """Grey of 2 or 4 bits is spread over 0 to 255 on loading; its transparent value is not."""
    tiles = getattr(image, "tile", [])
    factor = {"L;2": 85, "L;4": 17}.get(str(tiles[0].args)) if tiles else None
    if factor and isinstance(image.info.get("transparency"), int):
        image.info["transparency"] *= factor


def _is_grey(mode: str) -> bool:
    return mode in ("1", "L", "LA", "La", "I", "F") or mode.startswith("I;")


def _upright_pixels(image: Image.Image) -> Pixels:
    """Decoded image to (H, W, 1 or 3): orientation applied, alpha on white, 8 bits."""
    grey = _is_grey(image.mode)
    transparent = image.info.get("transparency")
    if _orientation(image) != 1:  # it would copy the others too
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(np.asarray(image), transparent)[:, :, None]
    if transparent is not None or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    mode = "L" if grey else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return pixels[:, :, None] if grey else pixels


def _eight_bits(values: NDArray[Any], transparent: object) -> Pixels:
    """Scale 16-bit grey values (H, W) to 8 bits, so that 65535 becomes 255."""
    if values.dtype.kind == "f" or values.min() < 0 or values.max() > 65535:
        raise PictureError("pixels are not 8-bit or 16-bit numbers; save it as PNG first")
    scaled = np.round(values / 257.0).astype(np.uint8)
    if isinstance(transparent, int):
        scaled[values == transparent] = 255
    return scaled


_quiet_lock = threading.Lock()
_quiet_stack: list[Any] = []
_quiet_users = 0


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings while any thread decodes; around many pictures it costs less.

    `warnings.catch_warnings` alone changes global state in an order that threads can mix up; so
    the first one in silences and the last one out restores.
    """
    global _quiet_users  # noqa: PLW0603
    with _quiet_lock:
        _quiet_users += 1
        if _quiet_users == 1:
            _quiet_stack.append(warnings.catch_warnings(action="ignore"))
            _quiet_stack[-1].__enter__()
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_users -= 1
            if _quiet_users == 0:
                _quiet_stack.pop().__exit__(None, None, None)
