"""The widget ReceptiveField: which pixels a unit sees, by arithmetic and by its gradient."""

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from retinue.errors import UsageError
from retinue.explaining.fields.box import Box
from retinue.explaining.fields.in_words import growth_in_words, unit_in_words
from retinue.explaining.fields.layer_fields import LayerField, chosen, layer_fields
from retinue.explaining.fields.receptive_field import UnitField, unit_field
from retinue.explaining.picture import PictureSource
from retinue.widgets.opening import Source, opened
from retinue.widgets.panel import Panel, Value
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_UNITS = 300_000  # of a layer in the choice
MOST_LETTERS = 200  # of a name
PADDING_SHOWN = 0.25  # of the picture's sides, at most
SWITCHES = frozenset({"show_field", "show_gradient"})


class ReceptiveFieldPanel(Panel):
    """A picture with the receptive field of one unit on it, and all units of the layer to choose.

    Settings: `layer`, the unit's `row` and `column`, and whether `show_field` and `show_gradient`.
    The units of a vector stand in rows too. What is beside them is for the page: `heat` is a byte
    for each pixel, 255 times the root of the gradient's share of the largest; boxes are (top, left,
    height, width) and may stick out of the picture.
    """

    module = "receptive_field"
    name = "Receptive field"
    inputs = frozenset({"layer", "row", "column"}) | SWITCHES

    def __init__(
        self,
        source: Source,
        picture: PictureSource,
        *,
        layer: str | None = None,
        unit: tuple[int, ...] | None = None,
        show_field: bool = True,
        show_gradient: bool = True,
    ) -> None:
        self.classifier, self.picture = opened(source, picture)
        self._known = self._fields(layer)
        self.seen = self._look(chosen(self._known, self.classifier.model, layer), unit)
        switches = {"show_field": show_field, "show_gradient": show_gradient}
        _check_switches(switches)
        super().__init__(
            {
                **switches,
                "picture": self.picture.pixels.tobytes(),
                "picture_size": self.picture.pixels.shape,
                "picture_name": printable(self.picture.name, MOST_LETTERS),
                "layers": self._choices(),
                **self._told(self.seen),
            }
        )

    def respond(self, changes: dict[str, Value]) -> dict[str, Value]:
        """What another unit sees; of another layer that is its middle one, if none is given.

        Raises:
            UsageError: no such layer or unit.
        """
        _check_switches(changes)
        if not changes.keys() - SWITCHES:
            return {}
        layer = self.seen.layer
        told: dict[str, Value] = {}
        if changes.get("layer", layer.name) != layer.name:
            layer = self._find(changes["layer"])
            told = {"layers": self._choices()}
        unit: tuple[int, ...] | None = None
        if layer is self.seen.layer or {"row", "column"} <= changes.keys():
            places = {key: changes.get(key, self.state[key]) for key in ("row", "column")}
            unit = _unit(layer, places["row"], places["column"])
        self.seen = self._look(layer, unit)
        told |= self._told(self.seen)
        return {key: value for key, value in told.items() if changes.get(key, self) != value}

    def figure(self) -> "Figure":
        """The picture with the field, the gradient, and how the field grew."""
        return self.seen.figure()

    def _fields(self, layer: str | None) -> dict[str, LayerField]:
        height, width, channels = self.picture.pixels.shape
        return layer_fields(self.classifier.model, channels, (height, width), layer)

    def _find(self, name: Value) -> LayerField:
        if not isinstance(name, str):
            raise UsageError("layer: is the name of a layer, a text")
        if name not in self._known:
            self._known = self._fields(name)
        return chosen(self._known, self.classifier.model, name)

    def _look(self, layer: LayerField, unit: tuple[int, ...] | None) -> UnitField:
        return unit_field(self.classifier, self.picture, self._known, layer, unit)

    def _choices(self) -> list[list[str]]:
        """The layers in the order in which they run: their names, and what people read."""
        return [
            [one.name, f"{printable(one.name, 80)}: {_size_in_words(one)}"]
            for one in self._known.values()
            if np.prod(one.units) <= MOST_UNITS
        ]

    def _told(self, seen: UnitField) -> dict[str, Value]:
        """Everything on the page that depends on the unit."""
        layer = seen.layer
        rows, columns = _grid(layer)
        row, column = seen.unit if len(seen.unit) == 2 else divmod(seen.unit[0], columns)
        largest = float(seen.gradient.max())
        heat = np.sqrt(seen.gradient / largest if largest else seen.gradient)
        return {
            "layer": layer.name,
            "row": row,
            "column": column,
            "grid": [rows, columns, int(np.prod(layer.units))],
            "heat": np.round(255 * heat).astype(np.uint8).tobytes(),
            "field": _corners(seen.box),
            "seen": _corners(seen.seen),
            "effective": _corners(seen.effective),
            "jump": [layer.fields.rows.jump, layer.fields.columns.jump] if layer.fields else None,
            "frame": _frame(seen),
            "is_map": len(layer.output) == 3,
            "title": self._title(seen),
            "sentences": seen.sentences(),
            "growth": [growth_in_words(one) for one in seen.growth],
        }

    def _title(self, seen: UnitField) -> str:
        """The unit in words; one of the answer has the name of its class."""
        told = unit_in_words(seen.layer, seen.unit)
        classes, last = self.classifier.classes, list(self._known)[-1]
        if seen.layer.name == last and seen.layer.output == (len(classes),):
            told += f": {printable(classes[seen.unit[0]], MOST_LETTERS)}"
        return told


def _grid(layer: LayerField) -> tuple[int, int]:
    """Rows and columns in which the units stand; those of a vector as nearly square as can be."""
    if len(layer.units) == 2:
        return layer.units[0], layer.units[1]
    columns = max(1, ceil(sqrt(layer.units[0])))
    return ceil(layer.units[0] / columns), columns


def _unit(layer: LayerField, row: Value, column: Value) -> tuple[int, ...]:
    """The unit at a place of the grid; `unit_field` refuses one that the layer has not.

    Raises:
        UsageError: the place is no pair of whole numbers, or lies outside of the grid.
    """
    rows, columns = _grid(layer)
    for key, value, most in (("row", row, rows), ("column", column, columns)):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < most:
            raise UsageError(f"{key} {value}: should be a whole number from 0 to {most - 1}")
    return (row, column) if len(layer.units) == 2 else (row * columns + column,)


def _size_in_words(layer: LayerField) -> str:
    if len(layer.units) == 2:
        return f"{layer.units[0]} × {layer.units[1]}"
    return f"{layer.units[0]:,} {'tokens' if len(layer.output) == 2 else 'numbers'}"


def _frame(seen: UnitField) -> list[int]:
    """Rows above and below, columns left and right of the picture that the page shows as padding.

    They are as many as any unit of the layer reaches into, so that the picture stands still.
    """
    first = seen.layer.box((0, 0))
    last = seen.layer.box(tuple(most - 1 for most in seen.layer.units))
    if first is None or last is None:
        return [0, 0, 0, 0]
    height, width = seen.size
    most = (height, height, width, width)
    sides = zip(first.outside(seen.size), last.outside(seen.size), most, strict=True)
    return [min(max(one, other), ceil(PADDING_SHOWN * side)) for one, other, side in sides]


def _corners(box: Box | None) -> list[int] | None:
    return None if box is None else [box.top, box.left, box.height, box.width]


def _check_switches(settings: dict[str, Value]) -> None:
    for key in SWITCHES & settings.keys():
        if not isinstance(settings[key], bool):
            raise UsageError(f"{key}: is true or false")
