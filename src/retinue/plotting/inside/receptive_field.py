"""What one unit sees of a picture: its field by arithmetic, what is measured, and how it grew."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.inside.colours import as_colour
from retinue.plotting.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    columns_of,
    interpolation,
    new_figure,
    shorten,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rectangle = tuple[int, int, int, int]  # top, left, height, width; may stick out of the picture
Growth = tuple[str, str, str, str]  # layer, kernel, stride, field

PADDING_SHOWN = 0.25  # of the picture's sides, at most
VEIL = 0.72  # how white that is which the unit does not see
ROWS = 15  # of the table, at most
ROW = 0.185  # inches
EDGE, SHADE = "#C4C4C4", "#F2F2F2"  # of padding
_LETTERS = 165  # a line of a sentence


@styled()
def receptive_field(
    pixels: NDArray[np.uint8],
    heat: NDArray[np.float64],
    *,
    box: Rectangle | None,
    seen: Rectangle | None,
    effective: Rectangle | None,
    title: str,
    sentences: Sequence[str],
    growth: Sequence[Growth],
) -> "Figure":
    """The picture with what one unit sees of it, the measured gradient, and a table of layers.

    Args:
        pixels: (H, W, 1 or 3).
        heat: (H, W), the gradient's size at every pixel.
        box: the field by arithmetic, padding included; None where it is the whole picture.
        seen: its part in the picture; what lies outside of it is drawn pale.
        effective: the box with most of the gradient.
        title: above all.
        sentences: below.
        growth: a row a layer.
    """
    lines = [line for sentence in sentences for line in wrap(sentence, _LETTERS)]
    rows = _shortened(growth)
    wanted = max(3.3 * len(pixels) / pixels.shape[1], ROW * (len(rows) + 5.5))
    inner = min(wanted, 5.0)  # inches
    figure = new_figure(10.8, inner + 0.75 + 0.17 * len(lines))
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.05))
    left.imshow(_veiled(pixels, seen), interpolation=interpolation(pixels))
    left.set_title("what the unit sees")
    largest = float(heat.max())
    _heat(middle, heat / largest if largest else heat)
    for axes in (left, middle):
        _outline(axes, box, BLUE, "-", rim=True)
        _outline(axes, effective, VERMILION, "--", rim=effective != box)
        padded = _frame(axes, pixels.shape[:2], box)
    _table(right, rows, inner)
    _explain(right, box, effective, padded)
    figure.suptitle(shorten(title, 110), x=0.01, ha="left", fontsize=10)
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8.5)
    return figure


def _veiled(pixels: NDArray[np.uint8], seen: Rectangle | None) -> NDArray[np.uint8]:
    """The picture (H, W, 3), pale where the unit does not look."""
    colours = as_colour(pixels)
    if seen is None:
        return colours
    top, left, height, width = seen
    pale = np.asarray(np.round((1 - VEIL) * colours + VEIL * 255), np.uint8)
    pale[top : top + height, left : left + width] = colours[top : top + height, left : left + width]
    return pale


def _heat(axes: "Axes", heat: NDArray[np.float64]) -> None:
    """The gradient (H, W), 0 to 1, with its scale, which leaves small values visible."""
    from matplotlib.colors import PowerNorm

    image = axes.imshow(
        heat, cmap="magma", norm=PowerNorm(0.5, 0, 1), interpolation=interpolation(heat)
    )
    axes.set_title("gradient, measured")
    place = axes.inset_axes((1.03, 0.0, 0.035, 1.0))
    bar = axes.figure.colorbar(image, cax=place, ticks=[0, 0.05, 0.25, 0.5, 1])
    bar.ax.set_yticklabels(["0", "0.05", "0.25", "0.5", "largest"])
    bar.outline.set_visible(False)


def _outline(axes: "Axes", box: Rectangle | None, colour: str, line: str, rim: bool) -> None:
    """A box around pixels; with a rim it stands out from light and from dark."""
    from matplotlib.patches import Rectangle as Patch

    if box is None or not (box[2] and box[3]):
        return
    top, left, height, width = box
    place = ((left - 0.5, top - 0.5), width, height)
    if rim:
        axes.add_patch(Patch(*place, fill=False, edgecolor="white", linewidth=3.2))
    axes.add_patch(Patch(*place, fill=False, edgecolor=colour, linewidth=1.8, linestyle=line))


def _frame(axes: "Axes", size: tuple[int, ...], box: Rectangle | None) -> bool:
    """Show the picture, and hatched around it some of the padding that the box reaches into.

    Returns whether there is such padding.
    """
    from matplotlib.patches import Rectangle as Patch

    height, width = size
    top, left, tall, wide = box if box is not None and box[2] and box[3] else (0, 0, height, width)
    most = (PADDING_SHOWN * height, PADDING_SHOWN * width)
    above, below = min(max(-top, 0), most[0]), min(max(top + tall - height, 0), most[0])
    before, after = min(max(-left, 0), most[1]), min(max(left + wide - width, 0), most[1])
    across, down = before + width + after, above + height + below
    padded = bool(above or below or before or after)
    if padded:
        corner = (-0.5 - before, -0.5 - above)
        axes.add_patch(
            Patch(corner, across, down, fc=SHADE, ec=EDGE, hatch="///", linewidth=0, zorder=-1)
        )
    rim = 0.01 * max(height, width)  # so that a line along the edge is not cut in half
    axes.set_xlim(-0.5 - before - rim, width - 0.5 + after + rim)
    axes.set_ylim(height - 0.5 + below + rim, -0.5 - above - rim)
    axes.set(xticks=[], yticks=[], anchor="N")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return padded


def _shortened(growth: Sequence[Growth]) -> Sequence[Growth]:
    """Of many layers the first and the last."""
    if len(growth) <= ROWS:
        return growth
    return [*growth[: ROWS // 2], ("…", "", "", ""), *growth[-(ROWS // 2) :]]


def _table(axes: "Axes", rows: Sequence[Growth], height: float) -> None:
    """How the field grew from layer to layer, on axes that are so many inches high."""
    axes.set_axis_off()
    axes.set_title("how its field grew")
    places = ((0.0, "left", 30), (0.69, "center", 8), (0.82, "center", 6), (1.0, "right", 11))
    for number, row in enumerate([("layer", "kernel", "stride", "field"), *rows]):
        for text, (x, align, letters) in zip(row, places, strict=True):
            axes.text(
                x,
                number,
                _end_of(text, letters),
                ha=align,
                va="center",
                fontsize=7.5,
                color=GREY if number == 0 else INK,
                weight="bold" if number == len(rows) else "normal",
            )
    axes.set(xlim=(0, 1), ylim=(height / ROW - 0.8, -0.8))


def _end_of(name: str, limit: int) -> str:
    """The end of a name, which tells layers apart, at most so many columns wide."""
    return shorten(name if columns_of(name) <= limit else f"…{name[1 - limit :]}", limit)


def _explain(
    axes: "Axes", box: Rectangle | None, effective: Rectangle | None, padding: bool
) -> None:
    """What the lines and the hatching mean, below the table."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines: list[Line2D | Patch] = []
    if box is not None:
        label = f"field by arithmetic, {box[2]} x {box[3]}"
        lines.append(Line2D([], [], color=BLUE, label=label))
    if effective is not None:
        label = "95 % of the gradient, measured"
        lines.append(Line2D([], [], color=VERMILION, linestyle="--", label=label))
    if padding:
        lines.append(Patch(fc=SHADE, ec=EDGE, hatch="////", linewidth=0, label="padding"))
    if lines:
        axes.legend(handles=lines, loc="lower left", borderpad=0, fontsize=8)
