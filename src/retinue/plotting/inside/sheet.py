"""A sheet for many small pictures with words, filled from top to bottom.

It is one canvas measured in inches, which is quicker than axes by hundreds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from retinue.plotting.grids import place
from retinue.plotting.inside.colours import Colours, Strip
from retinue.plotting.style import INK, VERMILION, interpolation, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGIN = 0.14  # inches around all, and between pictures
LINE = 0.135  # inches from line to line of a caption
LETTERS = 17.0  # letters of a caption an inch
NOTE = 0.165  # inches from line to line of a note
NOTE_LETTERS = 14.5  # letters of a note an inch
PALE = "#C8C8C8"
MARKED = "#B84C00"  # vermilion, darker, so that small letters are readable


@dataclass(frozen=True)
class Tile:
    """A small picture (H, W, 3) uint8 under its lines; where it is marked they are in colour."""

    pixels: Colours
    lines: Sequence[str] = ()
    marked: bool = False


class Sheet:
    """A figure of a given width whose height follows from what is put on it."""

    def __init__(self, width: float) -> None:
        """`width` in inches."""
        from matplotlib.figure import Figure as New

        self.width = width
        self.y = MARGIN
        self._figure = New(figsize=(width, 1))
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()

    def heading(self, title: str, notes: Sequence[str] = ()) -> None:
        """A title, shortened to the sheet, and notes under it, broken into lines."""
        room = self.width - 2 * MARGIN
        self.write(shorten(title, int(room * 11.5)), size=10)
        self.y += 0.24
        for note in notes:
            for line in wrap(note, int(room * NOTE_LETTERS)):
                self.write(line, size=8)
                self.y += NOTE
        self.y += 0.06

    def write(
        self, text: str, x: float = MARGIN, size: float = 8, colour: str = INK, down: float = 0.08
    ) -> None:
        """A line of text whose middle is `down` inches below where the sheet is filled to."""
        self._axes.text(x, self.y + down, text, va="center", fontsize=size, color=colour)

    def row(self, tiles: Sequence[Tile], side: float, left: float = MARGIN, group: int = 0) -> None:
        """Pictures side by side, each fitted into a square of that many inches.

        With `group` there is more room after each so many.
        """
        lines = max((len(tile.lines) for tile in tiles), default=0)
        for number, tile in enumerate(tiles):
            x = left + number * (side + MARGIN) + (number // group * MARGIN if group else 0)
            for line, text in enumerate(tile.lines):
                colour = MARKED if tile.marked else INK
                short = shorten(text, int((side + MARGIN) * LETTERS))
                self.write(short, x, 6.8, colour, LINE * (line + 0.5))
            self._place(tile, x, self.y + LINE * lines + 0.02, side)
        self.y += LINE * lines + 0.02 + side + MARGIN

    def grid(self, tiles: Sequence[Tile], columns: int) -> None:
        """Pictures in rows that fill the width."""
        side = (self.width - MARGIN) / columns - MARGIN
        for start in range(0, len(tiles), columns):
            self.row(tiles[start : start + columns], side)

    def strip(self, strip: Strip, x: float = MARGIN, length: float = 2.6) -> None:
        """A bar of colours with its texts below and its label beside it."""
        height = 0.13
        self._image(strip.colours[None], x, self.y, length, height)
        for share, text in strip.ticks:
            align = {0.0: "left", 1.0: "right"}.get(share, "center")
            self._axes.text(
                x + share * length, self.y + height + 0.09, text,
                ha=align, va="center", fontsize=7,
            )  # fmt: skip
        self.write(strip.label, x + length + 0.12, 8, down=height / 2)
        self.y += height + 0.3

    def cells(self, colours: Colours, x: float, length: float, height: float) -> None:
        """Colours (n, 3) as a row of cells; the sheet is not filled further by it."""
        self._image(colours[None], x, self.y, length, height)
        self._frame(x, self.y, length, height, PALE)

    def rule(self, y: float) -> None:
        """A fine line across the sheet, at a height from its top."""
        self._axes.plot(
            [MARGIN, self.width - MARGIN], [y - 0.04, y - 0.04], color=PALE, linewidth=0.5
        )

    def finish(self) -> "Figure":
        """The figure, as high as it has been filled."""
        self._figure.set_size_inches(self.width, self.y + 0.02)
        self._axes.set(xlim=(0, self.width), ylim=(self.y + 0.02, 0), aspect="auto")
        return self._figure

    def _place(self, tile: Tile, x: float, y: float, side: float) -> None:
        """Draw a framed picture in the middle of a square."""
        box = place(self._axes, tile.pixels, (x, y), side)
        self._frame(*box, VERMILION if tile.marked else PALE)

    def _image(self, pixels: Colours, x: float, y: float, across: float, down: float) -> None:
        self._axes.imshow(
            pixels,
            extent=(x, x + across, y + down, y),
            aspect="auto",
            interpolation=interpolation(pixels),
        )

    def _frame(self, x: float, y: float, across: float, down: float, colour: str) -> None:
        from matplotlib.patches import Rectangle

        self._axes.add_patch(
            Rectangle((x, y), across, down, fill=False, edgecolor=colour, linewidth=0.6)
        )


def columns_for(pictures: int) -> int:
    """How many of so many pictures stand in a row: few are drawn larger."""
    return 8 if pictures > 12 else 6 if pictures > 4 else 4
