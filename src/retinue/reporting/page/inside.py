"""The section about what is inside the network: figures that `explain` drew."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, features

from retinue.explaining.explain import Explanation
from retinue.images import decode
from retinue.wording import percent


@dataclass(frozen=True)
class Drawing:
    """A figure with its title; `address` holds all its data."""

    title: str
    address: str
    width: int
    height: int


@dataclass(frozen=True)
class Inside:
    """What was explained with one picture, and why other views are not there."""

    picture: str
    sentence: str
    drawings: tuple[Drawing, ...]
    left_out: tuple[tuple[str, str], ...]


def inside_of(explanation: Explanation) -> Inside:
    """The figures of an explanation as they stand in a page.

    Raises:
        OSError: one cannot be read.
        PictureError: one is damaged.
    """
    answer = f"{explanation.predicted}, {percent(explanation.probability)}"
    return Inside(
        explanation.picture,
        f"The answer was {answer}.",
        tuple(_drawing(one.title, explanation.path / one.file) for one in explanation.shown),
        tuple(explanation.left_out.items()),
    )


def _drawing(title: str, path: Path) -> Drawing:
    """A figure with losses that nobody sees, for a page holds many."""
    pixels = decode(path.read_bytes())
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    buffer, kind = BytesIO(), "WEBP" if features.check("webp") else "JPEG"
    image.save(buffer, format=kind, quality=82)
    address = f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"
    return Drawing(title, address, image.width, image.height)
