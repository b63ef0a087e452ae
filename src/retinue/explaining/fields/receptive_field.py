"""What one unit of a network sees of a picture: by arithmetic, and measured by its gradient."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from retinue.errors import UsageError
from retinue.explaining.drawn import Drawn
from retinue.explaining.fields.box import Box, around
from retinue.explaining.fields.in_words import (
    growth_in_words,
    sentences,
    unit_in_words,
    units_in_words,
)
from retinue.explaining.fields.layer_fields import (
    LayerField,
    as_numbers_of,
    chosen,
    found_by,
    layer_fields,
)
from retinue.explaining.fields.unit_gradient import SHARE, Heat, unit_gradient
from retinue.explaining.layers import outputs
from retinue.explaining.picture import Picture
from retinue.images import Pixels
from retinue.models.describe import evaluating
from retinue.prediction.classifier import Classifier
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_POINTS = (("", ""), ("1x1", "1"))  # kernel and stride of what no field grows by


@dataclass(frozen=True)
class UnitField(Drawn):
    """What one unit sees of one picture.

    `box` is its receptive field by the arithmetic of convolutions, padding included, and `seen`
    the pixels of the picture in it that can reach the unit; both are None where a layer on the way
    looks at the whole picture, or in a way that is not followed. `gradient` (H, W) says how
    strongly the unit depends on each pixel of this picture: of the unit, all its channels added
    up, by the pixels' values, 0 to 255, absolute, all channels of the picture added up.

    Luo, Li, Urtasun and Zemel, "Understanding the effective receptive field in deep convolutional
    neural networks", 2016, show that most of the gradient lies in a small middle part of the
    field: `effective`.
    """

    name: str  # of the picture
    pixels: Pixels  # (H, W, C)
    layer: LayerField
    unit: tuple[int, ...]  # (row, column), or a number in a vector
    gradient: Heat
    growth: tuple[LayerField, ...]  # the layers up to this one by which fields grow

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture."""
        return self.gradient.shape[0], self.gradient.shape[1]

    @property
    def box(self) -> Box | None:
        """The field by arithmetic, padding included."""
        return self.layer.box(self.unit)

    @property
    def seen(self) -> Box | None:
        """The part of the field that lies in the picture and can reach the unit."""
        return self.layer.seen(self.unit)

    @property
    def touched(self) -> Box:
        """The smallest box around all pixels with a gradient; one of nothing where none has."""
        return around(self.gradient)

    @property
    def touched_pixels(self) -> int:
        """How many pixels have a gradient."""
        return int(np.count_nonzero(self.gradient))

    @property
    def inside(self) -> float | None:
        """The gradient's share in `seen`: 1 where arithmetic is right; None without either."""
        total = float(self.gradient.sum())
        if self.seen is None or not total:
            return None
        outside = self.gradient.copy()
        self.seen.cut(outside)[:] = 0
        return 1 - float(outside.sum()) / total

    @property
    def effective(self) -> Box | None:
        """The smallest box around the middle of `box` with 95 % of the gradient."""
        return None if self.box is None else _smallest(self.gradient, self.box)

    @property
    def effective_pixels(self) -> int:
        """The fewest pixels that have 95 % of the gradient together; 0 where there is none."""
        total = float(self.gradient.sum())
        largest_first = np.sort(self.gradient, axis=None)[::-1].cumsum()
        return int(np.searchsorted(largest_first, SHARE * total)) + 1 if total else 0

    def sentences(self) -> list[str]:
        """What is to be said of it."""
        return sentences(self)

    def as_dict(self) -> dict[str, Any]:
        """The numbers, as JSON has them."""
        box, seen, effective = (
            one.as_dict() if one is not None else None
            for one in (self.box, self.seen, self.effective)
        )
        return {
            "picture": self.name,
            "size": list(self.size),
            **self.layer.as_dict(),
            "unit": list(self.unit),
            "box": box,
            "seen": seen,
            "padding": list(self.box.outside(self.size)) if self.box else None,
            "measured": {
                "gradient": float(self.gradient.sum()),
                "pixels": self.touched_pixels,
                "box": self.touched.as_dict(),
                "inside": self.inside,
                "share": SHARE,
                "effective_box": effective,
                "effective_pixels": self.effective_pixels,
            },
            "growth": [one.as_dict() for one in self.growth],
            "sentences": self.sentences(),
        }

    def figure(self) -> "Figure":
        """The picture with the field on it, the gradient, and how the field grew."""
        from retinue.plotting.inside.receptive_field import receptive_field as draw

        return draw(
            self.pixels,
            self.gradient,
            box=_rectangle(self.box),
            seen=_rectangle(self.seen),
            effective=_rectangle(self.effective),
            title=f"{self.name}: {unit_in_words(self.layer, self.unit)}",
            sentences=self.sentences(),
            growth=[growth_in_words(one) for one in self.growth],
        )


def receptive_field(
    classifier: Classifier,
    picture: Picture,
    layer: str | None = None,
    unit: tuple[int, ...] | None = None,
) -> UnitField:
    """What one unit of a layer sees of a picture, by arithmetic and measured.

    Args:
        classifier: its network is afterwards as before.
        picture: of the network's size.
        layer: its name, or that of a part such as `features.block1`; `name:2` is a second run in a
            pass. By itself the last layer with maps of more than one pixel.
        unit: (row, column) in the layer's map, counted from 0; by itself the middle one. In a
            vector one number, by itself the one with the largest value.

    Raises:
        UsageError: no such layer or unit, or the network is a graph.
    """
    height, width, channels = picture.pixels.shape
    known = layer_fields(classifier.model, channels, (height, width), layer)
    found = chosen(known, classifier.model, layer)
    return unit_field(classifier, picture, known, found, unit)


def unit_field(
    classifier: Classifier,
    picture: Picture,
    known: Mapping[str, LayerField],
    layer: LayerField,
    unit: tuple[int, ...] | None = None,
) -> UnitField:
    """As `receptive_field`, where it is known already what all layers see of such pictures."""
    place = _usual_unit(classifier, picture, layer) if unit is None else checked_unit(layer, unit)
    gradient = unit_gradient(classifier.model, picture.batch, layer.name, place)
    return UnitField(picture.name, picture.pixels, layer, place, gradient, _growth(known, layer))


def checked_unit(layer: LayerField, unit: tuple[int, ...]) -> tuple[int, ...]:
    """The unit, if the layer has it.

    Raises:
        UsageError: it has not; the text says what it has.
    """
    given = tuple(unit)
    if len(given) != len(layer.units) or not all(
        0 <= place < most for place, most in zip(given, layer.units, strict=True)
    ):
        raise UsageError(
            f"--unit {','.join(str(place) for place in given)}: layer {printable(layer.name)} has "
            f"{units_in_words(layer)}, counted from 0"
        )
    return given


def _usual_unit(classifier: Classifier, picture: Picture, layer: LayerField) -> tuple[int, ...]:
    """The middle of a map; in a vector the largest number."""
    if len(layer.output) != 1:
        return tuple(most // 2 for most in layer.units)
    base, watched, run = found_by(classifier.model, layer.name)
    pixels = as_numbers_of(classifier.model, picture.batch)
    with (
        torch.no_grad(),
        evaluating(classifier.model),
        outputs(classifier.model, {base: watched}) as found,
    ):
        classifier.model(pixels)
        return (int(found[run][0].argmax()),)


def _growth(known: Mapping[str, LayerField], layer: LayerField) -> tuple[LayerField, ...]:
    """The layers with a window, in order of execution, up to and with the layer itself."""
    names = list(known)
    before = [known[name] for name in names[: names.index(layer.name)]]
    windows = [one for one in before if one.size and (one.kernel, one.stride) not in _POINTS]
    return (*windows, layer)


def _smallest(gradient: Heat, box: Box) -> Box | None:
    """The smallest box with the middle and the proportions of another that has 95 %."""
    total = float(gradient.sum())
    if not total:
        return None
    steps = (max(box.height, box.width) - 1) // 2
    for step in range(steps, 0, -1):
        rows = (box.height - 1) // 2 * step // steps
        smaller = box.shrunk(rows, (box.width - 1) // 2 * step // steps)
        if smaller.cut(gradient).sum() >= SHARE * total:
            return smaller
    return box


def _rectangle(box: Box | None) -> tuple[int, int, int, int] | None:
    return None if box is None else (box.top, box.left, box.height, box.width)
