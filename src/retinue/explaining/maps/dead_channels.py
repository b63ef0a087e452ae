"""Channels that are zero everywhere: on one picture they may be, on many they do no work."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from retinue.data.imagedata import Split
from retinue.errors import UsageError
from retinue.explaining.drawn import Drawn
from retinue.explaining.maps.layer_maps import look
from retinue.images import Pixels
from retinue.plotting.inside import dead_channels as drawing
from retinue.prediction.classifier import Classifier
from retinue.wording import count, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED = 24  # dead channels listed by number


@dataclass(frozen=True, eq=False)
class DeadChannels(Drawn):
    """How often each channel of a layer says anything.

    `active` (C,) is the share of the pictures on which a channel has a value other than 0, `zeros`
    (C,) the share of all its values that are exactly 0.
    """

    layer: str
    kind: str
    pictures: int
    active: NDArray[np.float64]
    zeros: NDArray[np.float64]

    @property
    def dead(self) -> NDArray[np.int64]:
        """The channels that are zero everywhere on every picture."""
        return np.flatnonzero(self.active == 0)

    def figure(self) -> "Figure":
        """The channels by how often they are active, the least active first."""
        return drawing.dead_channels(
            np.sort(self.active),
            title=f"Channels of {self.layer}, {self.kind}, on {count(self.pictures, 'picture')}",
            notes=self._notes(),
        )

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "pictures": self.pictures,
            "channels": len(self.active),
            "dead": self.dead.tolist(),
            "zeros": float(self.zeros.mean()),
            "least_active": [
                {"channel": channel, "active": float(self.active[channel])}
                for channel in np.argsort(self.active, kind="stable")[:NAMED].tolist()
            ],
        }

    def _notes(self) -> list[str]:
        number, total = len(self.dead), count(len(self.active), "channel")
        if not self.zeros.any():
            return ["No value is exactly 0: nothing in this layer switches channels off."]
        shares = f"{percent(float(self.zeros.mean()))} of all values are 0."
        if not number:
            return [f"None of {total} is dead: each is active on some picture. {shares}"]
        named = ", ".join(str(one) for one in self.dead[:NAMED].tolist())
        more = ", …" if number > NAMED else "."
        are = "is" if number == 1 else "are"
        return [f"{number} of {total} {are} zero everywhere: {named}{more} {shares}"]


def dead_channels(classifier: Classifier, images: Pixels | Split, layer: str) -> DeadChannels:
    """Which channels of a layer are zero on every one of some pictures.

    After a ReLU such a channel passes nothing on and learns nothing more from these pictures. Of
    layers whose values are hardly ever exactly 0, as after GELU, none is dead in this sense.

    Args:
        classifier: whose network; it is afterwards as it was.
        images: stored or network-sized pictures (N, H, W, C) uint8, or a split.
        layer: its name, as for `feature_maps`.

    Raises:
        UsageError: no pictures, no such layer, or what it gives has no channels.
    """
    if not len(images):
        raise UsageError("channels are dead or alive on pictures, and there are none")
    active: list[torch.Tensor] = []
    zeros: list[torch.Tensor] = []
    for _, batch in classifier.batches(images):
        seen = look(classifier, batch, layer)
        zero = (seen.maps.values == 0).flatten(2)
        active.append(~zero.all(dim=2))
        zeros.append(zero.double().mean(dim=2))
    return DeadChannels(
        seen.layer,
        seen.kind,
        len(images),
        torch.cat(active).double().mean(dim=0).numpy(),
        torch.cat(zeros).mean(dim=0).numpy(),
    )
