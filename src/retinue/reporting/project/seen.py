"""What the picture files of a run are like, as far as the code that reads them depends on it."""

from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from retinue.errors import UsageError
from retinue.images import Preprocess, needed, quiet

_ORIENTATION, _QUARTER_TURNS = 0x0112, (5, 6, 7, 8)
_GREY = ("1", "L", "LA")
_WITH_ALPHA = ("RGBA", "LA", "PA")


@dataclass
class Seen:
    """What the files of a source are like, as far as reading them calls for it."""

    preprocess: Preprocess
    modes: set[str] = field(default_factory=set)
    shapes: set[tuple[int, int]] = field(default_factory=set)
    turned: bool = False
    transparent: bool = False
    drafts: bool = False

    def look(self, name: str, data: bytes) -> None:
        """Take in one file.

        Raises:
            UsageError: it is of a kind that a few lines of Pillow do not read alike.
        """
        with quiet(), Image.open(BytesIO(data)) as image:
            orientation = image.getexif().get(_ORIENTATION, 1)
            transparent = image.info.get("transparency") is not None
            _require_plain(name, image, orientation, transparent)
            turned = orientation in _QUARTER_TURNS
            shape = image.size if turned else (image.height, image.width)
            self.modes.add(image.mode)
            self.shapes.add(shape)
            self.turned |= orientation != 1
            self.transparent |= transparent or image.mode in _WITH_ALPHA
            if image.format in ("JPEG", "MPO"):
                least = needed(shape, self.preprocess.stored, self.preprocess.fit)
                before = image.size
                image.draft(None, least if turned else least[::-1])
                self.drafts |= image.size != before

    def require_readable(self) -> None:
        """Refuse photos on their side where which of them may come smaller depends on it.

        Raises:
            UsageError: there are such.
        """
        height, width = self.preprocess.stored
        if self.drafts and self.turned and height != width:
            raise UsageError(
                "no folder to hand in: some photos lie on their side, and the network takes no "
                "squares; train with a square --size"
            )

    @property
    def converted(self) -> list[str]:
        """The modes through which every picture goes to have the network's channels."""
        if self.preprocess.channels == 3:
            return ["RGB"] if self.transparent or self.modes != {"RGB"} else []
        if self.modes == {"L"} and not self.transparent:
            return []
        return ["L"] if self.modes <= set(_GREY) else ["RGB", "L"]


def _require_plain(name: str, image: Image.Image, orientation: int, transparent: bool) -> None:
    """Refuse what `images.py` reads by rules of its own."""
    kind = ""
    if image.format == "HEIF":
        kind = "a photo in HEIF"
    elif image.mode in ("RGBa", "La"):
        kind = "a picture whose colours are multiplied by their opacity"
    elif image.mode.startswith(("I", "F")):
        kind = f"a picture of more than 8 bits ({image.mode})"
    elif image.format == "TIFF" and orientation != 1:
        kind = "a TIFF that lies on its side"
    elif transparent and _packed_as(image) in ("L;2", "L;4"):
        kind = "a grey picture of 2 or 4 bits with a transparent value"
    if kind:
        raise UsageError(
            f"no folder to hand in: {name} is {kind}, which needs more than a few lines to be read "
            "alike; save it as JPEG or as PNG of 8 bits, and train again"
        )


def _packed_as(image: Image.Image) -> str:
    """How the bits of a picture that was not decoded yet are packed, where Pillow tells."""
    tiles = getattr(image, "tile", [])
    return str(tiles[0].args) if tiles else ""
