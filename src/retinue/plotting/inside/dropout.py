"""Dropout: a picture, masks, what becomes of single units, and the spread of the answers."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retinue.plotting.style import (
    BLUE,
    INK,
    SKY,
    VERMILION,
    interpolation,
    new_figure,
    shorten,
    shorten_all,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]
CLASSES = 8
UNITS = 12  # of which the values are drawn
ACROSS = 256  # units of a mask that are drawn


@styled()
def dropout(
    *,
    title: str,
    picture: NDArray[np.uint8],
    layer: str,
    masks: NDArray[np.bool_],
    inputs: Numbers,
    outputs: Numbers,
    mean_output: Numbers,
    factor: float,
    probabilities: Numbers,
    in_eval: Numbers,
    classes: Sequence[str],
    label: int | None,
    notes: Sequence[str],
) -> "Figure":
    """Above, the picture, masks of one layer and its strongest units; below, all answers.

    Args:
        title: above all.
        picture: (H, W, C) uint8.
        layer: its name.
        masks: (M, U), True where a unit is kept.
        inputs: (U,) what comes into the layer.
        outputs: (M, U) what goes out under each mask.
        mean_output: (U,) over all masks.
        factor: by which what is kept is multiplied.
        probabilities: (S, K) answers.
        in_eval: (K,) the answer without dropout.
        classes: K names.
        label: the number of the true class, if it is known.
        notes: sentences below.
    """
    figure = new_figure(11.5, 7.4)
    figure.suptitle(shorten(title, 100), x=0.01, ha="left", fontsize=11)
    panels = figure.subplot_mosaic(
        [["picture", "masks", "units"], ["answers", "answers", "answers"]],
        width_ratios=(1.0, 2.0, 2.0),
        height_ratios=(1.0, 1.25),
    )
    _draw_picture(panels["picture"], picture, None if label is None else classes[label])
    _draw_masks(panels["masks"], masks, layer)
    _draw_units(panels["units"], inputs, outputs[0], mean_output, factor)
    _draw_answers(panels["answers"], probabilities, in_eval, classes, label)
    lines = [line for note in notes for line in wrap(note, 180)]
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8.5)
    return figure


def _draw_picture(axes: "Axes", picture: NDArray[np.uint8], name: str | None) -> None:
    grey = picture.shape[2] == 1
    axes.imshow(
        picture[:, :, 0] if grey else picture,
        cmap="gray" if grey else None,
        vmin=0,
        vmax=255,
        interpolation=interpolation(picture),
    )
    axes.set_axis_off()
    axes.set_title("the picture" if name is None else shorten(name, 22))


def _draw_masks(axes: "Axes", masks: NDArray[np.bool_], layer: str) -> None:
    """A line a mask: dark is kept, light is dropped."""
    from matplotlib.colors import ListedColormap

    shown = masks[:, :ACROSS]
    axes.imshow(
        shown,
        cmap=ListedColormap(["#F3D9C8", BLUE]),
        vmin=0,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_yticks(np.arange(len(shown)), [f"mask {number + 1}" for number in range(len(shown))])
    axes.grid(visible=False)
    axes.set_yticks(np.arange(len(shown) - 1) + 0.5, minor=True)
    axes.grid(visible=True, which="minor", axis="y", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    units = masks.shape[1]
    some = "" if units == shown.shape[1] else f", the first {shown.shape[1]} of {units:,}"
    axes.set_xlabel(f"unit{some}; dark: kept, light: dropped")
    axes.set_title(shorten(f"some masks of {layer}", 44))


def _draw_units(
    axes: "Axes", inputs: Numbers, output: Numbers, mean: Numbers, factor: float
) -> None:
    """The strongest units: as they come in, as they leave under the first mask, and on average."""
    strongest = np.argsort(-np.abs(inputs), kind="stable")[:UNITS]
    chosen = np.sort(strongest)
    places = np.arange(len(chosen))
    axes.bar(places, output[chosen], 0.62, color=SKY, label=f"mask 1: 0, or times {factor:.3g}")
    axes.plot(places, inputs[chosen], "_", color=INK, markersize=15, label="comes in (eval mode)")
    axes.plot(places, mean[chosen], "d", color=VERMILION, markersize=5, label="mean of all masks")
    axes.set_xticks(places, [str(unit) for unit in chosen.tolist()])
    axes.grid(visible=False, axis="x")
    axes.set(title="its strongest units", xlabel="unit")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.42 * (high - low))
    axes.legend(loc="upper left", fontsize=7)


def _draw_answers(
    axes: "Axes",
    probabilities: Numbers,
    in_eval: Numbers,
    classes: Sequence[str],
    label: int | None,
) -> None:
    """A dot a mask, for the classes that are most probable; their mean, and that of eval mode."""
    mean = probabilities.mean(axis=0)
    shown = np.argsort(-np.maximum(mean, in_eval), kind="stable")[: min(CLASSES, len(mean))]
    values = probabilities[:, shown]
    # The same small steps up and down for all classes: a dot is found again in every line.
    steps = 0.28 * (np.arange(len(values)) % 9 - 4) / 4
    places = np.arange(len(shown)) + steps[:, None]
    axes.plot(
        values.ravel(), places.ravel(), "o",
        color=BLUE, alpha=0.3, markersize=4, markeredgewidth=0, label="one mask",
    )  # fmt: skip
    rows = np.arange(len(shown))
    axes.plot(mean[shown], rows, "d", color=VERMILION, markersize=8, label="mean of all masks")
    axes.plot(
        in_eval[shown], rows, "|",
        color=INK, markersize=20, markeredgewidth=2, label="eval mode: no dropout",
    )  # fmt: skip
    axes.set_yticks(rows, shorten_all([classes[at] for at in shown], 24))
    for at, tick in zip(shown.tolist(), axes.get_yticklabels(), strict=True):
        if at == label:
            tick.set_color("#00775A")
            tick.set_fontweight("bold")
    axes.set(xlim=(-0.02, 1.02), ylim=(len(shown) - 0.45, -0.55), xlabel="probability")
    axes.set_title(f"the answer under {len(probabilities)} masks")
    axes.legend(loc="center right", markerscale=0.7)
