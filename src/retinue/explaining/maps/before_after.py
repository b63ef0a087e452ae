"""The same channels before and after a layer that keeps them: pooling, batch norm, activation."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import UsageError
from retinue.explaining.drawn import Drawn
from retinue.explaining.maps.layer_maps import look
from retinue.explaining.maps.scale import limit_of, number, strength_of, strongest
from retinue.explaining.picture import Picture
from retinue.plotting.inside import before_after as drawing
from retinue.plotting.inside.colours import brief_number
from retinue.plotting.style import shorten
from retinue.prediction.classifier import Classifier
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Where the scales of the two sides are as near as this, one serves both.
ONE_SCALE = 2.0


@dataclass(frozen=True, eq=False)
class BeforeAndAfter(Drawn):
    """The maps that a layer is given, `before` (C, H, W), and those that it gives, `after`.

    Both float32; `after` has the same channels, and may have other rows and columns. At most
    `most` channels are drawn and listed: those that are strongest afterwards.
    """

    picture: Picture
    layer: str
    kind: str
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    most: int

    @property
    def shown(self) -> NDArray[np.int64]:
        """The channels that are drawn and listed, in order."""
        return np.sort(strongest(strength_of(self.after), self.most))

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The magnitudes at which the colours end, before and after; the same if they are near."""
        before, after = limit_of(self.before), limit_of(self.after)
        if max(before, after) <= ONE_SCALE * min(before, after):
            before = after = max(before, after)
        return before, after

    def figure(self) -> "Figure":
        """The channels shown, each before and after, side by side."""
        shown = self.shown
        both = self.before, self.after
        return drawing.before_and_after(
            self.before[shown],
            self.after[shown],
            [self._captions(channel) for channel in shown.tolist()],
            self.limits,
            any(bool((maps < 0).any()) for maps in both),
            title=f"Before and after {self.layer}, {self.kind}",
            notes=self._notes(),
            beyond=any(
                bool((np.abs(maps) > limit).any())
                for maps, limit in zip(both, self.limits, strict=True)
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Sizes, and mean and standard deviation as a whole and of the channels shown."""
        return {
            "picture": self.picture.name,
            "layer": self.layer,
            "kind": self.kind,
            "channels": len(self.before),
            "before": _numbers(self.before),
            "after": _numbers(self.after),
            "shown": [
                {
                    "channel": channel,
                    "before": _numbers(self.before[channel]),
                    "after": _numbers(self.after[channel]),
                }
                for channel in self.shown.tolist()
            ],
        }

    def _captions(self, channel: int) -> tuple[list[str], list[str]]:
        return (
            [f"{channel} before", _mean_and_deviation(self.before[channel])],
            [f"{channel} after", _mean_and_deviation(self.after[channel])],
        )

    def _notes(self) -> list[str]:
        sizes = [
            f"{maps.shape[1]}x{maps.shape[2]}, mean {brief_number(float(maps.mean()))}, deviation "
            f"{brief_number(float(maps.std()))}"
            for maps in (self.before, self.after)
        ]
        total, shown = len(self.before), len(self.shown)
        some = f"{shown} of {total} channels, the strongest afterwards. "
        same = self.limits[0] == self.limits[1]
        return [
            f"{shorten(self.picture.name, 60)}. Channels before: {sizes[0]}; after: {sizes[1]}.",
            (some if shown < total else "")
            + "Over each map: its channel, its mean ± its standard deviation.",
            "One scale for both sides." if same else "Each side has a scale of its own.",
        ]


def before_and_after(
    classifier: Classifier, picture: Picture, layer: str, *, most: int = 16
) -> BeforeAndAfter:
    """What a layer that keeps its channels makes of each: a pooling, batch norm or activation.

    Args:
        classifier: whose network; it is afterwards as it was.
        picture: of the network's size.
        layer: its name; `name:2` is its second run, where it has several.
        most: how many channels are drawn and listed.

    Raises:
        UsageError: no such layer, or it does not keep the channels of maps.
    """
    if most < 1:
        raise UsageError(f"--most {most}: at least one channel is shown")
    seen = look(classifier, picture.batch, layer, before=True)
    before, after = seen.before, seen.maps
    if before is None or before.form == "units" or len(before.values[0]) != len(after.values[0]):
        raise UsageError(
            f"--layer {printable(layer)}: is {seen.kind}, which does not make one map of each map; "
            "take a pooling, a batch norm or an activation"
        )
    return BeforeAndAfter(
        picture,
        seen.layer,
        seen.kind,
        before.values[0].numpy(),
        after.values[0].numpy(),
        most,
    )


def _mean_and_deviation(values: NDArray[np.float32]) -> str:
    return f"{brief_number(float(values.mean()))} ± {brief_number(float(values.std()))}"


def _numbers(values: NDArray[np.float32]) -> dict[str, Any]:
    return {
        "size": list(values.shape[-2:]),
        "mean": number(float(values.mean(dtype=np.float64))),
        "deviation": number(float(values.std(dtype=np.float64))),
    }
