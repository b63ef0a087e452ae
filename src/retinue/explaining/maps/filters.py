"""The filters of a convolution: the weights with which each of its channels looks at its input."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.drawn import Drawn
from retinue.explaining.layers import convolutions, find_layer, listed
from retinue.explaining.maps import filter_figures as figures
from retinue.explaining.maps.scale import number, strongest
from retinue.models.describe import kind
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

View = Literal["rgb", "channel", "norm"]
MOST = 64


@dataclass(frozen=True, eq=False)
class Filters(Drawn):
    """The filters of one convolution.

    `weights` (filters, inputs, kernel height, kernel width) float32, where inputs are the channels
    that each filter sees: of a convolution in groups, those of its group. `bias` (filters,) or
    None. A frozen convolution's weights are not trained.

    Views: `rgb` draws a filter of three inputs as a picture, mid-grey being zero; `channel` draws
    the kernel of each filter for each input by itself, or of 1x1 kernels the matrix (filter,
    input); `norm` draws the norm over the inputs. At most `most` filters are drawn and listed, the
    strongest first; all are coloured by one scale.
    """

    layer: str
    kind: str  # such as "Conv2d 3x3, 32"
    weights: NDArray[np.float32]
    bias: NDArray[np.float32] | None
    groups: int
    frozen: bool
    view: View
    most: int = MOST

    @cached_property
    def norms(self) -> NDArray[np.float64]:
        """(filters,): the Euclidean norm of all weights of each filter."""
        return np.asarray(np.sqrt((self.weights.astype(np.float64) ** 2).sum(axis=(1, 2, 3))))

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """(filters,): the numbers of the filters by their norm, the largest first."""
        return strongest(np.nan_to_num(self.norms), len(self.norms))

    @property
    def shown(self) -> NDArray[np.int64]:
        """The filters that are drawn and listed, the strongest first."""
        return self.order[: self.most]

    @cached_property
    def limit(self) -> float:
        """The magnitude at which the colours end: the largest in the whole layer.

        Of the view `norm` it is the largest norm over the inputs; 1 where all weights are 0.
        """
        values = self.over_inputs if self.view == "norm" else np.abs(self.weights)
        return float(np.where(np.isfinite(values), values, 0).max()) or 1.0

    @cached_property
    def over_inputs(self) -> NDArray[np.float64]:
        """(filters, kernel height, kernel width): the norm of the weights over the inputs."""
        return np.asarray(np.sqrt((self.weights.astype(np.float64) ** 2).sum(axis=1)))

    def figure(self) -> "Figure":
        """The filters shown, with their numbers, norms and scale."""
        return figures.figure(self)

    def as_dict(self) -> dict[str, Any]:
        """What there is to say in numbers, of the filters shown, as JSON has it."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "shape": list(self.weights.shape),
            "groups": self.groups,
            "frozen": self.frozen,
            "view": self.view,
            "limit": number(self.limit),
            "filters": len(self.weights),
            "shown": [
                {
                    "filter": one,
                    "norm": number(self.norms[one]),
                    "bias": None if self.bias is None else number(self.bias[one]),
                }
                for one in self.shown.tolist()
            ],
        }


def filters(
    model: nn.Module, layer: str | None = None, *, view: View | None = None, most: int = MOST
) -> Filters:
    """The filters of a convolution of a network, as they are now.

    Args:
        model: any network, or a convolution by itself.
        layer: the name of the convolution; by itself the first.
        view: by itself `rgb` for filters of three inputs, `channel` for those of one and for 1x1
            kernels, `norm` for all others.
        most: how many filters are drawn and listed.

    Raises:
        UsageError: no such layer or view, the layer is no convolution, or it has not the three
            inputs that `rgb` needs.
    """
    if most < 1:
        raise UsageError(f"--most {most}: at least one filter is shown")
    if view is not None and view not in get_args(View):
        raise UsageError(f"--view {printable(view)}: is rgb, channel or norm")
    name, found = _convolution(model, layer)
    weights = found.weight.detach().float().cpu().numpy().copy()
    if view == "rgb" and weights.shape[1] != 3:
        raise UsageError(
            f"--view rgb: the filters of {printable(name)} see {weights.shape[1]} channels, not 3; "
            "take channel or norm"
        )
    bias = None if found.bias is None else found.bias.detach().float().cpu().numpy().copy()
    frozen = not any(one.requires_grad for one in found.parameters())
    chosen = view or _usual_view(weights.shape)
    return Filters(name, kind(found), weights, bias, found.groups, frozen, chosen, most)


def _convolution(model: nn.Module, layer: str | None) -> tuple[str, nn.Conv2d]:
    """The convolution of that name, or the first."""
    if layer is None and isinstance(model, nn.Conv2d):
        return "the convolution", model
    known = convolutions(model)
    if not known:
        raise UsageError(
            "the network has no two-dimensional convolution, and so no filters to be seen"
        )
    if layer is None:
        return next(iter(known.items()))
    found = find_layer(model, layer)
    if not isinstance(found, nn.Conv2d):
        raise UsageError(
            f"--layer {printable(layer)}: is {kind(found)}, which has no filters. "
            f"{listed(known, 'Convolutions are')}"
        )
    name = next((known_as for known_as, one in known.items() if one is found), layer)
    return name, found


def _usual_view(shape: tuple[int, ...]) -> View:
    _, inputs, height, width = shape
    if inputs == 3:
        return "rgb"
    return "channel" if inputs == 1 or height * width == 1 else "norm"
