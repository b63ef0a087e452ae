"""The way of a picture through a network: a row a layer, with its strongest channels."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.drawn import Drawn
from retinue.explaining.layers import layers, outputs
from retinue.explaining.maps.layer_maps import (
    LayerMaps,
    as_maps,
    channels_last,
    kind_of,
    split_run,
    undisturbed,
)
from retinue.explaining.maps.scale import limit_of, number, strength_of, strongest
from retinue.explaining.picture import Picture
from retinue.models.efficientnet_lite import SamePadding
from retinue.plotting.inside import layer_overview as drawing
from retinue.plotting.inside.colours import brief_number
from retinue.prediction.classifier import Classifier

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS, CHANNELS = 12, 6
TOP = 3  # units named under a row of units

# They hand on what they are given, as it is or in another order.
_PASSING_ON = (
    *(nn.Identity, nn.Flatten, nn.Unflatten, nn.ZeroPad2d, SamePadding),
    *(nn.Dropout, nn.Dropout2d),
)


@dataclass(frozen=True, eq=False)
class OverviewRow:
    """One layer of the way.

    `maps` (n, H, W) float32 are those of the n strongest channels, the strongest first, whose
    numbers are `channels` (n,). Of a layer of units they are all of them, (F, 1, 1), in order.
    `labels` are the names of the classes where the units are the network's answer. `limit` is the
    magnitude at which the colours of this layer end, `dead` how many channels are zero everywhere.
    """

    layer: str
    kind: str
    shape: tuple[int, ...]
    units: bool
    channels: NDArray[np.int64]
    maps: NDArray[np.float32]
    limit: float
    dead: int
    labels: tuple[str, ...] = ()

    @cached_property
    def top(self) -> list[tuple[str, float]]:
        """Of units the largest, by name, the largest first; of maps nothing."""
        if not self.units:
            return []
        values = self.maps[:, 0, 0]
        order = np.argsort(-np.nan_to_num(values), kind="stable")[:TOP].tolist()
        return [
            (self.labels[unit] if self.labels else f"unit {unit}", float(values[unit]))
            for unit in order
        ]

    def as_dict(self) -> dict[str, Any]:
        """The row in names and numbers, as JSON has it."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "shape": list(self.shape),
            "limit": number(self.limit),
            "dead_on_this_picture": self.dead,
            "strongest": [] if self.units else self.channels.tolist(),
            "top": [{"unit": name, "value": number(value)} for name, value in self.top],
        }


@dataclass(frozen=True, eq=False)
class LayerOverview(Drawn):
    """The rows in the order in which the layers ran, and how many layers there are to show."""

    picture: Picture
    rows: tuple[OverviewRow, ...]
    layers: int

    def figure(self) -> "Figure":
        """The picture on top, then a row a layer."""
        rows = [
            drawing.Row(
                [row.layer, row.kind, *_words(row)],
                row.maps,
                [] if row.units else [str(channel) for channel in row.channels.tolist()],
                row.limit,
                bool((row.maps < 0).any()),
                [(name, brief_number(value)) for name, value in row.top],
            )
            for row in self.rows
        ]
        return drawing.layer_overview(
            self.picture.pixels,
            rows,
            name=self.picture.name,
            title="The way of a picture through the network",
            notes=self._notes(),
        )

    def as_dict(self) -> dict[str, Any]:
        """The rows, as JSON has them."""
        return {
            "picture": self.picture.name,
            "layers": self.layers,
            "rows": [row.as_dict() for row in self.rows],
        }

    def _notes(self) -> list[str]:
        chosen = len(self.rows)
        some = f"{chosen} of {self.layers} layers, chosen evenly. " if chosen < self.layers else ""
        return [
            f"{some}Each row shows the strongest channels on this picture, by the mean square of "
            "their values, with a scale of its own: from blue (negative) over white (zero) to red, "
            "or where nothing is negative from violet (zero) to yellow."
        ]


def layer_overview(
    classifier: Classifier, picture: Picture, *, rows: int = ROWS, channels: int = CHANNELS
) -> LayerOverview:
    """The way of a picture through the network, layer by layer.

    Layers that hand on what they are given (dropout, padding, flattening) are left out, and so is
    what cannot be shown as maps or units.

    Args:
        classifier: whose network; it is afterwards as it was.
        picture: of the network's size.
        rows: how many layers at most, chosen evenly; the first and the last are among them.
        channels: how many of each.

    Raises:
        UsageError: the network is a graph, or none of its layers can be shown.
    """
    if rows < 1 or channels < 1:
        raise UsageError("an overview has at least one row, of at least one channel")
    model = classifier.model
    known = {name: one for name, one in layers(model).items() if not isinstance(one, _PASSING_ON)}
    with undisturbed(model), outputs(model, known) as found:
        answer = model(picture.batch.to(classifier.device))
    shown = {}
    for name, output in found.items():
        maps = _maps(model, known[split_run(name)[0]], name, output, picture)
        if maps is not None:
            shown[name] = maps
    if not shown:
        raise UsageError("none of the network's layers gives maps or units that could be shown")
    made = []
    for name in _evenly(list(shown), rows):
        labels = classifier.classes if _is(found[name], answer) else ()
        made.append(_row(name, known[split_run(name)[0]], shown[name], channels, labels))
    return LayerOverview(picture, tuple(made), len(shown))


def _maps(
    model: nn.Module, layer: nn.Module, name: str, output: Tensor, picture: Picture
) -> LayerMaps | None:
    """What a layer gave as maps, if it can be shown so."""
    height, width = picture.pixels.shape[:2]
    last = channels_last(model, layer, tuple(output.shape[1:]), (height, width))
    try:
        return as_maps(output, name, 1, (height, width), last)
    except UsageError:
        return None


def _row(
    name: str, layer: nn.Module, maps: LayerMaps, channels: int, labels: tuple[str, ...]
) -> OverviewRow:
    values = maps.values[0].numpy()
    units = maps.form == "units"
    chosen = np.arange(len(values)) if units else strongest(strength_of(values), channels)
    return OverviewRow(
        name,
        kind_of(layer),
        maps.shape,
        units,
        chosen,
        values[chosen],
        limit_of(values),
        int((values == 0).all(axis=(1, 2)).sum()),
        labels if units and len(labels) == len(values) else (),
    )


def _evenly(names: list[str], most: int) -> list[str]:
    """At most so many of the names, from the first to the last."""
    places = np.linspace(0, len(names) - 1, min(most, len(names))) if most > 1 else [len(names) - 1]
    return [names[round(float(place))] for place in places]


def _is(output: Tensor, answer: object) -> bool:
    return isinstance(answer, Tensor) and torch.equal(output, answer)


def _words(row: OverviewRow) -> list[str]:
    """What stands under a layer's name: its shape, the end of its scale, its dead channels."""
    shape = " x ".join(str(length) for length in row.shape)
    words = [f"{shape}, colours end at {brief_number(row.limit)}"]
    if row.dead and not row.units:
        total = row.shape[-1] if len(row.shape) == 2 else row.shape[0]
        words.append(f"{row.dead} of {total} zero everywhere")
    return words
