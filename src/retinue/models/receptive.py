"""Receptive fields, followed along every tensor operation of a forward pass.

Following operations instead of layers makes it right for residual sums, concatenations and
functional calls in a user's own network alike, with nothing to be declared.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from retinue.models.arithmetic import ReceptiveField

Fields = tuple[ReceptiveField, ReceptiveField]  # of rows, of columns

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


class FollowFields(TorchDispatchMode):
    """While active, knows for every feature map which pixels of `picture` each value depends on.

    A tensor that does not depend on the picture has no entry. A tensor whose values depend on the
    whole picture, or in a way that is not followed here, has the entry None.
    """

    def __init__(self, picture: Tensor) -> None:
        """`picture`: (N, C, H, W), the network's input."""
        super().__init__()
        self._fields = WeakTensorKeyDictionary()
        self._fields[picture] = (ReceptiveField(), ReceptiveField())

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
        if known:
            fields = self._after(func, args, known)
            for tensor in _tensors((result,)):
                self._fields[tensor] = fields
        return result

    def _after(self, func: Any, args: tuple[Any, ...], known: list[Tensor]) -> Fields | None:
        """The fields of an operation's result, from those of the arguments that have some."""
        fields = [entry for tensor in known if (entry := self.of(tensor))]
        if len(fields) < len(known):
            return None
        name = func.overloadpacket.__name__
        if name in _WINDOWS:
            return _WINDOWS[name](fields[0], *args)
        followed = (
            torch.Tag.pointwise in func.tags
            or name in _VALUE_BY_VALUE
            or (name == "cat" and args[1:] == (1,))
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


def _union(known: list[Fields]) -> Fields:
    """What a sum of several maps depends on."""
    rows, columns = known[0]
    for other in known[1:]:
        rows, columns = rows.union(other[0]), columns.union(other[1])
    return rows, columns


def _through(
    fields: Fields, kernel: Sequence[int], stride: Sequence[int] = (), *rest: Sequence[int]
) -> Fields:
    """Through a window of that kernel, stride, and perhaps padding and dilation."""
    # torch writes an absent stride of a pooling as [], meaning the kernel's size.
    settings = (kernel, stride or kernel, *rest)
    rows = fields[0].through(*(setting[0] for setting in settings))
    columns = fields[1].through(*(setting[-1] for setting in settings))
    return rows, columns


def _convolution(fields: Fields, _: Tensor, weight: Tensor, *settings: Any) -> Fields | None:
    """aten::convolution; a transposed one is not followed, nor one over other than two axes."""
    _bias, stride, padding, dilation, transposed = settings[:5]
    if transposed or weight.dim() != 4:
        return None
    return _through(fields, weight.shape[2:], stride, padding, dilation)


def _max_pool(fields: Fields, _: Tensor, *settings: Any) -> Fields:
    """aten::max_pool2d_with_indices; `settings` are kernel, stride, padding, dilation, others."""
    return _through(fields, *settings[:4])


def _average_pool(fields: Fields, _: Tensor, *settings: Any) -> Fields:
    """aten::avg_pool2d; `settings` are kernel, stride, padding, others."""
    return _through(fields, *settings[:3])


def _pad(fields: Fields, _: Tensor, sides: list[int], *_rest: Any) -> Fields | None:
    """aten::constant_pad_nd; `sides` is (left, right) or (left, right, top, bottom)."""
    if len(sides) > 4:
        return None
    before = (sides[2] if len(sides) == 4 else 0, sides[0])
    return _through(fields, (1, 1), (1, 1), before)


_WINDOWS: dict[str, Callable[..., Fields | None]] = {
    "convolution": _convolution,
    "max_pool2d_with_indices": _max_pool,
    "avg_pool2d": _average_pool,
    "constant_pad_nd": _pad,
}
