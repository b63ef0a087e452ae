"""What an attribution found: the map, how it was made, and the check of it."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.explaining.attribution.check import Check
from retinue.explaining.attribution.way import METHODS, Way
from retinue.explaining.drawn import Drawn
from retinue.explaining.picture import Picture
from retinue.plotting.inside import attribution as drawing
from retinue.wording import percent, printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FAR = 0.05  # of the difference: from there on more steps are worth their time
LONGEST = 80  # letters of a name


@dataclass(frozen=True)
class Completeness:
    """Of integrated gradients: the map's sum, and the difference of logits that it should be.

    The difference is that of the picture's logit and the baseline's.
    """

    total: float
    difference: float

    @property
    def error(self) -> float:
        """How far the two are apart, as a share of the difference; infinite where that is 0."""
        apart = abs(self.total - self.difference)
        if not self.difference:
            return np.inf if apart else 0.0
        return apart / abs(self.difference)

    def sentence(self) -> str:
        """The two numbers, and what to do where they are far apart."""
        told = (
            f"The map adds up to {self.total:.4g}; the answers to the picture and to what it "
            f"starts from differ by {self.difference:.4g}."
        )
        return f"{told} More steps bring the two together." if self.error > FAR else told


@dataclass(frozen=True, eq=False)
class Attribution(Drawn):
    """The map of what speaks for a class in a picture, and the check of that map.

    `heat` (H, W) is in units of the class's logit, of the size of the picture; of Grad-CAM it is
    nowhere below zero. `probabilities` (K,) are the classifier's, `target` is the number of the
    class explained. `completeness` is of integrated gradients only. `check` is None where it was
    not asked for or the network is a graph.
    """

    picture: Picture
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    target: int
    way: Way
    heat: NDArray[np.float64]
    completeness: Completeness | None = None
    check: Check | None = None

    @property
    def probability(self) -> float:
        """The probability of the class explained."""
        return float(self.probabilities[self.target])

    @property
    def predicted(self) -> int:
        """The number of the class with the largest probability."""
        return int(self.probabilities.argmax())

    def title(self) -> str:
        """The method, the class explained and its probability."""
        name = printable(self.classes[self.target], LONGEST)
        return f"{METHODS[self.way.method]} for {name}, {percent(self.probability)}"

    def answer(self) -> str:
        """What the classifier says of the picture, and the truth where it is known."""
        sure = percent(float(self.probabilities.max()))
        said = f"predicted {printable(self.classes[self.predicted], LONGEST)}, {sure}"
        if self.picture.label is None:
            return said
        return f"{said}; is {printable(self.classes[self.picture.label], LONGEST)}"

    def sentences(self) -> list[str]:
        """How to read the map, and how far to trust it."""
        told = [self.way.sentence()]
        if not self.heat.any():
            told.append("The map is zero everywhere: nothing here speaks for the class.")
        if self.completeness:
            told.append(self.completeness.sentence())
        if self.check:
            told.append(self.check.sentence())
        return told

    def figure(self) -> "Figure":
        """The picture, the map on it, and beside that the map of the network unlearned."""
        heats = [drawing.Heat(self.heat, ["what speaks for it", self._colours()])]
        if self.check:
            lines = ["the same with weights drawn at random", self.check.told()]
            heats.append(drawing.Heat(self.check.heat, lines))
        return drawing.attribution(
            self.picture.pixels,
            heats,
            signed=self.way.signed,
            lines=[printable(self.picture.name, LONGEST), self.answer()],
            title=self.title(),
            notes=self.sentences(),
        )

    def as_dict(self) -> dict[str, Any]:
        """The numbers, without the maps, as JSON has them."""
        way, label, check = self.way, self.picture.label, self.check
        row, column = np.unravel_index(int(self.heat.argmax()), self.heat.shape)
        return {
            "picture": self.picture.name,
            "true": None if label is None else self.classes[label],
            "predicted": self.classes[self.predicted],
            "class": self.classes[self.target],
            "probability": self.probability,
            "method": way.method,
            "layer": way.layer.name if way.layer else None,
            "maps": list(way.layer.shape) if way.layer else None,
            "baseline": way.baseline,
            "steps": way.steps,
            "window": list(way.window) if way.window else None,
            "stride": list(way.stride) if way.stride else None,
            "largest": float(self.heat.max()),
            "largest_at": [int(row), int(column)],
            "completeness": asdict(self.completeness) if self.completeness else None,
            "check": check.as_dict() if check else None,
            "sentences": self.sentences(),
        }

    def _colours(self) -> str:
        return "orange: for it, blue: against it" if self.way.signed else "the brighter the more"
