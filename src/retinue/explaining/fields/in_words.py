"""Receptive fields in words."""

from typing import TYPE_CHECKING

from retinue.explaining.fields.layer_fields import LayerField
from retinue.explaining.fields.unit_gradient import SHARE
from retinue.wording import count, percent, printable

if TYPE_CHECKING:
    from retinue.explaining.fields.box import Box
    from retinue.explaining.fields.receptive_field import UnitField


def unit_in_words(layer: LayerField, unit: tuple[int, ...]) -> str:
    """`row 3, column 4 of 7 x 7 in features.conv2`; rows and columns count from 0."""
    name = printable(layer.name)
    if len(unit) == 2:
        height, width = layer.units
        return f"unit in row {unit[0]}, column {unit[1]} of {height} x {width} in {name}"
    what = "token" if len(layer.output) == 2 else "unit"
    return f"{what} {unit[0]} of {layer.units[0]:,} in {name}"


def units_in_words(layer: LayerField) -> str:
    """What units a layer has, as `7 rows and 9 columns` or `10 units`."""
    if len(layer.units) == 2:
        return f"{count(layer.units[0], 'row')} and {count(layer.units[1], 'column')}"
    return count(layer.units[0], "token" if len(layer.output) == 2 else "unit")


def sentences(found: "UnitField") -> list[str]:
    """What one unit sees, by arithmetic and measured, in a few sentences."""
    return [_by_arithmetic(found), *_measured(found)]


def growth_in_words(layer: LayerField) -> tuple[str, str, str, str]:
    """A row of a table: the layer, its kernel, its stride, the field of its units."""
    unknown = "scattered" if layer.shuffled else "whole"
    field = f"{layer.size[0]}x{layer.size[1]}" if layer.size else unknown
    return printable(layer.name), layer.kernel, layer.stride, field


def _by_arithmetic(found: "UnitField") -> str:
    box, seen, size = found.box, found.seen, found.size
    if found.layer.shuffled:
        return (
            "Its field is no part of the picture: pixels are shuffled before the network "
            "(model.shuffle_pixels), and those that it depends on lie scattered."
        )
    if box is None or seen is None:
        return (
            "By arithmetic it may depend on the whole picture: on the way is a layer that looks at "
            "all of it, as global pooling, linear layers, attention and squeeze-and-excitation do, "
            "or one that is not followed."
        )
    field = f"By arithmetic its field is {box.height} x {box.width} pixels"
    if not seen.pixels:
        return f"{field}, but this unit is padding: it is the same for every picture."
    if (seen.height, seen.width) == size:
        place = "which covers the whole picture"
    else:
        place = f"rows {_range(seen.top, seen.bottom)}, columns {_range(seen.left, seen.right)}"
    return f"{field}, {place}{_padding(box, size)}."


def _padding(box: "Box", size: tuple[int, int]) -> str:
    """How far a box reaches into the padding."""
    sides = zip(("above", "below", "on the left", "on the right"), box.outside(size), strict=True)
    told = [f"{number} {side}" for side, number in sides if number]
    return f"; it reaches into the padding, by {', '.join(told)}" if told else ""


def _measured(found: "UnitField") -> list[str]:
    """What the gradient says."""
    height, width = found.size
    if not found.touched_pixels:
        return [
            "Measured: no pixel of this picture has a gradient, so that no small change of any of "
            "them would change the unit. Activations on the way are switched off."
        ]
    touched = (
        f"Measured on this picture: {found.touched_pixels:,} of {height * width:,} pixels have a "
        f"gradient"
    )
    if found.inside is not None:
        share = "all" if found.inside == 1 else percent(found.inside)
        touched += f", {share} of it inside the field"
    share = percent(found.effective_pixels / (height * width))
    few = f"{count(found.effective_pixels, 'pixel')} ({share})"
    most = f"{percent(SHARE, 0)} of the gradient lies in {few}"
    if (box := found.effective) is not None:
        most += f"; the middle {box.height} x {box.width} of the field hold as much"
    return [f"{touched}.", f"{most}."]


def _range(start: int, end: int) -> str:
    """`5 to 9`, or `5` alone."""
    return str(start) if end - start == 1 else f"{start} to {end - 1}"
