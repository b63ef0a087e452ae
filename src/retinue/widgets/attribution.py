"""The widget Attribution: which places of a picture speak for a class."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retinue.errors import UsageError
from retinue.explaining.attribution.attribution import (
    attribution,
    possible_layers,
    possible_methods,
)
from retinue.explaining.attribution.seen import Attribution
from retinue.explaining.attribution.way import METHODS
from retinue.explaining.picture import PictureSource
from retinue.plotting.inside.attribution import ends, limit_of, pale, scale, veil
from retinue.plotting.inside.colours import Numbers
from retinue.widgets.opening import Source, opened
from retinue.widgets.panel import Panel, Value
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST = 200  # letters of a name
QUESTION = frozenset({"method", "layer", "target"})


class AttributionPanel(Panel):
    """A picture, a map of what speaks for a class, and that map with weights drawn at random.

    Settings: `method`, the `layer` that Grad-CAM looks at, the number of the class as `target`
    (Python may give its name), and the `strength` of the map on the picture from 0 to 1. What is
    beside them is for the page: `heat` and `other` are colours with their opacity, bytes (H, W, 4),
    `bar` those of the scale, (256, 4), `pale` the picture in grey, (H, W). `shown` is the method,
    layer and class that the maps are of.
    """

    module = "attribution"
    name = "Attribution"
    inputs = QUESTION | {"strength"}

    def __init__(
        self,
        source: Source,
        picture: PictureSource,
        *,
        method: str | None = None,
        layer: str | None = None,
        target: str | int | None = None,
        strength: float = 0.85,
        seed: int = 0,
    ) -> None:
        self.classifier, self.picture = opened(source, picture)
        self.seed = seed
        possible = possible_methods(self.classifier, self.picture)
        self._layers: dict[str, str] = {}
        if "grad-cam" in possible:
            shapes = possible_layers(self.classifier, self.picture)
            self._layers = {name: _choice(name, shape) for name, shape in shapes.items()}
        _check_strength({"strength": strength})
        self.seen = self._look(method or possible[0], layer, target)
        super().__init__(
            {
                "strength": strength,
                "methods": [[one, METHODS[one]] for one in possible],
                "classes": [printable(one, LONGEST) for one in self.classifier.classes],
                "picture": self.picture.pixels.tobytes(),
                "pale": pale(self.picture.pixels).tobytes(),
                "picture_size": self.picture.pixels.shape,
                "picture_name": printable(self.picture.name, LONGEST),
                **self._told(self.seen, layer),
            }
        )

    def respond(self, changes: dict[str, Value]) -> dict[str, Value]:
        """The maps of another method, layer or class.

        Raises:
            UsageError: one that does not suit the network, or is none.
        """
        _check_strength(changes)
        if not QUESTION & changes.keys():
            return {}
        wanted = {**self.state, **changes}
        method = wanted["method"]
        layer = (wanted if method == "grad-cam" else changes).get("layer")
        seen = self._look(method, layer, wanted["target"])
        self.seen = seen
        return self._told(seen, wanted["layer"])

    def figure(self) -> "Figure":
        """The picture and the maps, with how to read them."""
        return self.seen.figure()

    def _look(self, method: Value, layer: Value, target: Value) -> Attribution:
        if not isinstance(method, str) or not isinstance(layer, str | None):
            raise UsageError("method and layer: are texts")
        if isinstance(target, bool) or not isinstance(target, int | str | None):
            raise UsageError("target: is the number of a class, or its name")
        return attribution(
            self.classifier, self.picture, method, layer=layer, target=target, seed=self.seed
        )

    def _told(self, seen: Attribution, layer: str | None) -> dict[str, Value]:
        """Everything on the page that depends on the question; `layer` is kept for Grad-CAM."""
        if seen.way.layer:
            layer = seen.way.layer.name
            self._layers.setdefault(layer, _choice(layer, seen.way.layer.shape))
        signed, check = seen.way.signed, seen.check
        heat, heat_ends = _colours(seen.heat, signed)
        other, other_ends = _colours(check.heat, signed) if check else (b"", ["", ""])
        return {
            "method": seen.way.method,
            "layer": layer,
            "layers": [[name, text] for name, text in self._layers.items()],
            "target": seen.target,
            "shown": [seen.way.method, layer if seen.way.layer else None, seen.target],
            "signed": signed,
            "bar": scale(1.0, signed).tobytes(),
            "heat": heat,
            "heat_ends": heat_ends,
            "other": other,
            "other_ends": other_ends,
            "likeness": check.told() if check else "",
            "title": seen.title(),
            "answer": seen.answer(),
            "sentences": seen.sentences(),
            "probability": seen.probability,
        }


def _colours(values: Numbers, signed: bool) -> tuple[bytes, list[str]]:
    """A map as the page lays it over the picture, and the numbers at the ends of its scale."""
    limit = limit_of(values, signed)
    return veil(values, limit, signed).tobytes(), list(ends(values, limit, signed))


def _choice(name: str, shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return f"{printable(name, LONGEST)}: {channels} maps of {height} × {width}"


def _check_strength(settings: Mapping[str, Value]) -> None:
    value = settings.get("strength", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"strength {value}: should be a number from 0 to 1")
