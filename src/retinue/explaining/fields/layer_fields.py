"""Which pixels the units of every layer see, by arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.fields.box import NOTHING, Box
from retinue.explaining.layers import OURS, find_layer, layers, outputs
from retinue.models.describe import evaluating, kind
from retinue.models.receptive import Fields, FollowFields
from retinue.models.shapes import WINDOWED, both, brief, refusing_to_run_out, times
from retinue.models.shuffle import ShufflePixels
from retinue.wording import printable


@dataclass(frozen=True)
class LayerField:
    """What one layer gives for a picture of one size, and which pixels each of its units sees.

    A unit is a place of the map, all channels together: (row, column) of maps (C, H, W). Of a
    vector (F,) it is one number, of tokens (T, D) one token.
    """

    name: str  # a second run of the same layer is `name:2`
    kind: str  # such as "Conv2d 3x3, 32"
    output: tuple[int, ...]  # (C, H, W), (F,) or (T, D)
    kernel: str  # such as "3x3"; empty for layers without a window
    stride: str  # such as "2"; likewise
    fields: Fields | None  # None: all pixels, or not known
    shuffled: bool = False  # it is not known because pixels are put into another order before

    @property
    def units(self) -> tuple[int, ...]:
        """How many units there are along each axis: (H, W), (F,) or (T,)."""
        return self.output[1:] if len(self.output) == 3 else self.output[:1]

    @property
    def is_map(self) -> bool:
        """Whether it gives maps of more than one pixel."""
        return len(self.output) == 3 and self.units != (1, 1)

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of the field of a unit in the middle of a large picture."""
        return (self.fields.rows.size, self.fields.columns.size) if self.fields else None

    def box(self, unit: tuple[int, ...]) -> Box | None:
        """The field of a unit by the formula: of `size`, padding included."""
        if self.fields is None:
            return None
        rows, columns = self.fields.rows, self.fields.columns
        top = rows.start + unit[0] * rows.jump
        left = columns.start + unit[1] * columns.jump
        return Box(top, left, rows.size, columns.size)

    def seen(self, unit: tuple[int, ...]) -> Box | None:
        """The pixels of the picture that a unit can depend on; none for a unit of mere padding.

        It is `box` without the padding, and without rows and columns that a stride on the way
        leaves over at the far edge.
        """
        if self.fields is None:
            return None
        top, bottom = self.fields.row_reach.span(unit[0])
        left, right = self.fields.column_reach.span(unit[1])
        empty = top == bottom or left == right
        return NOTHING if empty else Box(top, left, bottom - top, right - left)

    def as_dict(self) -> dict[str, Any]:
        """What it is and how large its field is, as JSON has it."""
        return {
            "layer": self.name,
            "kind": self.kind,
            "output": list(self.output),
            "kernel": self.kernel,
            "stride": self.stride,
            "field": list(self.size) if self.size else None,
        }


def layer_fields(
    model: nn.Module, channels: int, size: tuple[int, int], part: str | None = None
) -> dict[str, LayerField]:
    """What every layer gives for a picture of that size and sees of it, in order of execution.

    Layers that look at the whole picture, as global pooling, linear layers, squeeze-and-excitation
    and attention do, have no `fields`, nor has any layer after them.

    Args:
        model: as a classifier has it; its mode, weights and hooks are afterwards as before.
        channels: of the picture.
        size: (height, width) of the picture.
        part: a part with layers in it that is wanted too, such as `features.block1`.

    Raises:
        UsageError: the network is a graph, or has no such part.
        ImpossibleNetworkError: a layer runs out of pixels.
    """
    watched = layers(model)
    if part is not None:
        base, layer, _ = found_by(model, part)
        watched.setdefault(base, layer)
    picture = as_numbers_of(model, torch.zeros(1, channels, *size))
    with (
        torch.no_grad(),
        evaluating(model),
        refusing_to_run_out(model),
        FollowFields(picture) as fields,
        outputs(model, watched) as found,
    ):
        model(picture)
    # A second run, `name:2`, is one of the layer `name`.
    by_run = {name: watched[name if name in watched else name.rpartition(":")[0]] for name in found}
    shuffled = any(isinstance(part, ShufflePixels) for part in model.modules())
    return {
        name: _of_layer(name, layer, found[name], fields, shuffled)
        for name, layer in by_run.items()
    }


def found_by(model: nn.Module, name: str) -> tuple[str, nn.Module, str]:
    """A layer or part by its name, or by `name:2` for its second run in a pass.

    Returns the name it has in `layers`, the layer, and the name that this run has in `outputs`.

    Raises:
        UsageError: the network is a graph, or has no such layer.
    """
    base, colon, run = name.rpartition(":")
    if not (colon and run.isdecimal()):
        base, run = name, "1"
    layer = find_layer(model, base)
    named = (known for known, one in layers(model).items() if one is layer)
    base = next(named, base.removeprefix(OURS))
    return base, layer, base if int(run) == 1 else f"{base}:{int(run)}"


def chosen(known: Mapping[str, LayerField], model: nn.Module, name: str | None) -> LayerField:
    """The layer of that name; without one the last with maps, and units that see some pixels.

    Where none has such maps, it is the last layer of all.

    Raises:
        UsageError: there is no such layer, or nothing comes out of it.
    """
    if name is None:
        found = list(known.values())
        maps = [one for one in found if one.is_map and one.size != (1, 1)]
        return (maps or found)[-1]
    run = found_by(model, name)[2]
    if run not in known:
        raise UsageError(
            f"--layer {printable(name)}: in a pass of the network nothing comes out of it; take "
            f"another, such as {printable(chosen(known, model, None).name)}"
        )
    return known[run]


def as_numbers_of(model: nn.Module, pictures: Tensor) -> Tensor:
    """Pictures with numbers of the model's own kind, on its device."""
    own = next(chain(model.parameters(), model.buffers()), torch.empty(0))
    return pictures.to(own.device, own.dtype if own.is_floating_point() else torch.float32)


def _of_layer(
    name: str, layer: nn.Module, output: Tensor, fields: FollowFields, shuffled: bool
) -> LayerField:
    field = fields.of(output)
    kernel = stride = ""
    if isinstance(layer, WINDOWED):
        kernel, stride = times(layer.kernel_size), brief(layer.stride)
        dilation = both(getattr(layer, "dilation", 1))
        kernel += f", dilation {brief(dilation)}" if dilation != (1, 1) else ""
    return LayerField(
        name=name,
        kind=kind(layer),
        output=tuple(output.shape[1:]),
        kernel=kernel,
        stride=stride,
        fields=field if output.dim() == 4 else None,
        shuffled=shuffled and field is None,
    )
