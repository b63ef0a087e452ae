"""Receptive fields, followed along every tensor operation of a forward pass.

Following operations instead of layers makes it right for residual sums, concatenations and
functional calls in a user's own network alike, with nothing to be declared.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from retinue.models.arithmetic import ReceptiveField
from retinue.models.reach import Reach


class Fields(NamedTuple):
    """What the values of a map depend on: by the formula, and with the edges of this picture.

    `row_reach` and `column_reach` have an entry for each row and each column of the map.
    """

    rows: ReceptiveField
    columns: ReceptiveField
    row_reach: Reach
    column_reach: Reach


# Operations that work on each value alone, or on each channel alone by statistics that stand fast,
# beyond those that torch itself declares to be pointwise.
_VALUE_BY_VALUE = {
    "_batch_norm_no_update",
    "_native_batch_norm_legit_no_training",
    "_prelu_kernel",
    "_to_copy",
    "alias",
    "clone",
    "cudnn_batch_norm",
    "detach",
    "hardswish",
    "hardswish_",
    "native_batch_norm",
}
# Operations along one axis, and at which place among their arguments it stands.
_ALONG_AN_AXIS = {
    "cat": 1,
    "select": 1,
    "slice": 1,
    "split": 2,
    "split_with_sizes": 2,
    "unsqueeze": 1,
}
_TRAINING = 5  # the place among the arguments of a batch norm where that is said


class FollowFields(TorchDispatchMode):
    """While active, knows for every feature map which pixels of `picture` each value depends on.

    A tensor that does not depend on the picture has no entry. A tensor whose values depend on the
    whole picture, or in a way that is not followed here, has the entry None.
    """

    def __init__(self, picture: Tensor) -> None:
        """`picture`: (N, C, H, W), the network's input."""
        super().__init__()
        height, width = picture.shape[-2:]
        self._fields = WeakTensorKeyDictionary()
        self._fields[picture] = Fields(
            ReceptiveField(), ReceptiveField(), Reach.of_pixels(height), Reach.of_pixels(width)
        )

    def of(self, tensor: Tensor) -> Fields | None:
        """The fields of a map (N, C, H, W), or None: the whole picture, or not known."""
        fields: Fields | None = self._fields.get(tensor)
        return fields

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run one operation and note what its results depend on."""
        result = func(*args, **(kwargs or {}))
        # Looked up after the operation: an in-place one returns its own argument.
        known = [tensor for tensor in _tensors(args) if tensor in self._fields]
        results = _tensors((result,))
        if known and results:
            fields = self._after(func, args, known, results[0])
            for tensor in results:
                self._fields[tensor] = fields
        return result

    def _after(
        self, func: Any, args: tuple[Any, ...], known: list[Tensor], result: Tensor
    ) -> Fields | None:
        """The fields of an operation's result, from those of the arguments that have some."""
        fields = [entry for tensor in known if (entry := self.of(tensor))]
        if len(fields) < len(known):
            return None
        name = func.overloadpacket.__name__
        if name in _WINDOWS:
            return _WINDOWS[name](fields[0], result, *args)
        followed = (
            torch.Tag.pointwise in func.tags
            or (name in _VALUE_BY_VALUE and not _looks_around(name, args))
            or (name in _ALONG_AN_AXIS and _keeps_maps(name, args, known[0], result))
        )
        # Values of maps of unequal size do not stand at the same places: one is spread out.
        aligned = len({tensor.shape[-2:] for tensor in known}) == 1
        return _union(fields) if followed and aligned else None


def _tensors(values: Any) -> list[Tensor]:
    """All tensors among arguments or results, lists of tensors included."""
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found.extend(_tensors(value))
    return found


def _looks_around(name: str, args: tuple[Any, ...]) -> bool:
    """Whether a batch norm takes its statistics from the maps that it is given."""
    return name in ("cudnn_batch_norm", "native_batch_norm") and bool(args[_TRAINING])


def _keeps_maps(name: str, args: tuple[Any, ...], maps: Tensor, result: Tensor) -> bool:
    """Whether an operation along one axis leaves the last two axes of its maps alone."""
    place = _ALONG_AN_AXIS[name]
    axes = max(maps.dim(), result.dim())
    axis: int = args[place] if len(args) > place else 0
    return axis % axes < axes - 2


def _union(known: list[Fields]) -> Fields:
    """What a sum of several maps depends on."""
    total = known[0]
    for other in known[1:]:
        total = Fields(
            total.rows.union(other.rows),
            total.columns.union(other.columns),
            total.row_reach.union(other.row_reach),
            total.column_reach.union(other.column_reach),
        )
    return total


def _through(
    fields: Fields,
    result: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    *rest: Sequence[int],
) -> Fields:
    """Through a window of that kernel, stride, and perhaps padding and dilation."""
    # torch writes an absent stride of a pooling as [], meaning the kernel's size.
    settings = (kernel, stride or kernel, *rest)
    of_rows = [setting[0] for setting in settings]
    of_columns = [setting[-1] for setting in settings]
    height, width = result.shape[-2:]
    return Fields(
        fields.rows.through(*of_rows),
        fields.columns.through(*of_columns),
        fields.row_reach.through(height, *of_rows),
        fields.column_reach.through(width, *of_columns),
    )


def _convolution(
    fields: Fields, result: Tensor, _: Tensor, weight: Tensor, *settings: Any
) -> Fields | None:
    """aten::convolution; a transposed one is not followed, nor one over other than two axes."""
    _bias, stride, padding, dilation, transposed = settings[:5]
    if transposed or weight.dim() != 4:
        return None
    return _through(fields, result, weight.shape[2:], stride, padding, dilation)


def _max_pool(fields: Fields, result: Tensor, _: Tensor, *settings: Any) -> Fields:
    """aten::max_pool2d_with_indices; `settings` are kernel, stride, padding, dilation, others."""
    return _through(fields, result, *settings[:4])


def _average_pool(fields: Fields, result: Tensor, _: Tensor, *settings: Any) -> Fields:
    """aten::avg_pool2d; `settings` are kernel, stride, padding, others."""
    return _through(fields, result, *settings[:3])


def _adaptive_average_pool(
    fields: Fields, result: Tensor, maps: Tensor, *_rest: Any
) -> Fields | None:
    """aten::_adaptive_avg_pool2d, where its window has one size everywhere."""
    sides = list(zip(maps.shape[-2:], result.shape[-2:], strict=True))
    if any(before % after for before, after in sides):
        return None
    return _through(fields, result, [before // after for before, after in sides])


def _pad(fields: Fields, result: Tensor, _: Tensor, sides: list[int], *_rest: Any) -> Fields | None:
    """aten::constant_pad_nd; `sides` is (left, right) or (left, right, top, bottom)."""
    if len(sides) > 4:
        return None
    before = (sides[2] if len(sides) == 4 else 0, sides[0])
    return _through(fields, result, (1, 1), (1, 1), before)


_WINDOWS: dict[str, Callable[..., Fields | None]] = {
    "_adaptive_avg_pool2d": _adaptive_average_pool,
    "avg_pool2d": _average_pool,
    "constant_pad_nd": _pad,
    "convolution": _convolution,
    "max_pool2d_with_indices": _max_pool,
}
