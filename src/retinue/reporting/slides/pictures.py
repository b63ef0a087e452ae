"""Drawing pictures in rows, each with its alternative text and a caption."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from pptx.slide import Slide
from pptx.util import Inches

from retinue.plotting.style import INK
from retinue.reporting.slides.marking import describe
from retinue.reporting.slides.pages import Box, Pictures, Shown
from retinue.reporting.slides.text import LINE, fitting, width_of
from retinue.reporting.slides.words import text_box, write

GAP = 0.1  # inches between pictures
CAPTION = 11.0  # size of letters
SHARP = 64  # pictures smaller than this keep square pixels, for programs would blur them
ENLARGED = 256
LARGEST = 4096  # pixels a side; thumbnails are far smaller
COLOURS = (INK, "#B84C00")  # of a caption's lines: the truth, what was said instead


def draw_pictures(slide: Slide, box: Box, pictures: Pictures) -> None:
    """A grid as large as fits, in the middle of its box where there is room to spare."""
    if not pictures.shown:
        return
    caption = max(one.lines for one in pictures.shown) * CAPTION * LINE / 72
    rows = -(-len(pictures.shown) // pictures.columns)
    side = min(
        (box.width - GAP * (pictures.columns - 1)) / pictures.columns,
        (box.height - GAP * (rows - 1)) / rows - caption,
    )
    if side <= 0:
        return
    captions = _captions(pictures.shown, side)
    for number, (one, lines) in enumerate(zip(pictures.shown, captions, strict=True)):
        row, column = divmod(number, pictures.columns)
        x, y = box.x + column * (side + GAP), box.y + row * (side + caption + GAP)
        data = _readable(one)
        if data is not None:
            _place(slide, Box(x, y, side, side), one.alt, lines, data)


def _place(slide: Slide, box: Box, alt: str, lines: Sequence[str], data: bytes) -> None:
    """A picture in the middle of a square, its caption below."""
    with Image.open(BytesIO(data)) as image:
        across, up = image.size
    scale = box.width / max(across, up)
    width, height = across * scale, up * scale
    drawn = slide.shapes.add_picture(
        BytesIO(data), Inches(box.x + (box.width - width) / 2),
        Inches(box.y + (box.height - height) / 2), Inches(width), Inches(height),
    )  # fmt: skip
    describe(drawn, "Picture", alt)
    line = CAPTION * LINE / 72
    for number, text in enumerate(lines):
        place = Box(box.x, box.y + box.height + number * line, box.width, line)
        write(text_box(slide, place), [text], CAPTION, COLOURS[min(number, 1)])


def _captions(shown: Sequence[Shown], width: float) -> list[tuple[str, ...]]:
    """The lines under each picture, as wide as it at most."""
    sure = max((width_of(f"{one.sure} ", CAPTION) for one in shown if one.sure), default=0.0)
    names = [name for one in shown for name in (one.name, one.said) if name]
    short = dict(zip(names, fitting(names, width * 72 - sure, CAPTION), strict=True))
    return [
        tuple(
            line
            for line in (short.get(one.name, ""), f"{one.sure} {short.get(one.said, '')}".strip())
            if line
        )
        for one in shown
    ]


def _readable(one: Shown) -> bytes | None:
    """The picture as PNG or JPEG that can be decoded, small ones enlarged; None for a damaged."""
    try:
        data = one.source.read_bytes() if isinstance(one.source, Path) else one.source
        with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as image:
            if max(image.size) > LARGEST:
                return None
            image.load()
            if max(image.size) >= SHARP:
                return data
            times = ENLARGED // max(image.size)
            large = image.resize((image.width * times, image.height * times), Image.Resampling(0))
            buffer = BytesIO()
            large.save(buffer, "PNG")
            return buffer.getvalue()
    except (OSError, ValueError, SyntaxError):
        return None
