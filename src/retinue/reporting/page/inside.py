"""The section about what is inside the network: figures that `explain` drew."""

from dataclasses import dataclass
from pathlib import Path

from retinue.errors import PictureError
from retinue.explaining.explain import Explanation
from retinue.reporting.page.album import kept, opened, shrunk
from retinue.wording import percent

QUALITY = 82  # of a figure: a page holds many


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
        tuple(drawing_of(one.title, explanation.path / one.file) for one in explanation.shown),
        tuple(explanation.left_out.items()),
    )


def drawing_of(title: str, path: Path) -> Drawing:
    """A figure's file as it stands in a page.

    Raises:
        OSError: it cannot be read.
        PictureError: it is damaged.
    """
    image = opened(path.read_bytes())
    stored = None if image is None else kept(shrunk(image, max(image.size), QUALITY))
    if image is None or stored is None:
        raise PictureError(f"{path}: is no picture")
    return Drawing(title, stored.address, image.width, image.height)
