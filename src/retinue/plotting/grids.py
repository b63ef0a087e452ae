"""Grids and sheets of pictures, each under what is to be said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import (
    INK,
    at_most_99,
    columns_of,
    interpolation,
    shorten,
    shorten_all,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Picture = NDArray[np.uint8]  # (H, W, C), C of 1 is grey

PICTURE = 1.5  # inches a picture is wide, with its margin GAP
GAP = 0.08
LINE = 0.15  # inches from line to line of a caption
LETTERS = 14  # letters an inch of a caption


@styled()
def picture_grid(
    images: Sequence[Picture], titles: Sequence[str], columns: int, title: str | None = None
) -> "Figure":
    """Pictures in reading order, each under its own title.

    Args:
        images: uint8 (H, W, C) each; C of 1 is drawn grey, pictures under 64 pixels with square
            pixels. Sizes may differ.
        titles: a title a picture, of any number of lines; each line is shortened to the picture.
        columns: pictures in a row.
        title: above all.
    """
    return _mosaic(_in_rows(images, titles, columns), title)


@styled()
def confident_mistakes(
    images: Sequence[Picture],
    true: Sequence[str],
    predicted: Sequence[str],
    confidences: Sequence[float],
    *,
    columns: int = 6,
    title: str | None = None,
) -> "Figure":
    """Pictures under their true class (green) and what was said instead, how surely (vermilion).

    Args:
        images: uint8 (H, W, C) each.
        true: their classes.
        predicted: the classes predicted.
        confidences: the probabilities, 0 to 1, of those.
        columns: pictures in a row.
        title: above all.
    """
    limit = int(PICTURE * LETTERS)
    captions = []
    for right, wrong, confidence in zip(true, predicted, confidences, strict=True):
        # Percentages are cut, not rounded: only certainty itself is called 100 %.
        sure = f" {at_most_99(int(100 * confidence + 1e-9), confidence)} %"
        captions.append(f"{shorten(right, limit)}\n→ {shorten(wrong, limit - len(sure) - 2)}{sure}")
    # Green and vermilion of the palette, darker, so that small letters are readable.
    return _mosaic(_in_rows(images, captions, columns), title, colours=("#00775A", "#B84C00"))


@styled()
def side_by_side(
    originals: Sequence[Picture], augmented: Sequence[Sequence[Picture]], title: str | None = None
) -> "Figure":
    """A row a picture: as it is, then as training sees it.

    Args:
        originals: uint8 (H, W, C) each.
        augmented: for each original its augmented versions.
        title: above all.
    """
    pictures = [[first, *others] for first, others in zip(originals, augmented, strict=True)]
    rows = [
        _Row(row, ["original"] + ["augmented"] * (len(row) - 1) if number == 0 else ())
        for number, row in enumerate(pictures)
    ]
    return _mosaic(rows, title)


@styled()
def sample_sheet(
    images_by_class: Mapping[str, Sequence[Picture]], title: str | None = None
) -> "Figure":
    """Some pictures of every class, a row a class under its name.

    Args:
        images_by_class: {class: pictures uint8 (H, W, C)}.
        title: above all.
    """
    names = shorten_all(list(images_by_class), 24)
    pairs = zip(images_by_class.values(), names, strict=True)
    rows = [_Row(pictures, label=name) for pictures, name in pairs]
    side = float(np.clip(60 / max(1, len(rows)), 0.3, 1.1))
    return _mosaic(rows, title, side)


@dataclass(frozen=True)
class _Row:
    """Pictures side by side, each under its caption (of one or more lines), after a label."""

    pictures: Sequence[Picture]
    captions: Sequence[str] = ()
    label: str = ""

    @property
    def lines(self) -> int:
        return max((caption.count("\n") + 1 for caption in self.captions), default=0)


def _in_rows(images: Sequence[Picture], captions: Sequence[str], columns: int) -> list[_Row]:
    starts = range(0, len(images), columns)
    return [_Row(images[i : i + columns], captions[i : i + columns]) for i in starts]


def _mosaic(
    rows: Sequence[_Row],
    title: str | None,
    side: float = PICTURE,
    colours: Sequence[str] = (INK, INK),
) -> "Figure":
    """Rows of pictures on one canvas measured in inches, which is quicker than axes by hundreds.

    `side` is that of the square a picture is fitted to, `colours` are those of a caption's first
    and further lines.
    """
    from matplotlib.figure import Figure

    left = GAP + 0.085 * max((columns_of(row.label) for row in rows), default=0)
    left += GAP if left > GAP else 0
    across = max((len(row.pictures) for row in rows), default=0)
    width = max(3.0, left + across * (side + GAP))
    heights = [side + GAP + LINE * row.lines for row in rows]
    tops = np.cumsum([0.36 if title else GAP, *heights])
    figure = Figure(figsize=(width, float(tops[-1])))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for row, top in zip(rows, tops[:-1], strict=True):
        _draw_row(axes, row, (left, float(top)), side, colours)
    if title:
        axes.text(GAP, 0.18, shorten(title, int(width * 11)), va="center", fontsize=10)
    axes.set(xlim=(0, width), ylim=(float(tops[-1]), 0), aspect="auto")
    return figure


def _draw_row(
    axes: "Axes", row: _Row, corner: tuple[float, float], side: float, colours: Sequence[str]
) -> None:
    """Draw a row from its upper left corner, beside its label."""
    left, top = corner
    y = top + LINE * row.lines
    axes.text(left - GAP, y + side / 2, row.label, ha="right", va="center", fontsize=8)
    places = [left + number * (side + GAP) for number in range(len(row.pictures))]
    for x, picture in zip(places, row.pictures, strict=True):
        place(axes, picture, (x, y), side)
    for x, caption in zip(places, row.captions, strict=False):
        for number, line in enumerate(caption.split("\n")):
            text, colour = shorten(line, int(side * LETTERS)), colours[min(number, 1)]
            height = top + LINE * (number + 0.45)
            axes.text(x, height, text, va="center", fontsize=7.5, color=colour)


def place(
    axes: "Axes", picture: Picture, corner: tuple[float, float], side: float
) -> tuple[float, float, float, float]:
    """Draw a picture, whatever its proportions, in the middle of a square; y grows downwards.

    Args:
        axes: where to.
        picture: uint8 (H, W) or (H, W, C); C of 1 is drawn grey, pictures under 64 pixels with
            square pixels.
        corner: the square's upper left one, (x, y).
        side: of the square.

    Returns:
        The picture's own upper left corner, its width and its height.
    """
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    x = corner[0] + (side - width * scale) / 2
    y = corner[1] + (side - height * scale) / 2
    grey = picture.ndim == 2 or picture.shape[2] == 1
    axes.imshow(
        picture.reshape(height, width) if grey else picture,
        cmap="gray" if grey else None,
        vmin=0,
        vmax=255,
        extent=(x, x + width * scale, y + height * scale, y),
        aspect="auto",
        interpolation=interpolation(picture),
    )
    return x, y, width * scale, height * scale
