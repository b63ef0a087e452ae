"""The widget FeatureMaps: what each channel of a layer makes of a picture."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from retinue.errors import UsageError
from retinue.explaining.layers import OURS, layers, outputs
from retinue.explaining.maps.feature_maps import FeatureMaps, feature_maps
from retinue.explaining.maps.scale import limit_of, limits_of_each, number
from retinue.explaining.picture import Picture, PictureSource
from retinue.plotting.inside.colours import coloured
from retinue.prediction.classifier import Classifier
from retinue.widgets.opening import Source, opened
from retinue.widgets.panel import Panel, Value
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MAPS = 128  # of a layer with more, the strongest are shown
MOST_VALUES = 4_000_000  # and fewer still where the maps are large: each value is a byte sent
SCALES = ("layer", "channel")


class FeatureMapsPanel(Panel):
    """The maps of one layer in a grid, one of them large, and laid over the picture.

    Settings: `layer`, `channel`, `strength` of the overlay from 0 to 1, and `scale`: `layer`
    colours all maps by one scale, `channel` each by its own. What is beside them is for the page:
    `maps` are bytes (n, h, w) for the channels `shown`, each from 0 to its own limit, or from minus
    to plus its limit around 128 where `signed`; `values` the float32 (h, w) of the chosen channel.
    """

    module = "feature_maps"
    name = "Feature maps"
    inputs = frozenset({"layer", "channel", "strength", "scale"})

    def __init__(
        self,
        source: Source,
        picture: PictureSource,
        *,
        layer: str | None = None,
        channel: int | None = None,
        strength: float = 0.7,
        scale: str = "layer",
    ) -> None:
        self.classifier, self.picture = opened(source, picture)
        self.seen = self._look(layer)
        chosen = {"strength": strength, "scale": scale}
        _check_choices(chosen)
        super().__init__(
            {
                **chosen,
                **_of_picture(self.picture),
                "layers": _choices(self.classifier, self.picture, self.seen),
                **self._of_layer(self.seen, channel),
            }
        )

    def respond(self, changes: dict[str, Value]) -> dict[str, Value]:
        """Maps of another layer, or the values of another channel.

        Raises:
            UsageError: no such layer or channel, or the layer gives no maps.
        """
        _check_choices(changes)
        seen, channel = self.seen, changes.get("channel")
        new_layer = changes.get("layer", seen.layer) != seen.layer
        if new_layer:
            seen = self._look(changes["layer"])
        if channel is not None:
            _require_channel(seen, channel)
        self.seen = seen
        if new_layer or (channel is not None and channel not in self.state["shown"]):
            return self._of_layer(seen, channel)
        return {} if channel is None else _of_channel(seen, channel)

    def figure(self) -> "Figure":
        """All maps of the layer, and the strongest on the picture."""
        return self.seen.figure()

    def _look(self, layer: str | None) -> FeatureMaps:
        name = None if layer is None else layer.removeprefix(OURS)
        seen = feature_maps(self.classifier, self.picture, name)
        if seen.form == "units":
            raise UsageError(
                f"--layer {printable(seen.layer)}: gives single numbers, which make no map; take a "
                "layer that still has rows and columns"
            )
        return seen

    def _of_layer(self, seen: FeatureMaps, channel: int | None) -> dict[str, Value]:
        if channel is None:
            channel = int(seen.by_strength[0])
        _require_channel(seen, channel)
        shown = _shown(seen, channel)
        maps = seen.maps[shown]
        limits = limits_of_each(maps)
        return {
            "layer": seen.layer,
            "kind": seen.kind,
            "channels": len(seen.maps),
            "shown": shown.tolist(),
            "map_size": list(maps.shape[1:]),
            "maps": _codes(maps, limits, seen.signed).tobytes(),
            "signed": seen.signed,
            "limits": limits.tolist(),
            "limit": limit_of(seen.maps),
            "palette": _palette(seen.signed).tobytes(),
            "statistics": [_statistics(seen, one) for one in shown.tolist()],
            "dead": np.flatnonzero(seen.dead).tolist(),
            "channel": channel,
            **_of_channel(seen, channel),
        }


def _of_picture(picture: Picture) -> dict[str, Value]:
    return {
        "picture": picture.pixels.tobytes(),
        "picture_size": list(picture.pixels.shape),
        "picture_name": printable(picture.name, 200),
    }


def _of_channel(seen: FeatureMaps, channel: int) -> dict[str, Value]:
    values = np.ascontiguousarray(seen.maps[channel], dtype="<f4")
    return {"values": values.tobytes(), "values_channel": channel}


def _statistics(seen: FeatureMaps, channel: int) -> dict[str, Any]:
    return {
        "channel": channel,
        "mean": number(seen.means[channel]),
        "least": number(seen.least[channel]),
        "largest": number(seen.largest[channel]),
        "zeros": number(seen.zeros[channel]),
        "dead": bool(seen.dead[channel]),
    }


def _shown(seen: FeatureMaps, channel: int) -> NDArray[np.int64]:
    """The channels that the page gets, in order: the strongest, and the chosen one."""
    size = max(1, seen.maps[0].size)
    most = max(1, min(MOST_MAPS, MOST_VALUES // size))
    strongest = seen.by_strength[:most]
    if channel not in strongest:
        strongest = np.append(strongest[: most - 1], channel)
    return np.sort(strongest)


def _codes(maps: NDArray[Any], limits: NDArray[Any], signed: bool) -> NDArray[np.uint8]:
    """Maps (n, h, w) as bytes, each map by its own limit."""
    share = np.nan_to_num(maps, posinf=0, neginf=0) / limits[:, None, None]
    codes = 128 + 127 * share if signed else 255 * share
    return np.asarray(np.clip(np.round(codes), 0, 255), dtype=np.uint8)


def _palette(signed: bool) -> NDArray[np.uint8]:
    """(256, 3): the colours of a scale from its beginning to its end."""
    colours: NDArray[np.uint8] = coloured(np.linspace(-1 if signed else 0, 1, 256), 1.0, signed)
    return colours


def _choices(classifier: Classifier, picture: Picture, seen: FeatureMaps) -> list[list[str]]:
    """The layers that give maps of more than one value, in the order in which they run.

    Each is its name, and what people read.
    """
    model = classifier.model
    with torch.inference_mode(), outputs(model, layers(model)) as found:
        model(picture.batch.to(classifier.device))
    names = [
        [name, f"{printable(name, 80)}: {one.shape[1]} maps of {one.shape[2]} × {one.shape[3]}"]
        for name, one in found.items()
        if one.ndim == 4 and one[0, 0].numel() > 1
    ]
    if seen.layer not in [name for name, _ in names]:
        size = " × ".join(map(str, seen.maps.shape[1:]))
        told = f"{printable(seen.layer, 80)}: {len(seen.maps)} maps of {size}"
        names.insert(0, [seen.layer, told])
    return names


def _check_choices(settings: dict[str, Value]) -> None:
    strength = settings.get("strength", 0)
    plain_number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not plain_number or not 0 <= strength <= 1:
        raise UsageError(f"strength {strength}: should be from 0 to 1")
    if settings.get("scale", "layer") not in SCALES:
        raise UsageError(f"scale {printable(str(settings['scale']))}: is layer or channel")
    if not isinstance(settings.get("layer", ""), str):
        raise UsageError("layer: is the name of a layer, a text")


def _require_channel(seen: FeatureMaps, channel: Value) -> None:
    if isinstance(channel, bool) or not isinstance(channel, int):
        raise UsageError(f"channel {channel}: should be a whole number")
    seen.require(channel)
