"""Feature maps: what each channel of a layer makes of one picture."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from retinue.errors import UsageError
from retinue.explaining.drawn import Drawn
from retinue.explaining.maps import feature_map_figures as figures
from retinue.explaining.maps.layer_maps import Form, default_layer, look
from retinue.explaining.maps.scale import limit_of, limits_of_each, number, strength_of, strongest
from retinue.explaining.picture import Picture
from retinue.prediction.classifier import Classifier
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Scale = Literal["layer", "channel"]
MOST = 64


@dataclass(frozen=True, eq=False)
class FeatureMaps(Drawn):
    """The maps of one layer for one picture.

    `maps` (C, H, W) float32. Of a layer of tokens (T, D) they are D maps of the tokens on their
    grid over the picture, without the class token; of one of units (F,) they are F maps of one
    pixel. `form` says which, `shape` is the layer's own output for one picture. `labels` are the
    names of the classes where the units are the network's answer. `runs` is how often the layer
    runs for a picture; `layer` ends with `:2` where this is the second time.

    At most `most` are drawn and listed. With the scale `layer` all are coloured by one scale, with
    `channel` each has its own. A channel is dead where it is zero everywhere, on this picture.
    """

    picture: Picture
    layer: str
    kind: str  # such as "Conv2d 3x3, 32"
    form: Form
    shape: tuple[int, ...]
    maps: NDArray[np.float32]
    labels: tuple[str, ...] = ()
    runs: int = 1
    class_token: bool = False  # whether one was left out
    most: int = MOST
    scale: Scale = "layer"

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """(C,): the mean of each map."""
        return np.asarray(self.maps.mean(axis=(1, 2), dtype=np.float64))

    @cached_property
    def least(self) -> NDArray[np.float64]:
        """(C,): the least value of each map."""
        return np.asarray(self.maps.min(axis=(1, 2)), np.float64)

    @cached_property
    def largest(self) -> NDArray[np.float64]:
        """(C,): the largest value of each map."""
        return np.asarray(self.maps.max(axis=(1, 2)), np.float64)

    @cached_property
    def zeros(self) -> NDArray[np.float64]:
        """(C,): the share of each map's values that are exactly 0."""
        return np.asarray((self.maps == 0).mean(axis=(1, 2)))

    @cached_property
    def dead(self) -> NDArray[np.bool_]:
        """(C,): which channels are zero everywhere on this picture."""
        return np.asarray((self.maps == 0).all(axis=(1, 2)))

    @cached_property
    def signed(self) -> bool:
        """Whether there are negative values."""
        return bool((self.maps < 0).any())

    @cached_property
    def limits(self) -> NDArray[np.float64]:
        """(C,): the magnitude at which the colours of each map end."""
        if self.scale == "channel":
            return limits_of_each(self.maps)
        return np.full(len(self.maps), limit_of(self.maps))

    @cached_property
    def by_strength(self) -> NDArray[np.int64]:
        """(C,): the channels by the mean square of their values, the strongest first."""
        return strongest(strength_of(self.maps), len(self.maps))

    @property
    def shown(self) -> NDArray[np.int64]:
        """The channels that are drawn and listed, in order: the `most` strongest."""
        return np.sort(self.by_strength[: self.most])

    def enlarged(self, channel: int) -> NDArray[np.float32]:
        """One map at the picture's size (H, W), bilinear as torch does it without corners aligned.

        Raises:
            UsageError: there is no such channel.
        """
        self.require(channel)
        values = torch.from_numpy(self.maps[channel][None, None])
        size = self.picture.pixels.shape[:2]
        enlarged = torch.nn.functional.interpolate(
            values, size, mode="bilinear", align_corners=False
        )
        return np.asarray(enlarged[0, 0].numpy())

    def figure(self) -> "Figure":
        """All that is shown at once: maps in a grid, with the strongest on the picture; or bars."""
        return figures.bars(self) if self.form == "units" else figures.grid(self)

    def overlay(self, channel: int) -> "Figure":
        """One map, by itself and laid over the picture.

        Raises:
            UsageError: there is no such channel, or the layer gives units, which have no place.
        """
        self.require(channel)
        if self.form == "units":
            raise UsageError(
                f"--layer {printable(self.layer)}: its units have no place on the picture; take a "
                "layer before them"
            )
        return figures.overlay(self, channel)

    def as_dict(self) -> dict[str, Any]:
        """What there is to say in numbers, of the channels shown, as JSON has it."""
        return {
            "picture": self.picture.name,
            "layer": self.layer,
            "kind": self.kind,
            "form": self.form,
            "shape": list(self.shape),
            "runs": self.runs,
            "channels": len(self.maps),
            "size": list(self.maps.shape[1:]),
            "class_token_left_out": self.class_token,
            "signed": self.signed,
            "dead_on_this_picture": np.flatnonzero(self.dead).tolist(),
            "shown": [self._numbers(channel) for channel in self.shown.tolist()],
        }

    def require(self, channel: int) -> None:
        """Refuse a channel that the layer has not.

        Raises:
            UsageError: there is no such channel.
        """
        if not 0 <= channel < len(self.maps):
            raise UsageError(
                f"--channel {channel}: {printable(self.layer)} has channels 0 to "
                f"{len(self.maps) - 1}"
            )

    def _numbers(self, channel: int) -> dict[str, Any]:
        found: dict[str, Any] = {"channel": channel}
        if self.labels:
            found["class"] = self.labels[channel]
        return found | {
            "mean": number(self.means[channel]),
            "least": number(self.least[channel]),
            "largest": number(self.largest[channel]),
            "zeros": number(self.zeros[channel]),
        }


def feature_maps(
    classifier: Classifier,
    picture: Picture,
    layer: str | None = None,
    *,
    most: int = MOST,
    scale: Scale = "layer",
) -> FeatureMaps:
    """The maps that a layer, or a part such as `features.block1`, makes of a picture.

    Args:
        classifier: whose network; it is afterwards as it was.
        picture: of the network's size.
        layer: its name; `name:2` is the second run of a layer that runs several times. By itself
            the first convolution, or where there is none the first layer with weights.
        most: how many maps are drawn and listed.
        scale: `layer` colours all maps by one scale, `channel` each by its own.

    Raises:
        UsageError: no such layer, run or scale, or what the layer gives cannot be shown.
    """
    if most < 1:
        raise UsageError(f"--most {most}: at least one map is shown")
    if scale not in get_args(Scale):
        raise UsageError(f"--scale {printable(scale)}: is layer or channel")
    name = default_layer(classifier.model) if layer is None else layer
    seen = look(classifier, picture.batch, name)
    maps = seen.maps
    return FeatureMaps(
        picture,
        seen.layer,
        seen.kind,
        maps.form,
        maps.shape,
        maps.values[0].numpy(),
        classifier.classes if seen.answer and len(maps.shape) == 1 else (),
        seen.runs,
        maps.class_token,
        most,
        scale,
    )
