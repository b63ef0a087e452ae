"""Which single weight of a network is followed through an update."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.layers import OURS
from retinue.models.settings import suggestion
from retinue.wording import printable

_WITH_INDEX = re.compile(r"(.+?)\s*\[([\d\s,]*)\]")


@dataclass(frozen=True)
class Place:
    """A tensor of weights by name, and the index in it; None until gradients are known."""

    tensor: str
    index: tuple[int, ...] | None = None

    def __str__(self) -> str:
        if not self.index:
            return self.tensor
        return f"{self.tensor}[{', '.join(map(str, self.index))}]"


def weights_of(model: nn.Module) -> dict[str, nn.Parameter]:
    """All tensors of weights by name, without the part that all names have in common."""
    return {name.removeprefix(OURS): weight for name, weight in model.named_parameters()}


def find_place(model: nn.Module, name: str) -> Place:
    """The place of a weight by `layer.weight[1, 2]`, `layer.weight`, or `layer`.

    Raises:
        UsageError: there is none; the text names what is near.
    """
    weights = weights_of(model)
    found = _WITH_INDEX.fullmatch(name.strip())
    tensor, index = (found[1], found[2]) if found else (name.strip(), None)
    tensor = tensor.removeprefix(OURS)
    if tensor not in weights and f"{tensor}.weight" in weights:
        tensor = f"{tensor}.weight"
    if tensor not in weights:
        near = suggestion(tensor, weights)
        raise UsageError(f"weight {printable(name)}: the network has no such weight{near}")
    if index is None:
        return Place(tensor)
    places = tuple(int(part) for part in index.split(",") if part.strip())
    shape = tuple(weights[tensor].shape)
    if len(places) != len(shape) or any(at >= size for at, size in zip(places, shape, strict=True)):
        size = "x".join(map(str, shape)) or "one number"
        raise UsageError(
            f"weight {printable(name)}: {tensor} is {size}, so its index is {len(shape)} numbers "
            "from 0 on, each below these"
        )
    return Place(tensor, places)


def settle(
    place: Place | None, gradients: Mapping[str, Tensor], alone: Callable[[str], bool]
) -> Place:
    """The weight to follow, now that gradients are known: where no index is said, the steepest.

    `alone` says of a tensor whether the optimiser moves each of its weights by itself; such are
    preferred where no tensor is said.

    Raises:
        UsageError: what is asked for, or the whole network, does not learn in this step.
    """
    if not gradients:
        raise UsageError("no weight of the network learns in this step")
    tensor = _first(gradients, alone) if place is None else place.tensor
    if tensor not in gradients:
        raise UsageError(f"weight {tensor}: does not learn in this step; it is held still")
    if place is not None and place.index is not None:
        return place
    gradient = gradients[tensor]
    left, index = int(gradient.abs().reshape(-1).argmax()), []
    for size in reversed(gradient.shape):
        left, at = divmod(left, size)
        index.append(at)
    return Place(tensor, tuple(reversed(index)))


def _first(gradients: Mapping[str, Tensor], alone: Callable[[str], bool]) -> str:
    """The first matrix or kernel whose gradient is not zero, or else the first tensor."""
    moved = [name for name, gradient in gradients.items() if bool(gradient.any())]
    matrices = [name for name in moved if gradients[name].ndim > 1]
    by_itself = [name for name in matrices if alone(name)]
    return next(iter([*by_itself, *matrices, *moved, *gradients]))
